using Spectre.Console;

namespace GpuCnn.Runner;

/// <summary>What a command talks to: the two output streams, how to draw on them, where run folders go, and the wish to stop. Tests give their own.</summary>
internal sealed record Host(TextWriter Out, TextWriter Error)
{
    /// <summary>Standard input.</summary>
    public TextReader In { get; init; } = System.Console.In;

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

    /// <summary>How many characters fit a line of standard output: a terminal's width; in a file or pipe there is no end.</summary>
    public int LineWidth => Console(Out).Profile is { Out.IsTerminal: true } profile ? profile.Width : int.MaxValue;
}
