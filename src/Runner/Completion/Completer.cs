using System.CommandLine;

namespace GpuCnn.Runner.Completion;

/// <summary>What can stand where a user is typing, as the parser knows it: commands, options, values; and paths where an option takes one.</summary>
internal static class Completer
{
    /// <summary>Completions of the last word of a line.</summary>
    /// <param name="root">The commands.</param>
    /// <param name="line">The line up to the cursor, with the program's name.</param>
    /// <returns>Each with its description, which may be empty.</returns>
    public static IReadOnlyList<(string Text, string Description)> Of(RootCommand root, string line)
    {
        IReadOnlyList<string> words = ShellWords.Split(line);
        List<string> before = [.. words.Skip(1).SkipLast(1)];
        string typed = words[^1], lead = "";
        if (typed.StartsWith("--", StringComparison.Ordinal) && typed.Split('=', 2) is [string option, string begun])
        {
            before.Add(option);
            (lead, typed) = (option + "=", begun);
        }
        // The library splits a line, not an array, at its end; a word with a quote in it is nothing that it has to know.
        string head = string.Concat(before.Select(word => $"\"{word.Replace("\"", "", StringComparison.Ordinal)}\" "));
        ParseResult parsed = root.Parse(head);
        if (PathKind(parsed, before) is { } kind)
        {
            return [.. Paths(typed, kind).Select(path => (lead + path, ""))];
        }
        return [.. parsed.GetCompletions(head.Length)
            .Where(item => item.Label.StartsWith(typed, StringComparison.Ordinal) && Names(item.Label, typed))
            .Select(item => (lead + (item.InsertText ?? item.Label), (item.Detail ?? item.Documentation ?? "").Split('\n')[0]))];
    }

    /// <summary>Of an option's names, those of one letter and the like only when they are asked for.</summary>
    private static bool Names(string label, string typed) => !label.StartsWith('-') && !label.StartsWith('/') && label.Length > 1
        || label.StartsWith("--", StringComparison.Ordinal) || (typed.Length == 1 && label.Length == 2 && label[0] == typed[0]);

    /// <summary>What sort of path is wanted next; null when it is none.</summary>
    private static string? PathKind(ParseResult parsed, List<string> before)
    {
        Command command = parsed.CommandResult.Command;
        Option? last = before.Count > 0 ? command.Options.FirstOrDefault(option => option.Name == before[^1]) : null;
        string? wanted = last is not null ? last.HelpName
            : command.Arguments.FirstOrDefault(argument => parsed.GetResult(argument) is not { Tokens.Count: > 0 } result || result.Tokens.Count < argument.Arity.MaximumNumberOfValues)?.HelpName;
        return wanted is "FILE" or "DIR" or "RUN" ? wanted : null;
    }

    private static IEnumerable<string> Paths(string typed, string kind)
    {
        // A run's name stands below runs, so that is where to look first.
        if (kind == "RUN" && typed.Length == 0 && Directory.Exists("runs"))
        {
            typed = "runs/";
        }
        int slash = typed.LastIndexOfAny([Path.DirectorySeparatorChar, '/']);
        string folder = typed[..(slash + 1)], name = typed[(slash + 1)..];
        string real = folder.StartsWith("~/", StringComparison.Ordinal) ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + folder[1..] : folder.Length > 0 ? folder : ".";
        if (!Directory.Exists(real))
        {
            return [];
        }
        var options = new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = 0, MatchType = MatchType.Simple };
        return new DirectoryInfo(real).EnumerateFileSystemInfos("*", options)
            .Where(entry => entry.Name.StartsWith(name, StringComparison.Ordinal) && (name.Length > 0 || entry.Name[0] != '.') && (kind == "FILE" || entry is DirectoryInfo))
            .Select(entry => folder + entry.Name + (entry is DirectoryInfo ? "/" : "")).Order(StringComparer.Ordinal);
    }
}
