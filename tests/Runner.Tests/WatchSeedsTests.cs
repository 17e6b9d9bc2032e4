using System.Text.Json;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Following runs of several seeds by their files.</summary>
public sealed class WatchSeedsTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly string[] TrainOptions = ["--model", "cnn2", "--batch-size", "20", "--train-samples", "100", "--accelerator", "cpu", "--epochs", "2", "--no-pictures"];

    [Fact]
    public async Task Runs_are_followed_one_after_the_other_to_the_end_of_the_last()
    {
        string set = tiny.New("seeds");
        Stop(set, atLaunch: 9);
        Task<CommandRun> watching = Pipe.Watch(set, out Pipe output, TestContext.Current.CancellationToken, "--wait");
        await output.WaitFor($"seed 1 (1 of 2), in {Path.Combine(set, "seed-1")}");
        Assert.Equal(0, CommandRun.Of("train", "--resume", set, "--no-pictures").ExitCode);
        CommandRun run = await watching.WaitAsync(Pipe.Patience, TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(["seed 1", "1/2", "2/2", "seed 2", "1/2", "2/2"], run.Out.Split('\n').Select(line => line.Trim())
            .Where(line => line.StartsWith("seed ", StringComparison.Ordinal) && line.Contains(" in ", StringComparison.Ordinal) || line.Contains("/2 ", StringComparison.Ordinal))
            .Select(line => line.StartsWith("seed", StringComparison.Ordinal) ? line[..6] : line.Split(' ')[0]));
        Assert.EndsWith($"{SeedFolder.Read(set).Table()}done  2 of 2 seeds\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void The_document_has_what_is_known_of_the_set_and_the_run_under_way()
    {
        string set = tiny.New("seeds");
        Stop(set, atLaunch: 9);
        JsonElement now = Once(set);
        Assert.Equal(["run", "status", "model", "accelerator", "seed", "seeds", "runs", "test", "test_best", "current"], CommandRun.Keys(now));
        Assert.Equal((set, "interrupted", 1, 2, 0), (now.GetProperty("run").GetString(), now.GetProperty("status").GetString(), now.GetProperty("seed").GetInt32(), now.GetProperty("seeds").GetInt32(),
            now.GetProperty("runs").GetArrayLength()));
        JsonElement current = now.GetProperty("current");
        Assert.Equal((Path.Combine(set, "seed-1"), "interrupted"), (current.GetProperty("run").GetString(), current.GetProperty("status").GetString()));
        Assert.Equal(CommandRun.Keys(CommandRun.Of("watch", Path.Combine(set, "seed-1"), "--once", "--json").Json), CommandRun.Keys(current));
        CommandRun run = CommandRun.Of("watch", set);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("\nseed 1 (1 of 2): interrupted  0 of 2 epochs, ", run.Out, StringComparison.Ordinal);
        Assert.EndsWith("\ninterrupted  0 of 2 seeds\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void How_a_set_stands_follows_from_its_runs_and_from_who_computes_them()
    {
        string set = tiny.New("seeds"), file = Path.Combine(set, "seeds.json");
        Assert.Equal(0, CommandRun.Of([.. Train, "--seeds", "2", "--output", set]).ExitCode);
        Assert.Equal(("done", "seed-2"), Standing(set));
        SeedsDocument all = SeedFolder.Read(set);
        string last = Path.Combine(set, "seed-2", "state.json");
        StateDocument state = RunReader.Document(last, Documents.Default.StateDocument);
        // Between the end of the last run and its line among the others: this process, which trained it, is still there.
        AtomicFile.Write(file, Documents.Text(all with { Runs = [all.Runs[0]] }, Documents.Default.SeedsDocument));
        Assert.Equal(("running", "seed-2"), Standing(set));
        AtomicFile.Write(last, Documents.Text(state with { ProcessStarted = state.ProcessStarted.AddMinutes(-1) }, Documents.Default.StateDocument));
        Assert.Equal(("died", "seed-2"), Standing(set));
        AtomicFile.Write(last, Documents.Text(state with { Status = "failed", Problem = "the loss became NaN" }, Documents.Default.StateDocument));
        Assert.Equal(("failed", "seed-2"), Standing(set));
        Assert.Contains("the loss became NaN\nfailed  1 of 2 seeds\n", CommandRun.Of("watch", set, "--once").Out, StringComparison.Ordinal);
        // Between two runs, of which the second has a folder and no state yet.
        File.Delete(last);
        Assert.Equal(("running", "seed-1"), Standing(set));
        // With more epochs for all, the first is trained on.
        AtomicFile.Write(file, Documents.Text(all with { Runs = [] }, Documents.Default.SeedsDocument));
        Assert.Equal(("running", "seed-1"), Standing(set));
        // Killed before the first run could say anything.
        string first = Path.Combine(set, "seed-1");
        File.Delete(Path.Combine(first, "state.json"));
        CommandRun nothing = CommandRun.Of("watch", set, "--once");
        Assert.Equal((2, $"gpucnn: {first}: it is no run folder, it has no state.json\n"), (nothing.ExitCode, nothing.Error));
    }

    [Fact]
    public void What_happens_during_a_look_is_seen_by_the_next()
    {
        string set = tiny.New("seeds"), file = Path.Combine(set, "seeds.json"), first = Path.Combine(set, "seed-1"), rows = Path.Combine(first, "results.csv"), second = Path.Combine(set, "seed-2", "state.json");
        Assert.Equal(0, CommandRun.Of([.. Train, "--seeds", "2", "--output", set]).ExitCode);
        SeedsDocument all = SeedFolder.Read(set);
        string[] lines = File.ReadAllLines(rows);
        byte[] state = File.ReadAllBytes(second);
        // The first run has not written an epoch yet, the second has not begun.
        AtomicFile.Write(file, Documents.Text(all with { Runs = [] }, Documents.Default.SeedsDocument));
        File.Delete(second);
        File.WriteAllText(rows, lines[0] + "\n");
        var reader = new SeedSetReader(set);
        var epochs = new List<int>();
        File.WriteAllText(rows, $"{lines[0]}\n{lines[1]}\n");
        reader.Read(new EpochView(epoch =>
        {
            epochs.Add(epoch.Epoch);
            File.WriteAllLines(rows, lines);
            File.WriteAllBytes(second, state);
            AtomicFile.Write(file, Documents.Text(all with { Runs = [all.Runs[0]] }, Documents.Default.SeedsDocument));
        }));
        Assert.Equal([1], epochs);
        Assert.Equal(1ul, reader.Place.Seed);
        reader.Read(new EpochView(epoch => epochs.Add(epoch.Epoch)));
        Assert.Equal([1, 2], epochs);
        Assert.Equal(2ul, reader.Place.Seed);
    }

    [Fact]
    public void A_process_that_ends_properly_during_a_look_has_not_died()
    {
        string set = tiny.New("seeds"), file = Path.Combine(set, "seeds.json"), last = Path.Combine(set, "seed-2", "state.json"), rows = Path.Combine(set, "seed-2", "results.csv");
        Assert.Equal(0, CommandRun.Of([.. Train, "--seeds", "2", "--output", set]).ExitCode);
        SeedsDocument all = SeedFolder.Read(set);
        string[] lines = File.ReadAllLines(rows);
        StateDocument state = RunReader.Document(last, Documents.Default.StateDocument);
        AtomicFile.Write(last, Documents.Text(state with { ProcessStarted = state.ProcessStarted.AddMinutes(-1) }, Documents.Default.StateDocument));
        AtomicFile.Write(file, Documents.Text(all with { Runs = [all.Runs[0]] }, Documents.Default.SeedsDocument));
        File.WriteAllText(rows, lines[0] + "\n");
        var reader = new SeedSetReader(set);
        Assert.Equal("died", reader.Status);
        File.WriteAllLines(rows, lines);
        reader.Read(new EpochView(_ => AtomicFile.Write(file, Documents.Text(all, Documents.Default.SeedsDocument))));
        Assert.Equal("done", reader.Status);
    }

    private string[] Train => ["train", "--data", tiny.Data, .. TrainOptions];

    private void Stop(string set, int atLaunch)
    {
        using var stop = new CancellationTokenSource();
        Assert.Equal(130, CommandRun.Watched([.. Train, "--seeds", "2", "--output", set], number => { if (number == atLaunch) { stop.Cancel(); } }, stop).ExitCode);
    }

    private static JsonElement Once(string set) => CommandRun.Of("watch", set, "--once", "--json").Json;

    private static (string? Status, string? Run) Standing(string set)
    {
        JsonElement now = Once(set);
        return (now.GetProperty("status").GetString(), Path.GetFileName(now.GetProperty("current").GetProperty("run").GetString()));
    }

    /// <summary>Does something when it is told of an epoch.</summary>
    private sealed class EpochView(Action<EpochResult> told) : ITrainingView
    {
        public void OnPast(TrainingPlan plan, IReadOnlyList<EpochResult> epochs, IReadOnlyList<float> stepLosses)
        {
        }

        public void OnStep(in StepResult result)
        {
        }

        public void OnEpoch(EpochResult result) => told(result);

        public void Aside(Action write) => write();

        public void Abandon()
        {
        }
    }
}
