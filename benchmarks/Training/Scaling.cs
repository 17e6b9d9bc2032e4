namespace GpuCnn.Benchmarks.Training;

/// <summary>GpuCnn alone: how its epoch time depends on threads, on the width of vectors and on the batch size.</summary>
internal sealed class Scaling(string model, int threads, int rounds)
{
    private static readonly int[] Batches = [1, 16, 128, 512, 1024, 4096];

    private readonly WorkerSettings usual = new("usual", WorkerSettings.GpuCnn, model, threads);

    /// <summary>Measures everything and prints it.</summary>
    /// <returns>The figures.</returns>
    public object Run()
    {
        WorkerSettings[] variants =
        [
            usual,
            usual with { Name = "1 thread", Threads = 1 },
            usual with { Name = "256-bit vectors", Environment = new Dictionary<string, string> { ["DOTNET_EnableAVX512"] = "0" } },
        ];
        Series[] epochs = Epochs(variants);
        Console.WriteLine($"\n{model}, {threads} threads: seconds an epoch, median (least to most)");
        for (int i = 0; i < variants.Length; i++)
        {
            Console.WriteLine($"{variants[i].Name,-16}  {epochs[i].Text("0.000"),-26}  {epochs[i].Over(epochs[0]).Text()} of the usual");
        }
        // Smaller batches take longer for an image, so they get fewer: enough for 90 steps.
        WorkerSettings[] sizes = [.. Batches.Select(batch => usual with { Name = $"batch {batch}", Batch = batch, Samples = Math.Clamp(batch * 125, 1250, 60_000) })];
        Series[] times = Epochs(sizes);
        var perImage = times.Zip(sizes, (time, size) => new Series(time.Values.Select(seconds => seconds / (size.Samples - (int)(0.2 * size.Samples)) * 1e6))).ToArray();
        for (int i = 0; i < sizes.Length; i++)
        {
            Console.WriteLine($"{sizes[i].Name,-16}  {perImage[i].Text("0.0"),-26} us an image");
        }
        return new
        {
            Model = model,
            Rounds = rounds,
            EpochSeconds = variants.Zip(epochs, (variant, epoch) => new { variant.Name, epoch.Values }),
            MicrosecondsAnImage = sizes.Zip(perImage, (size, time) => new { size.Batch, time.Values }),
        };
    }

    private Series[] Epochs(WorkerSettings[] variants)
    {
        WorkerProcess[] workers = [.. variants.Select(variant => new WorkerProcess(variant))];
        var seconds = workers.Select(_ => new List<double>()).ToArray();
        for (int round = 0; round <= rounds; round++)
        {
            for (int i = 0; i < workers.Length; i++)
            {
                double epoch = workers[i].Ask("epoch")["seconds"];
                if (round > 0)
                {
                    seconds[i].Add(epoch);
                }
            }
        }
        foreach (WorkerProcess worker in workers)
        {
            worker.Dispose();
        }
        return [.. seconds.Select(values => new Series(values))];
    }
}
