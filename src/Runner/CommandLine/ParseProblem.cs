using System.CommandLine;
using System.CommandLine.Parsing;

namespace GpuCnn.Runner.CommandLine;

/// <summary>What is wrong with a command line, in one line that says what to do.</summary>
internal static class ParseProblem
{
    /// <summary>The first problem; null when there is none.</summary>
    /// <param name="parsed">The command line as parsed.</param>
    public static string? Of(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        // Where a command takes files or names, the parser takes an option that there is not for one of them.
        if (parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).FirstOrDefault(token => token.Value is ['-', _, ..]) is { } taken)
        {
            return Unknown(command, taken.Value);
        }
        if (parsed.Errors.Count == 0)
        {
            return null;
        }
        // The parser lets an option without a value swallow the next flag, whose own value then seems out of place.
        if (parsed.Errors.FirstOrDefault(each => OptionOf(each) is { Tokens: [{ Value: ['-', '-', ..] }] }) is { } swallowed)
        {
            return swallowed.Message;
        }
        if (parsed.UnmatchedTokens is [string word, ..])
        {
            return Unknown(command, word);
        }
        if (command is RootCommand)
        {
            return $"no command given: give {string.Join(", ", command.Subcommands.Select(each => each.Name))}, or --help";
        }
        if (command.Options.FirstOrDefault(each => each.Required && !parsed.IsGiven(each)) is { } missing)
        {
            return $"{missing.Name}: it is required: {missing.Description}";
        }
        ParseError error = parsed.Errors[0];
        return OptionOf(error) switch
        {
            { Tokens.Count: 0, IdentifierTokenCount: > 0 } option => $"{option.Option.Name}: it needs a value: {option.Option.Description}",
            { IdentifierTokenCount: > 1 } option => $"{option.Option.Name}: given {option.IdentifierTokenCount} times; give it once",
            _ => error.Message,
        };
    }

    private static OptionResult? OptionOf(ParseError error) => error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult;

    private static string Unknown(Command command, string word)
    {
        bool isOption = word.StartsWith('-');
        string name = isOption ? word.Split('=', 2)[0] : word;
        IEnumerable<string> names = isOption
            ? OptionsOf(command).SelectMany(option => option.Aliases.Prepend(option.Name))
            : command.Subcommands.Select(each => each.Name);
        string whole = command is RootCommand ? "gpucnn" : $"gpucnn {command.Name}";
        string what = isOption ? $"no option '{name}' in '{whole}'"
            : command is RootCommand ? $"no command '{name}'" : $"'{name}' is more than '{whole}' takes";
        return NearestName.Of(name, names) is { } nearest ? $"{what}; did you mean {nearest}?" : $"{what}; '{whole} --help' lists what there is";
    }

    private static IEnumerable<Option> OptionsOf(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options.Where(option => option.Recursive)));
}
