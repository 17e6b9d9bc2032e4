using System.Diagnostics;
using System.Text.Json;

namespace GpuCnn.Benchmarks.Training;

/// <summary>What a worker process is started with.</summary>
/// <param name="Name">Who it is, in tables.</param>
/// <param name="Assembly">The worker's assembly.</param>
/// <param name="Model">The model.</param>
/// <param name="Threads">Threads of an operation.</param>
/// <param name="Batch">Images a step.</param>
/// <param name="Samples">Training images, those held out included.</param>
/// <param name="More">Further arguments.</param>
internal sealed record WorkerSettings(string Name, string Assembly, string Model, int Threads, int Batch = 512, int Samples = 60_000, params IReadOnlyList<string> More)
{
    /// <summary>Environment variables to set.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Our worker's assembly.</summary>
    public static string GpuCnn => Built("GpuCnn", "gpucnn-worker.dll");

    /// <summary>TorchSharp's worker's assembly.</summary>
    public static string TorchSharp => Built("TorchSharp", "torchsharp-worker.dll");

    private static string Built(string project, string file) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "artifacts", "bin", project), file, SearchOption.AllDirectories).First(path => path.Contains("release", StringComparison.Ordinal));
}

/// <summary>A worker that waits for commands, asleep.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process process;

    /// <summary>Starts it.</summary>
    /// <param name="settings">What to start.</param>
    public WorkerProcess(WorkerSettings settings)
    {
        Settings = settings;
        var start = new ProcessStartInfo("dotnet", [settings.Assembly, settings.Model, $"{settings.Threads}", Repository.Data, $"{settings.Batch}", $"{settings.Samples}", .. settings.More])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach ((string name, string value) in settings.Environment)
        {
            start.Environment[name] = value;
        }
        process = Process.Start(start)!;
    }

    /// <summary>What it was started with.</summary>
    public WorkerSettings Settings { get; }

    /// <summary>Processor time used so far.</summary>
    public TimeSpan Used
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <param name="command">The command.</param>
    /// <returns>Named numbers.</returns>
    public IReadOnlyDictionary<string, double> Ask(string command)
    {
        process.StandardInput.WriteLine(command);
        string answer = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{Settings.Name} ended on '{command}'");
        return JsonSerializer.Deserialize<Dictionary<string, double>>(answer)!;
    }

    /// <summary>Starts a process for one command.</summary>
    /// <param name="settings">What to start.</param>
    /// <param name="command">The command.</param>
    /// <returns>Its answer.</returns>
    public static IReadOnlyDictionary<string, double> AskOnce(WorkerSettings settings, string command)
    {
        using var worker = new WorkerProcess(settings);
        return worker.Ask(command);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }
}
