using System.Collections.Concurrent;
using System.CommandLine;
using System.Text;
using GpuCnn.Runner;

namespace GpuCnn.Fuzz.Formats;

/// <summary>A command run again and again over files of strangers. It may do its work or refuse a file in one line, and never send a terminal more than text.</summary>
internal sealed class Commands
{
    // Parsed once: options that all command lines share remember each of them.
    private static readonly ConcurrentDictionary<string, Commands> Known = new();

    private readonly string name;
    private readonly Host host = new(new StringWriter(), new StringWriter());
    private readonly ParseResult parsed;

    private Commands(string line)
    {
        string[] args = line.Split(' ');
        name = args[0];
        parsed = GpuCnn.Runner.Program.Parse(GpuCnn.Runner.Program.Commands(host), args);
    }

    /// <summary>Runs a command.</summary>
    /// <param name="line">The command line.</param>
    /// <exception cref="InvalidOperationException">It did otherwise.</exception>
    public static void Run(string line) => Known.GetOrAdd(line, _ => new Commands(line)).Run();

    private void Run()
    {
        StringBuilder output = ((StringWriter)host.Out).GetStringBuilder().Clear(), error = ((StringWriter)host.Error).GetStringBuilder().Clear();
        int code = GpuCnn.Runner.Program.Invoke(parsed, host);
        string[] complaints = error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (code is not (ExitCode.Done or ExitCode.BadInput) || (code == ExitCode.BadInput && complaints.Length != 1))
        {
            throw new InvalidOperationException($"'{name}' ended with {code} and {complaints.Length} lines: {string.Join(" | ", complaints)}");
        }
        if (output.ToString().Split('\n').Concat(complaints).FirstOrDefault(line => !Oracle.IsPlain(line)) is { } line)
        {
            throw new InvalidOperationException($"'{name}' sends control characters: {line.Replace('\u001b', '^')}");
        }
    }
}
