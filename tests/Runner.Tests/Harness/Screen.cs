using System.Text;
using Spectre.Console;

namespace GpuCnn.Runner.Tests;

/// <summary>What a terminal can do.</summary>
public enum ScreenKind
{
    /// <summary>24-bit colour and Unicode.</summary>
    Colour,

    /// <summary>Unicode without colours: what NO_COLOR asks for.</summary>
    NoColour,

    /// <summary>Neither colours nor Unicode.</summary>
    Ascii,
}

/// <summary>A terminal of a fixed width and kind to run commands on.</summary>
internal static class Screen
{
    /// <summary>Runs a command whose standard output is the terminal.</summary>
    public static CommandRun Run(int width, ScreenKind kind, params string[] args) =>
        CommandRun.Of(new Host(new StringWriter(), new StringWriter()) { Runs = "a-folder-no-test-may-create", Console = writer => Make(writer, width, kind) }, args);

    /// <summary>A console of a fixed width and kind.</summary>
    public static IAnsiConsole Make(TextWriter writer, int width, ScreenKind kind)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new Terminal(writer, width),
            Ansi = AnsiSupport.Yes,
            ColorSystem = kind == ScreenKind.Colour ? ColorSystemSupport.TrueColor : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Capabilities.Unicode = kind != ScreenKind.Ascii;
        return console;
    }

    private sealed class Terminal(TextWriter writer, int width) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => true;

        public int Width => width;

        public int Height => 50;

        public void SetEncoding(Encoding encoding)
        {
        }
    }
}
