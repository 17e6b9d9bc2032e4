using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace GpuCnn.Benchmarks.Training;

/// <summary>Where things are, and what ran where.</summary>
internal static class Repository
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>Fashion-MNIST.</summary>
    public static string Data => Path.Combine(Root, "data", "fashion-mnist");

    /// <summary>Our worker's assembly.</summary>
    public static string GpuCnn => Assembly("GpuCnn", "gpucnn-worker.dll");

    /// <summary>TorchSharp's worker's assembly.</summary>
    public static string TorchSharp => Assembly("TorchSharp", "torchsharp-worker.dll");

    /// <summary>Keeps results with the machine, the commit and the date.</summary>
    /// <param name="name">The file's name in benchmarks/results.</param>
    /// <param name="threads">Threads of an operation.</param>
    /// <param name="rows">What was measured.</param>
    /// <returns>The file.</returns>
    public static string Keep(string name, int threads, IEnumerable<object> rows)
    {
        string file = Path.Combine(Root, "benchmarks", "results", name);
        var document = new
        {
            Date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Commit = Commit(),
            Machine = Machine(),
            Runtime = System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription,
            Threads = threads,
            Rows = rows,
        };
        File.WriteAllText(file, JsonSerializer.Serialize(document, Indented) + "\n");
        return Path.GetRelativePath(Directory.GetCurrentDirectory(), file);
    }

    private static string FindRoot(string from) => File.Exists(Path.Combine(from, "GpuCnn.sln")) ? from : FindRoot(Path.GetDirectoryName(from) ?? throw new DirectoryNotFoundException("no GpuCnn.sln above the program"));

    private static string Assembly(string project, string file) =>
        Directory.EnumerateFiles(Path.Combine(Root, "artifacts", "bin", project), file, SearchOption.AllDirectories).First(path => path.Contains("release", StringComparison.Ordinal));

    private static string Commit()
    {
        using Process git = Process.Start(new ProcessStartInfo("git", ["-C", Root, "describe", "--always", "--dirty"]) { RedirectStandardOutput = true })!;
        return git.StandardOutput.ReadToEnd().Trim();
    }

    private static string Machine()
    {
        const string file = "/proc/cpuinfo";
        string? name = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() : null;
        return $"{name ?? "unknown CPU"}, {Environment.ProcessorCount} threads";
    }
}
