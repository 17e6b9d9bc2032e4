using System.Globalization;
using System.Text;
using System.Text.Json;

namespace GpuCnn.Kernels.Tests;

/// <summary>What the GPU benchmark measured on an OpenCL device and keeps in benchmarks/results.</summary>
public sealed class KernelsMeasurements : IDisposable
{
    private const string Name = "gpu-opencl.json";

    private readonly JsonDocument document;

    /// <summary>Reads the kept results.</summary>
    /// <param name="root">The folder with the solution.</param>
    public KernelsMeasurements(string root)
    {
        document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "benchmarks", "results", Name)));
        Ratios = [.. document.RootElement.GetProperty("tiled_beside_naive").EnumerateArray().Select(ratio => new KernelRatio(
            ratio.GetProperty("op").GetString()!, ratio.GetProperty("shape").GetString()!, ratio.GetProperty("batch").GetInt32(), ratio.GetProperty("flops").GetDouble(),
            Median(ratio, "tiled"), ratio.TryGetProperty("general", out JsonElement general) && general.ValueKind == JsonValueKind.Object ? general.GetProperty("median").GetDouble() : null, Median(ratio, "naive")))];
    }

    /// <summary>Ours beside the textbook's.</summary>
    public IReadOnlyList<KernelRatio> Ratios { get; }

    /// <inheritdoc/>
    public void Dispose() => document.Dispose();

    /// <summary>Writes the document's section.</summary>
    public void Append(StringBuilder text)
    {
        JsonElement root = document.RootElement, device = root.GetProperty("device");
        text.Append("## Measured on PoCL, which is a CPU\n\n");
        text.Append(Line($"`benchmarks/results/{Name}`, written by `benchmarks/Gpu`: {root.GetProperty("date").GetString()}, commit {root.GetProperty("commit").GetString()}, "));
        text.Append(Line($"{root.GetProperty("machine").GetString()}, device {device.GetProperty("name").GetString()}. "));
        text.Append("It shows that the tiled bodies work and pay even there; of a GPU it says nothing. The naive bodies have one thread an output, as in a textbook, and the same results. Where there is a figure for all sizes, ours is compiled for these, as in trainings. Medians.\n\n");
        text.Append("| operation | shape | batch | ours, ms | GFLOP/s | for all sizes, ms | naive, ms | naive / ours |\n|---|---|---|---|---|---|---|---|\n");
        foreach (KernelRatio ratio in Ratios)
        {
            text.Append(Line($"| {ratio.Op} | {ratio.Shape} | {ratio.Batch} | {1e3 * ratio.Ours:0.00} | {1e-9 * ratio.Flops / ratio.Ours:0.0} | {(ratio.General is { } general ? Line($"{1e3 * general:0.00}") : "")} | {1e3 * ratio.Naive:0.00} | {ratio.Times:0.0} |\n"));
        }
        text.Append("\nOf pooled convolutions' gradients only the winners' multiply-adds count, a quarter of those of the forward operation.\n");
        text.Append("\n| model | images | launches | epoch, s | images/s |\n|---|---|---|---|---|\n");
        foreach (JsonElement epoch in root.GetProperty("epochs").EnumerateArray())
        {
            double[] seconds = [.. epoch.GetProperty("seconds").EnumerateArray().Select(s => s.GetDouble()).Order()];
            int images = epoch.GetProperty("training_images").GetInt32();
            double median = (seconds[(seconds.Length - 1) / 2] + seconds[seconds.Length / 2]) / 2;
            text.Append(Line($"| {epoch.GetProperty("model").GetString()} | {images:N0} | {epoch.GetProperty("launches").GetInt64():N0} | {median:0.00} ({seconds[0]:0.00} to {seconds[^1]:0.00}) | {images / median:N0} |\n"));
        }
        text.Append('\n');
    }

    private static double Median(JsonElement ratio, string which) => ratio.GetProperty(which).GetProperty("median").GetDouble();

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Our body of an operation beside the textbook's.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Batch">N.</param>
/// <param name="Flops">Arithmetic operations.</param>
/// <param name="Ours">Seconds of ours.</param>
/// <param name="General">Seconds of ours compiled for all sizes; null where that is ours.</param>
/// <param name="Naive">Seconds of the textbook's.</param>
public sealed record KernelRatio(string Op, string Shape, int Batch, double Flops, double Ours, double? General, double Naive)
{
    /// <summary>How many times as fast ours is.</summary>
    public double Times => Naive / Ours;
}
