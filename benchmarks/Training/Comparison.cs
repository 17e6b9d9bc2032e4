namespace GpuCnn.Benchmarks.Training;

/// <summary>GpuCnn beside TorchSharp, tuned and as a newcomer writes it, on one model.</summary>
/// <remarks>Processes of all three are alive and take turns, an epoch each; the first round warms up. While one works the others should sleep: what processor time they used is in the table.</remarks>
internal sealed class Comparison(string model, int threads, int rounds)
{
    private readonly WorkerSettings[] contestants =
    [
        new("GpuCnn", WorkerSettings.GpuCnn, model, threads),
        new("TorchSharp tuned", WorkerSettings.TorchSharp, model, threads),
        new("TorchSharp plain", WorkerSettings.TorchSharp, model, threads, More: "plain"),
    ];

    /// <summary>Measures everything and prints it.</summary>
    /// <returns>The figures of each contestant by name of measure.</returns>
    public object Run()
    {
        var figures = contestants.Select(_ => new Dictionary<string, List<double>>()).ToArray();
        // One step's worth of images: the time from process start to the end of the first step, and to the first prediction.
        InTurn(figures, rounds, "first step, s", i => WorkerProcess.AskOnce(contestants[i] with { Samples = 640 }, "epoch")["first_step_seconds"]);
        InTurn(figures, rounds, "first prediction, s", i => WorkerProcess.AskOnce(contestants[i], "first-prediction")["seconds"]);
        WorkerProcess[] workers = [.. contestants.Select(contestant => new WorkerProcess(contestant))];
        for (int round = 0; round <= rounds; round++)
        {
            for (int i = 0; i < workers.Length; i++)
            {
                TimeSpan others = Others(workers, i);
                IReadOnlyDictionary<string, double> epoch = workers[i].Ask("epoch");
                if (round > 0)
                {
                    Add(figures[i], "epoch, s", epoch["seconds"]);
                    Add(figures[i], "allocated a step, bytes", epoch["allocated_bytes_a_step"]);
                    Add(figures[i], "used by others meanwhile, s", (Others(workers, i) - others).TotalSeconds);
                }
            }
        }
        InTurn(figures, 1, "peak memory, MB", i => workers[i].Ask("memory")["peak_bytes"] / 1e6);
        InTurn(figures, rounds, "one image, us", i => workers[i].Ask("latency")["seconds"] * 1e6);
        InTurn(figures, rounds, "1,000 images at once, ms", i => workers[i].Ask("throughput")["seconds"] * 1e3);
        InTurn(figures, rounds, "10,000 images with loss, s", i => workers[i].Ask("evaluate")["seconds"]);
        foreach (WorkerProcess worker in workers)
        {
            worker.Dispose();
        }
        Print(figures);
        return new { Model = model, Rounds = rounds, Contestants = contestants.Zip(figures, (contestant, own) => new { contestant.Name, Figures = own }) };
    }

    private static void InTurn(Dictionary<string, List<double>>[] figures, int times, string measure, Func<int, double> run)
    {
        for (int time = 0; time < times; time++)
        {
            for (int i = 0; i < figures.Length; i++)
            {
                Add(figures[i], measure, run(i));
            }
        }
    }

    private static void Add(Dictionary<string, List<double>> figures, string measure, double value)
    {
        if (!figures.TryGetValue(measure, out List<double>? values))
        {
            figures.Add(measure, values = []);
        }
        values.Add(value);
    }

    private static TimeSpan Others(WorkerProcess[] workers, int one) =>
        workers.Where((_, i) => i != one).Aggregate(TimeSpan.Zero, (sum, worker) => sum + worker.Used);

    private void Print(Dictionary<string, List<double>>[] figures)
    {
        Console.WriteLine($"\n{model}, {threads} thread{(threads == 1 ? "" : "s")}: median (least to most); ratios are TorchSharp to GpuCnn, round by round");
        Console.WriteLine($"{"",-28}  {string.Join("  ", contestants.Select(contestant => $"{contestant.Name,-26}"))}  {"tuned/ours",-20}  plain/ours");
        foreach (string measure in figures[0].Keys)
        {
            Series[] series = [.. figures.Select(own => new Series(own[measure]))];
            string format = series[1].Median > 30 ? "0" : "0.000", ratios = series[0].Values.Min() > 0 ? $"{series[1].Over(series[0]).Text(),-20}  {series[2].Over(series[0]).Text()}" : "";
            Console.WriteLine($"{measure,-28}  {string.Join("  ", series.Select(each => $"{each.Text(format),-26}"))}  {ratios}");
        }
    }
}
