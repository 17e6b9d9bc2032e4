using Spectre.Console;

namespace GpuCnn.Runner;

/// <summary>What a command talks to: the two output streams, how to draw on them, where run folders go, and the wish to stop. Tests give their own.</summary>
internal sealed record Host(TextWriter Out, TextWriter Error)
{
    /// <summary>The folder of run folders.</summary>
    public string Runs { get; init; } = "runs";

    /// <summary>Makes the console that draws on one of the two streams.</summary>
    public Func<TextWriter, IAnsiConsole> Console { get; init; } = writer =>
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Capabilities.Unicode &= Locale.AllowsUnicode(Environment.GetEnvironmentVariable);
        return console;
    };

    /// <summary>Asks a training to end after its step, as Ctrl-C does.</summary>
    public CancellationToken Stop { get; init; }
}
