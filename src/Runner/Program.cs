using System.CommandLine;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Commands;
using GpuCnn.Runner.Completion;

namespace GpuCnn.Runner;

/// <summary>The command <c>gpucnn</c>.</summary>
internal static class Program
{
    private static int Main(string[] args) => Run(args, new Host(Console.Out, Console.Error));

    /// <summary>Runs one command.</summary>
    /// <param name="args">The command line behind the program's name.</param>
    /// <param name="host">Where to write.</param>
    /// <returns>The exit code.</returns>
    internal static int Run(string[] args, Host host)
    {
        // One line an error and no stack trace is this program's rule, so neither the parser's own error handling nor its exception handler is used.
        RootCommand root = Commands(host);
        if (SuggestDirective.Answer(args, root, host.Out))
        {
            return ExitCode.Done;
        }
        ParseResult parsed = Parse(root, args);
        return ParseProblem.Of(parsed) is { } problem ? Report(host, problem, ExitCode.BadInput) : Invoke(parsed, host);
    }

    /// <summary>Parses a command line.</summary>
    internal static ParseResult Parse(RootCommand root, string[] args) =>
        root.Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });

    /// <summary>Does what a command line that has no problem asks for.</summary>
    internal static int Invoke(ParseResult parsed, Host host)
    {
        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = host.Out, Error = host.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception thrown)
        {
            Exception exception = thrown is ArgumentException argument && OptionException.Of(argument) is { } refused ? refused : thrown;
            int code = CodeOf(exception);
            if (parsed.GetValue(OutputOptions.Verbose))
            {
                host.Error.WriteLine(string.Join('\n', thrown.ToString().Split('\n').Select(PlainText.Of)));
            }
            return Report(host, code == ExitCode.Failed && !IsExpected(exception) ? $"{exception.Message} ({exception.GetType().Name}; --verbose shows where)" : exception.Message, code);
        }
    }

    /// <summary>All commands.</summary>
    internal static RootCommand Commands(Host host)
    {
        var root = new RootCommand("Trains, evaluates and runs convolutional image classifiers on CUDA, OpenCL or the CPU.");
        root.Options.Add(OutputOptions.Json);
        root.Options.Add(OutputOptions.Quiet);
        root.Options.Add(OutputOptions.Verbose);
        root.Subcommands.Add(new TrainCommand(host).Command);
        root.Subcommands.Add(new EvaluateCommand(host).Command);
        root.Subcommands.Add(new PredictCommand(host).Command);
        root.Subcommands.Add(new ShowCommand(host).Command);
        root.Subcommands.Add(new ExplainCommand(host).Command);
        root.Subcommands.Add(new ExportCommand(host).Command);
        root.Subcommands.Add(new ImportCommand(host).Command);
        root.Subcommands.Add(new ModelsCommand(host).Command);
        root.Subcommands.Add(new DevicesCommand(host).Command);
        root.Subcommands.Add(new WatchCommand(host).Command);
        root.Subcommands.Add(new LrFindCommand(host).Command);
        root.Subcommands.Add(new CompletionCommand(host).Command);
        return root;
    }

    private static int CodeOf(Exception exception) => exception switch
    {
        InvalidFileException or OptionException or AcceleratorException or ModelException or ModelMismatchException or StateMismatchException or OutputPathException => ExitCode.BadInput,
        _ => ExitCode.Failed,
    };

    /// <summary>Failures that say all there is to say in their message.</summary>
    private static bool IsExpected(Exception exception) => exception is NonFiniteLossException or DeviceException or IOException or UnauthorizedAccessException;

    private static int Report(Host host, string problem, int code)
    {
        host.Error.WriteLine($"gpucnn: {PlainText.Of(string.Join(' ', problem.Split((char[]?)['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))}");
        return code;
    }
}
