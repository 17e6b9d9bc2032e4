using System.Globalization;
using System.Text.Json;
using GpuCnn.Runner.Reports;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>The same training with several seeds.</summary>
public sealed class SeedRunsTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly string[] Run = ["--model", "cnn2", "--batch-size", "20", "--train-samples", "100", "--accelerator", "cpu", "--epochs", "2"];

    [Fact]
    public void Each_run_is_that_of_its_seed_and_the_summary_theirs()
    {
        string set = tiny.New("seeds");
        CommandRun all = Train([.. Run, "--seed", "7", "--seeds", "3", "--output", set, "--json"]);
        Assert.Equal(0, all.ExitCode);
        Assert.Equal(["lock", "seed-7", "seed-8", "seed-9", "seeds.json"], Directory.EnumerateFileSystemEntries(set).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["run", "model", "parameters", "accelerator", "seed", "seeds", "runs", "test", "test_best"], CommandRun.Keys(all.Json));
        Assert.Equal((set, "cnn2", 7, 3), (all.Json.GetProperty("run").GetString(), all.Json.GetProperty("model").GetString(), all.Json.GetProperty("seed").GetInt32(), all.Json.GetProperty("seeds").GetInt32()));
        JsonElement[] runs = [.. all.Json.GetProperty("runs").EnumerateArray()];
        Assert.Equal(["seed", "run", "epochs", "best_epoch", "test_accuracy", "test_loss", "test_best_accuracy", "test_best_loss", "train_seconds", "stopped_early"], CommandRun.Keys(runs[0]));
        for (int i = 0; i < 3; i++)
        {
            string one = tiny.New("run"), seed = (7 + i).ToString(CultureInfo.InvariantCulture);
            JsonElement alone = Train([.. Run, "--seed", seed, "--output", one, "--json"]).Json;
            RunComparison.Same(one, Path.Combine(set, $"seed-{seed}"));
            Assert.Equal((7 + i, Path.Combine(set, $"seed-{seed}"), 2), (runs[i].GetProperty("seed").GetInt32(), runs[i].GetProperty("run").GetString(), runs[i].GetProperty("epochs").GetInt32()));
            foreach ((string key, string member) in new[] { ("test", "accuracy"), ("test", "loss"), ("test_best", "accuracy"), ("test_best", "loss") })
            {
                Assert.Equal(alone.GetProperty(key).GetProperty(member).GetDouble(), runs[i].GetProperty($"{key}_{member}").GetDouble());
            }
        }
        foreach (string key in (string[])["test", "test_best"])
        {
            double[] values = [.. runs.Select(run => run.GetProperty($"{key}_accuracy").GetDouble())];
            double mean = values.Sum() / 3, deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / 2);
            Assert.Equal(mean, all.Json.GetProperty(key).GetProperty("accuracy").GetDouble(), 1e-12);
            // The 0.975 quantile of Student's t with two degrees of freedom, from a table.
            Assert.Equal(4.302652730 * deviation / Math.Sqrt(3), all.Json.GetProperty(key).GetProperty("half_width").GetDouble(), 1e-9);
        }
        Assert.Equal(all.Out.Trim(), JsonSerializer.Serialize(JsonDocument.Parse(File.ReadAllText(Path.Combine(set, "seeds.json"))).RootElement), StringComparer.Ordinal);
        Assert.Contains("seed 8 (2 of 3)", all.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.35)]
    [InlineData(0.75)]
    public void A_stop_at_any_step_changes_no_bit_of_any_run(double share)
    {
        string whole = tiny.New("seeds"), parts = tiny.New("seeds");
        int launches = 0;
        CommandRun all = Train([.. Run, "--seeds", "2", "--output", whole], number => launches = number);
        Assert.Equal(0, all.ExitCode);
        using var stop = new CancellationTokenSource();
        CommandRun stopped = Train([.. Run, "--seeds", "2", "--output", parts], number => { if (number > share * launches) { stop.Cancel(); } }, stop);
        Assert.Equal(130, stopped.ExitCode);
        int done = share > 0.5 ? 1 : 0;
        Assert.EndsWith($"stopped with {done} of 2 seeds done\nresume      gpucnn train --resume {parts}\n", stopped.Out, StringComparison.Ordinal);
        CommandRun resumed = CommandRun.Of("train", "--resume", parts, "--no-pictures");
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        Assert.Equal(Table(all), Table(resumed));
        Assert.Equal(done == 0, resumed.Out.Contains(Path.Combine(parts, "seed-1"), StringComparison.Ordinal));
        RunComparison.Same(Path.Combine(whole, "seed-1"), Path.Combine(parts, "seed-1"));
        RunComparison.Same(Path.Combine(whole, "seed-2"), Path.Combine(parts, "seed-2"));
        CommandRun again = CommandRun.Of("train", "--resume", parts);
        Assert.Equal(0, again.ExitCode);
        Assert.Equal(Table(all), Table(again));
    }

    [Fact]
    public void More_seeds_and_more_epochs_are_those_of_a_set_that_had_them_from_the_start_whenever_it_is_stopped()
    {
        string whole = tiny.New("seeds"), parts = tiny.New("seeds");
        CommandRun all = Train([.. Run[..^1], "3", "--seeds", "3", "--output", whole]);
        Assert.Equal(0, Train([.. Run, "--seeds", "2", "--output", parts]).ExitCode);
        using var stop = new CancellationTokenSource();
        CommandRun stopped = CommandRun.Watched(["train", "--resume", parts, "--epochs", "3", "--seeds", "3", "--no-pictures"], number => { if (number == 3) { stop.Cancel(); } }, stop);
        Assert.Equal(130, stopped.ExitCode);
        Assert.Contains("stopped with 0 of 3 seeds done", stopped.Out, StringComparison.Ordinal);
        CommandRun resumed = CommandRun.Of("train", "--resume", parts, "--no-pictures");
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        Assert.Equal(Table(all), Table(resumed));
        for (int seed = 1; seed <= 3; seed++)
        {
            RunComparison.Same(Path.Combine(whole, $"seed-{seed}"), Path.Combine(parts, $"seed-{seed}"));
        }
    }

    [Fact]
    public void The_summary_for_people_has_a_row_a_seed_and_the_mean()
    {
        var host = new Host(new StringWriter(), new StringWriter()) { Runs = tiny.New("runs") };
        CommandRun run = CommandRun.Of(host, ["train", "--data", tiny.Data, "--no-pictures", .. Run, "--seeds", "2", "--quiet", "--progress", "none"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        string[] lines = run.Out.Split('\n');
        Assert.Matches("^seed +test, last +test, best +best epoch +epochs +seconds$", lines[0]);
        Assert.Matches("^1 +0\\.[0-9]{4} +0\\.[0-9]{4} +[12] +2 +[0-9.]+$", lines[1]);
        Assert.Matches("^2 ", lines[2]);
        Assert.Matches("^mean +0\\.[0-9]{4} +0\\.[0-9]{4}$", lines[3]);
        Assert.Matches("^95 % half-width +[0-9]\\.[0-9]{4} +[0-9]\\.[0-9]{4}$", lines[4]);
        Assert.Equal($"run         {Path.Combine(host.Runs, "cnn2-1")}", lines[5]);
        Assert.Equal("cnn2-1", Path.GetFileName(Assert.Single(Directory.EnumerateFileSystemEntries(host.Runs))));
    }

    [Fact]
    public void What_would_make_the_runs_differ_is_refused_by_name()
    {
        string set = tiny.New("seeds"), one = tiny.New("run");
        using var stop = new CancellationTokenSource();
        Assert.Equal(130, Train([.. Run, "--seeds", "3", "--output", set], number => { if (number == 9) { stop.Cancel(); } }, stop).ExitCode);
        Assert.Equal(0, Train([.. Run, "--output", one]).ExitCode);
        foreach ((string[] args, string problem) in new (string[], string)[]
        {
            ([set, "--learning-rate", "0.1"], "--learning-rate: runs of several seeds are compared"),
            ([set, "--schedule", "cosine"], "--schedule: runs of several seeds are compared"),
            ([set, "--warm-up", "1"], "--warm-up: runs of several seeds are compared"),
            ([set, "--batch-size", "10"], "--batch-size: 10 is given, but the run has 20"),
            ([set, "--seed", "2"], "--seed must be 1, the first seed of the set, not 2"),
            ([set, "--seeds", "2"], "--seeds must be at least 3, which the set has already, not 2"),
            ([set, "--output", one], "--output: runs of several seeds are resumed where they are"),
            ([one, "--seeds", "2"], $"--seeds: {one} is a run of one seed"),
        })
        {
            CommandRun run = CommandRun.Of(["train", "--resume", .. args]);
            Assert.Equal(2, run.ExitCode);
            Assert.StartsWith($"gpucnn: {problem}", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        }
        using (RunLock held = RunLock.TryTake(set)!)
        {
            Assert.Contains("another process is training it", CommandRun.Of("train", "--resume", set).Error, StringComparison.Ordinal);
        }
        File.WriteAllText(Path.Combine(set, "seeds.json"), "{}");
        Assert.Contains("seeds.json: it is not the JSON document that a training writes", CommandRun.Of("train", "--resume", set).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_refused_leaves_the_summary_as_it_was()
    {
        string set = tiny.New("seeds"), summary = Path.Combine(set, "seeds.json");
        Assert.Equal(0, Train([.. Run, "--seeds", "2", "--output", set]).ExitCode);
        string before = File.ReadAllText(summary);
        Assert.Equal(2, CommandRun.Of("train", "--resume", set, "--batch-size", "10").ExitCode);
        Assert.Equal(before, File.ReadAllText(summary));
    }

    [Theory]
    [InlineData(new[] { 0.5, 0.7 }, 0.6, 1.270620473617)]
    [InlineData(new[] { 0.89, 0.9, 0.905, 0.91, 0.895 }, 0.9, 0.009816215807)]
    public void Half_widths_are_those_of_a_table(double[] values, double mean, double halfWidth)
    {
        MeanDocument document = MeanDocument.Of(values)!;
        Assert.Equal(mean, document.Accuracy, 1e-12);
        Assert.Equal(halfWidth, document.HalfWidth, 1e-9);
        Assert.Null(MeanDocument.Of(values[..1]));
    }

    /// <summary>The summary, without folder and seconds.</summary>
    private static string[] Table(CommandRun run)
    {
        string[] lines = run.Out.Split('\n');
        int first = Array.FindLastIndex(lines, line => line.StartsWith("seed  ", StringComparison.Ordinal));
        return [.. lines[(first + 1)..].TakeWhile(line => !line.StartsWith("run ", StringComparison.Ordinal)).Select(line => char.IsAsciiDigit(line[0]) && !line.StartsWith("95 %", StringComparison.Ordinal) ? line[..line.LastIndexOf(' ')].TrimEnd() : line)];
    }

    private CommandRun Train(string[] args, Action<int>? atLaunch = null, CancellationTokenSource? stop = null) =>
        CommandRun.Watched(["train", "--data", tiny.Data, "--no-pictures", .. args], atLaunch, stop);
}
