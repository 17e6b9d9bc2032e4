using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using GpuCnn.Runner.CommandLine;
using Spectre.Console;

namespace GpuCnn.Runner.Reports;

/// <summary>Where a command's words go: the result to standard output, as text or JSON; the rest beside it, or nowhere.</summary>
internal sealed class Output(Host host, ParseResult parsed)
{
    /// <summary>Whether the result is JSON.</summary>
    public bool Json { get; } = parsed.GetValue(OutputOptions.Json);

    /// <summary>Whether only the result and the progress are wanted.</summary>
    public bool Quiet { get; } = parsed.GetValue(OutputOptions.Quiet);

    /// <summary>For all that is not the result.</summary>
    public TextWriter Talk => Quiet ? TextWriter.Null : Progress;

    /// <summary>For how far the work is, which is said under <c>--quiet</c> too.</summary>
    public TextWriter Progress => Json ? host.Error : host.Out;

    /// <summary>Columns that the talk has; a log has as many as a line needs.</summary>
    public int Width
    {
        get
        {
            Spectre.Console.Profile profile = host.Console(Talk).Profile;
            return profile.Out.IsTerminal ? profile.Width : int.MaxValue;
        }
    }

    /// <summary>Writes the result.</summary>
    /// <typeparam name="T">The document's type.</typeparam>
    /// <param name="document">The result for programs.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="text">The result for people, with its last line feed.</param>
    public void Result<T>(T document, JsonTypeInfo<T> type, string text) => host.Out.Write(Json ? Documents.Text(document, type) + "\n" : text);

    /// <summary>Writes the result, drawn when people see it on a terminal.</summary>
    /// <typeparam name="T">The document's type.</typeparam>
    /// <param name="document">The result for programs.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="text">The result for files and pipes, with its last line feed.</param>
    /// <param name="draw">Draws the result.</param>
    public void Result<T>(T document, JsonTypeInfo<T> type, string text, Action<IAnsiConsole> draw)
    {
        IAnsiConsole console = host.Console(host.Out);
        if (Json || !console.Profile.Out.IsTerminal)
        {
            Result(document, type, text);
            return;
        }
        draw(console);
    }
}
