using System.CommandLine;
using System.Globalization;

namespace GpuCnn.Runner.Completion;

/// <summary><c>gpucnn "[suggest:N]" "gpucnn train --mo"</c>: a line for each completion at position N, a tab and its description behind it. The shells' scripts ask so.</summary>
internal static class SuggestDirective
{
    private const string Start = "[suggest:";

    /// <summary>Whether a command line is such a question; if so, answers it.</summary>
    /// <param name="args">The command line behind the program's name.</param>
    /// <param name="root">The commands.</param>
    /// <param name="output">Where the answer goes.</param>
    public static bool Answer(string[] args, RootCommand root, TextWriter output)
    {
        if (args is not [string directive, string line] || !directive.StartsWith(Start, StringComparison.Ordinal) || !directive.EndsWith(']')
            || !int.TryParse(directive[Start.Length..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int position))
        {
            return false;
        }
        foreach ((string text, string description) in Completer.Of(root, line[..Math.Clamp(position, 0, line.Length)]))
        {
            output.Write(description.Length > 0 ? $"{text}\t{description}\n" : $"{text}\n");
        }
        return true;
    }
}
