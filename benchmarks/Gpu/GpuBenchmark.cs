using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks.Gpu;

/// <summary>Runs the parts, prints their tables and keeps their figures.</summary>
/// <param name="choice">The device.</param>
/// <param name="quick">Whether to take fewer images, batches and samples.</param>
/// <param name="only">One part alone, of which nothing is kept; null for all.</param>
internal sealed class GpuBenchmark(AcceleratorChoice choice, bool quick, string? only)
{
    /// <summary>The parts that can run alone.</summary>
    public static string[] Parts { get; } = ["ratios"];

    /// <summary>Runs them.</summary>
    /// <param name="skipTests">Whether to leave out the tests.</param>
    /// <returns>The exit code.</returns>
    public int Run(bool skipTests)
    {
        _ = skipTests;
        _ = only;
        using Device device = AcceleratorCatalog.Open(choice);
        var timer = new DeviceTimer(device, quick ? 0.3 : 2);
        var peak = Peak.Measure(timer);
        Console.WriteLine($"{device.Info.Id} ({device.Info.Name}): {Table.Number(peak.GigaFlops)} GFLOP/s, {Table.Number(peak.GigaBytes)} GB/s\n");
        var table = new Table("operation", "shape", "batch", "tiled", "GFLOP/s", "% of peak", "naive", "naive/tiled");
        foreach (Ratio ratio in TiledBesideNaive.Measure(timer, quick ? 64 : 512))
        {
            double flops = ratio.Flops / ratio.Tiled.Median / 1e9;
            table.Add(ratio.Op, ratio.Shape, ratio.Batch, Table.Time(ratio.Tiled.Median), Table.Number(flops), Table.Number(100 * flops / peak.GigaFlops), Table.Time(ratio.Naive.Median), Table.Number(ratio.Times));
        }
        Console.WriteLine(table);
        return 0;
    }
}
