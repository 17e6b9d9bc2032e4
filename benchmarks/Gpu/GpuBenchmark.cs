namespace GpuCnn.Benchmarks.Gpu;

/// <summary>Runs the parts, prints their tables and keeps their figures.</summary>
/// <param name="choice">The device.</param>
/// <param name="quick">Whether to take fewer images, batches and samples.</param>
/// <param name="only">One part alone, of which nothing is kept; null for all.</param>
internal sealed class GpuBenchmark(AcceleratorChoice choice, bool quick, string? only)
{
    private const int ProductSize = 1024;

    /// <summary>The parts that can run alone.</summary>
    public static string[] Parts { get; } = ["kernels", "ratios", "cublas", "epochs"];

    private IReadOnlyList<int> Batches => quick ? [64] : CaseTable.Batches;

    /// <summary>Runs them.</summary>
    /// <param name="skipTests">Whether to leave out the tests.</param>
    /// <returns>The exit code.</returns>
    public int Run(bool skipTests)
    {
        AcceleratorInfo info = AcceleratorCatalog.Find().Select(choice);
        if (info.Kind == AcceleratorKind.Cpu)
        {
            throw new AcceleratorException("this benchmark is for GPUs and OpenCL devices; benchmarks/Kernels and benchmarks/Training are for the CPU accelerator (--accelerator opencl takes PoCL)");
        }
        TestCounts? tests = skipTests || only is not null ? null : TestSuite.Run(info.Kind);
        if (tests is { Passed: false })
        {
            Console.Error.WriteLine("gpu-benchmark: tests fail, so nothing is measured; --skip-tests measures all the same");
            return 1;
        }
        string driver = Driver.Of(info);
        object? kernels, ratios, epochs;
        Peak peak;
        using (Device device = AcceleratorCatalog.Open(new AcceleratorChoice(info.Kind, info.Index)))
        {
            var timer = new DeviceTimer(device, quick ? 0.3 : 2);
            peak = Peak.Measure(timer);
            Console.WriteLine($"\n{info.Id}: {info.Name}, {driver}");
            Console.WriteLine($"measured here: {Table.Number(peak.GigaFlops)} GFLOP/s of FP32 multiply-adds, {Table.Number(peak.GigaBytes)} GB/s of copying");
            if (!info.IsGpu)
            {
                Console.WriteLine("It is a CPU: its compiler makes no vectors of the multiply-adds, so kernels may exceed that peak.");
            }
            kernels = Part("kernels", () => Kernels(timer, peak));
            ratios = Part("ratios", () => Ratios(timer, peak));
            epochs = Part("epochs", () => EpochTimes.Measure(device, quick));
        }
        object? cublas = Part("cublas", () => CuBlasBesideOurs.Measure(info, ProductSize, Batches, quick ? 0.3 : 2));
        if (only is null)
        {
            string file = Repository.Keep($"gpu-{AcceleratorKindName(info)}.json", new
            {
                Device = new { info.Id, info.Name, info.MemoryBytes, Driver = driver },
                Quick = quick,
                Tests = tests,
                Peak = peak,
                Kernels = kernels,
                TiledBesideNaive = ratios,
                CuBlas = cublas,
                Epochs = epochs,
            });
            Console.WriteLine($"written: {file}");
        }
        return 0;
    }

    private static string AcceleratorKindName(AcceleratorInfo info) => info.Id.Split(':')[0];

    private object? Part(string name, Func<object> measure) => only is null || only == name ? measure() : null;

    private List<object> Kernels(DeviceTimer timer, Peak peak)
    {
        var table = new Table("operation", "shape", "batch", "launches", "median", "from", "to", "GFLOP/s", "% of peak", "GB/s", "% of copying");
        var rows = new List<object>();
        foreach (CaseEntry entry in CaseTable.All)
        {
            foreach (int batch in entry.HasBatch ? Batches : [1])
            {
                using KernelCase one = entry.Create(batch);
                one.Open(timer.Device);
                one.Check();
                long before = timer.Device.Launches;
                one.Launch();
                long launches = timer.Device.Launches - before;
                Timing time = timer.Measure(one.Launch);
                double flops = one.Flops / time.Median / 1e9, bytes = one.Bytes / time.Median / 1e9, ofPeak = 100 * flops / peak.GigaFlops, ofCopying = 100 * bytes / peak.GigaBytes;
                table.Add(one.Op, one.Shape, batch, launches, Table.Time(time.Median), Table.Time(time.Fastest), Table.Time(time.Slowest),
                    Table.Number(flops), Table.Number(ofPeak), Table.Number(bytes), Table.Number(ofCopying));
                rows.Add(new { one.Op, one.Shape, Batch = batch, Launches = launches, one.Flops, one.Bytes, Seconds = time, GigaFlops = flops, PercentOfPeak = ofPeak, GigaBytes = bytes, PercentOfCopying = ofCopying });
            }
        }
        Console.WriteLine($"\nKernels. Work is what the result needs: of a pooled convolution's gradients the winners', a quarter of the multiply-adds of a convolution that is not pooled.\n\n{table}");
        return rows;
    }

    private List<object> Ratios(DeviceTimer timer, Peak peak)
    {
        var table = new Table("operation", "shape", "batch", "tiled", "GFLOP/s", "% of peak", "for all sizes", "naive", "naive/tiled");
        var rows = new List<object>();
        foreach (Ratio ratio in TiledBesideNaive.Measure(timer, ProductSize, Batches[^1]))
        {
            double flops = ratio.Flops / ratio.Tiled.Median / 1e9;
            table.Add(ratio.Op, ratio.Shape, ratio.Batch, Table.Time(ratio.Tiled.Median), Table.Number(flops), Table.Number(100 * flops / peak.GigaFlops), ratio.General is { } general ? Table.Time(general.Median) : "", Table.Time(ratio.Naive.Median), Table.Number(ratio.Times));
            rows.Add(new { ratio.Op, ratio.Shape, ratio.Batch, ratio.Flops, Tiled = ratio.Tiled, General = ratio.General, Naive = ratio.Naive, ratio.Times });
        }
        Console.WriteLine($"\nOurs beside one thread an output; convolutions compiled for their sizes, as in trainings, and for all\n\n{table}");
        return rows;
    }
}
