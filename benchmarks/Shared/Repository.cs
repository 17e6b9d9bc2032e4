using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GpuCnn.Benchmarks;

/// <summary>Where things are, and what ran where.</summary>
internal static class Repository
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>Fashion-MNIST.</summary>
    public static string Data => Path.Combine(Root, "data", "fashion-mnist");

    /// <summary>The folder that keeps results.</summary>
    public static string Results => Path.Combine(Root, "benchmarks", "results");

    /// <summary>The day of this run.</summary>
    public static string Date { get; } = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The commit that runs, marked where files differ from it.</summary>
    public static string Commit { get; } = Describe();

    /// <summary>The processor and its threads.</summary>
    public static string Machine { get; } = Processor();

    /// <summary>Keeps results with the date, the commit and the machine.</summary>
    /// <param name="name">The file's name in benchmarks/results.</param>
    /// <param name="measured">What was measured, and on which device or threads.</param>
    /// <returns>The file, as seen from the current folder.</returns>
    public static string Keep(string name, object measured)
    {
        JsonObject document = JsonSerializer.SerializeToNode(new { Date, Commit, Machine, Runtime = RuntimeInformation.FrameworkDescription }, Indented)!.AsObject();
        foreach ((string key, JsonNode? value) in JsonSerializer.SerializeToNode(measured, Indented)!.AsObject().ToArray())
        {
            document.Add(key, value?.DeepClone());
        }
        string file = Path.Combine(Results, name);
        File.WriteAllText(file, document.ToJsonString(Indented) + "\n");
        return Path.GetRelativePath(Directory.GetCurrentDirectory(), file);
    }

    private static string FindRoot(string from) => File.Exists(Path.Combine(from, "GpuCnn.sln")) ? from : FindRoot(Path.GetDirectoryName(from) ?? throw new DirectoryNotFoundException("no GpuCnn.sln above the program"));

    private static string Describe()
    {
        using Process git = Process.Start(new ProcessStartInfo("git", ["-C", Root, "describe", "--always", "--dirty"]) { RedirectStandardOutput = true })!;
        return git.StandardOutput.ReadToEnd().Trim();
    }

    private static string Processor()
    {
        const string file = "/proc/cpuinfo";
        string? name = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() : null;
        return $"{name ?? "unknown CPU"}, {Environment.ProcessorCount} threads";
    }
}
