using System.Globalization;
using System.Text.Json;
using GpuCnn.Kernels.Tests;
using GpuCnn.Runner.Reports;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>A run that is stopped, fails or is damaged goes on with <c>train --resume</c> as if nothing had been.</summary>
public sealed class ResumeTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static int cpuLaunches;

    /// <summary>cnn2 has dropout; 80 images to train on, in batches of 20, make epochs of 4 steps with shuffling.</summary>
    private static readonly string[] Run = ["--model", "cnn2", "--epochs", "3", "--batch-size", "20", "--train-samples", "100", "--seed", "7", "--augment", "shift=2,flip,erase=0.5"];

    /// <summary>Accelerators, and shares of the run's launches after which it stops.</summary>
    public static IEnumerable<TheoryDataRow<string, double>> Stops =>
        from stop in ((string On, double Share)[])[("cpu", 0.2), ("cpu", 0.35), ("cpu", 0.8), ("opencl", 0.7)]
        where Machine.Names.Contains(stop.On)
        select new TheoryDataRow<string, double>(stop.On, stop.Share);

    [Theory]
    [MemberData(nameof(Stops))]
    public void A_stop_at_any_step_changes_no_bit(string accelerator, double share)
    {
        string whole = Whole(accelerator, out int launches), parts = tiny.New("run");
        using var stop = new CancellationTokenSource();
        CommandRun stopped = Train(["--accelerator", accelerator, .. Run, "--output", parts], number => { if (number > share * launches) { stop.Cancel(); } }, stop);
        Assert.Equal(130, stopped.ExitCode);
        Assert.Equal("interrupted", State(parts).GetProperty("status").GetString());
        CommandRun resumed = Resume(parts, "--json");
        Assert.Equal(0, resumed.ExitCode);
        RunComparison.Same(whole, parts);
        Assert.Equal(12, resumed.Json.GetProperty("step_losses").GetArrayLength());
        Assert.Equal(3, resumed.Json.GetProperty("epochs").GetArrayLength());
    }

    /// <summary>The same, with the steps between two checkpoints.</summary>
    public static IEnumerable<TheoryDataRow<string, int, double>> Failures =>
        from failure in ((string On, int Every, double Share)[])[("cpu", 2, 0.2), ("cpu", 1, 0.7), ("cpu", 0, 0.6), ("opencl", 3, 0.7)]
        where Machine.Names.Contains(failure.On)
        select new TheoryDataRow<string, int, double>(failure.On, failure.Every, failure.Share);

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_device_that_fails_loses_only_the_steps_since_the_checkpoint(string accelerator, int every, double share)
    {
        string whole = Whole(accelerator, out int launches), parts = tiny.New("run");
        CommandRun failed = Train(["--accelerator", accelerator, .. Run, "--output", parts, "--checkpoint-every", every.ToString(CultureInfo.InvariantCulture)], number => { if (number > share * launches) { throw new InsufficientMemoryException(); } });
        Assert.Equal(1, failed.ExitCode);
        Assert.Equal("failed", State(parts).GetProperty("status").GetString());
        CommandRun resumed = Resume(parts);
        Assert.Equal(0, resumed.ExitCode);
        RunComparison.Same(whole, parts);
    }

    [Theory]
    [MemberData(nameof(Machine.Accelerators), MemberType = typeof(Machine))]
    public void A_stop_in_the_evaluation_is_told_and_only_the_evaluation_is_left(string accelerator)
    {
        string whole = Whole(accelerator, out int launches), parts = tiny.New("run");
        using var stop = new CancellationTokenSource();
        CommandRun stopped = Train(["--accelerator", accelerator, .. Run, "--output", parts], number => { if (number == launches) { stop.Cancel(); } }, stop);
        Assert.Equal((130, ""), (stopped.ExitCode, stopped.Error));
        Assert.Contains("interrupted after 12 steps, 3 of 3 epochs, before the evaluation was done\n", stopped.Out, StringComparison.Ordinal);
        Assert.Contains($"resume      gpucnn train --resume {parts}\n", stopped.Out, StringComparison.Ordinal);
        Assert.Equal("interrupted", State(parts).GetProperty("status").GetString());
        CommandRun resumed = Resume(parts);
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        Assert.Contains("nothing is left to train", resumed.Out, StringComparison.Ordinal);
        RunComparison.Same(whole, parts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_best_weights_of_a_past_that_no_longer_counts_are_replaced(bool newestIsDamaged)
    {
        string parts = Stopped(), best = Path.Combine(parts, "weights", "best.safetensors");
        byte[] own = File.ReadAllBytes(best);
        TrainedModel other = TrainedModel.Load(Path.Combine(parts, "weights", "last.safetensors"));
        (other with { ValidationAccuracy = 1 }).Save(best);
        if (newestIsDamaged)
        {
            File.WriteAllBytes(Directory.EnumerateFiles(Path.Combine(parts, "checkpoint")).Order(StringComparer.Ordinal).Last(), [1, 2, 3]);
        }
        Assert.Equal(130, StoppedAtOnce(parts).ExitCode);
        Assert.Equal(own, File.ReadAllBytes(best));
    }

    [Fact]
    public void A_run_that_has_no_best_weights_yet_keeps_none_of_another_past()
    {
        string parts = tiny.New("run"), best = Path.Combine(parts, "weights", "best.safetensors");
        using var stop = new CancellationTokenSource();
        Train(["--accelerator", "cpu", .. Run, "--output", parts], number => { if (number > 20) { stop.Cancel(); } }, stop);
        Assert.False(File.Exists(best));
        File.Copy(Path.Combine(parts, "weights", "last.safetensors"), best);
        Assert.Equal(130, StoppedAtOnce(parts).ExitCode);
        Assert.False(File.Exists(best));
    }

    [Fact]
    public void More_epochs_may_be_asked_for_and_less_than_are_done_not()
    {
        string whole = Whole("cpu"), parts = tiny.New("run");
        Assert.Equal(0, CommandRun.Of(["train", "--data", tiny.Data, "--accelerator", "cpu", .. Run[..2], "--epochs", "2", .. Run[4..], "--output", parts, "--quiet"]).ExitCode);
        CommandRun less = Resume(parts, "--epochs", "1");
        Assert.Equal(2, less.ExitCode);
        Assert.Contains("--epochs: 1 is too few, the run has already trained 2", Assert.Single(less.ErrorLines), StringComparison.Ordinal);
        CommandRun more = Resume(parts, "--epochs", "3");
        Assert.Equal(0, more.ExitCode);
        Assert.Empty(more.Error);
        RunComparison.Same(whole, parts);
        Assert.Equal(3, Args(parts).Options.Epochs);
    }

    [Fact]
    public void A_run_that_is_done_is_evaluated_again()
    {
        string whole = Whole("cpu");
        byte[] report = File.ReadAllBytes(Path.Combine(whole, "report.txt"));
        File.Delete(Path.Combine(whole, "report.txt"));
        CommandRun again = Resume(whole);
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("nothing is left to train", again.Out, StringComparison.Ordinal);
        Assert.Equal(report, File.ReadAllBytes(Path.Combine(whole, "report.txt")));
    }

    [Theory]
    [InlineData("--seed", "8", "8 is given, but the run has 7")]
    [InlineData("--batch-size", "10", "10 is given, but the run has 20")]
    [InlineData("--validation-split", "0.1", "0.1 is given, but the run has 0.2")]
    [InlineData("--train-samples", "50", "50 is given, but the run has 100")]
    [InlineData("--model", "cnn1", "cnn1 is given, but the run has cnn2")]
    [InlineData("--augment", "flip", "flip is given, but the run has shift=2,flip,erase=0.5")]
    [InlineData("--augment", "none", "none is given, but the run has shift=2,flip,erase=0.5")]
    [InlineData("--no-shuffle", null, "it is given, but the run was begun without it")]
    [InlineData("--no-dropout", null, "it is given, but the run was begun without it")]
    [InlineData("--weights", "w.safetensors", "but the run has new random weights")]
    [InlineData("--output", "elsewhere", "elsewhere is given, but the run has")]
    public void What_would_make_another_run_is_refused_by_name(string flag, string? value, string expected)
    {
        CommandRun run = Resume(Stopped(), value is null ? [flag] : [flag, value]);
        Assert.Equal(2, run.ExitCode);
        string line = Assert.Single(run.ErrorLines);
        Assert.StartsWith($"gpucnn: {flag}: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.Empty(run.Out);
    }

    [Fact]
    public void What_repeats_the_run_is_accepted()
    {
        string whole = Whole("cpu"), parts = Stopped();
        CommandRun run = Resume(parts, [.. Run, "--data", tiny.Data, "--accelerator", "cpu", "--output", parts + "/", "--learning-rate", "0.001"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Error);
        RunComparison.Same(whole, parts);
    }

    [OpenCLFact]
    public void Another_learning_rate_or_accelerator_or_version_is_warned_about_and_noted()
    {
        string parts = Stopped(), after = $"after step {Steps(parts)}: ";
        ArgsDocument args = Args(parts);
        File.WriteAllText(Path.Combine(parts, "args.json"), Documents.Text(args with { Version = "0.0.9" }, Documents.Default.ArgsDocument));
        CommandRun run = Resume(parts, "--learning-rate", "0.0005", "--accelerator", "opencl");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(3, run.ErrorLines.Length);
        Assert.All(run.ErrorLines, line => Assert.Matches($"^gpucnn: warning: {parts}: .*: not bit for bit from here", line));
        Assert.Contains("accelerator opencl:0, ", run.ErrorLines[0], StringComparison.Ordinal);
        Assert.Contains($"version {args.Version}, so far it was 0.0.9", run.ErrorLines[1], StringComparison.Ordinal);
        Assert.Contains("--learning-rate 0.0005, so far it was 0.001", run.ErrorLines[2], StringComparison.Ordinal);
        ArgsDocument now = Args(parts);
        Assert.Equal(("opencl:0", 0.0005, args.Version), (now.Accelerator, now.Options.LearningRate, now.Version));
        Assert.Equal(3, now.Changes!.Count);
        Assert.All(now.Changes, change => Assert.StartsWith(after, change, StringComparison.Ordinal));
        Assert.Equal(["0.001", "0.0005", "0.0005"], File.ReadLines(Path.Combine(parts, "results.csv")).Skip(1).Select(row => row.Split(',')[5]));
    }

    [Fact]
    public void An_accelerator_that_is_no_longer_there_is_replaced_with_a_warning()
    {
        string parts = Stopped();
        File.WriteAllText(Path.Combine(parts, "args.json"), Documents.Text(Args(parts) with { Accelerator = "cuda:7", AcceleratorName = "a card" }, Documents.Default.ArgsDocument));
        CommandRun run = Resume(parts);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(2, run.ErrorLines.Length);
        Assert.Contains("no accelerator 'cuda:7'", run.ErrorLines[0], StringComparison.Ordinal);
        Assert.Contains("so far it was cuda:7, a card", run.ErrorLines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train-labels-idx1-ubyte.gz", "training")]
    [InlineData("t10k-labels-idx1-ubyte.gz", "test")]
    public void Changed_data_is_refused_and_moved_data_is_not(string file, string named)
    {
        string parts = Stopped(), data = tiny.New("data");
        Directory.CreateDirectory(data);
        foreach (string each in Directory.EnumerateFiles(tiny.Data))
        {
            File.Copy(each, Path.Combine(data, Path.GetFileName(each)));
        }
        TinyData.ChangeOneLabel(Path.Combine(data, file));
        CommandRun run = Resume(parts, "--data", data);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"{data}: its {named} images or labels are not those that the run was begun with", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        File.Copy(Path.Combine(tiny.Data, file), Path.Combine(data, file), overwrite: true);
        Assert.Equal(0, Resume(parts, "--data", data).ExitCode);
        Assert.Equal(data, Args(parts).Data);
    }

    [Fact]
    public void A_run_that_was_killed_before_its_first_checkpoint_begins_again()
    {
        string whole = Whole("cpu"), parts = Stopped();
        Directory.Delete(Path.Combine(parts, "checkpoint"), recursive: true);
        CommandRun run = Resume(parts);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("it has no checkpoint yet, so it begins again", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        RunComparison.Same(whole, parts);
    }

    [Fact]
    public void A_damaged_checkpoint_falls_back_to_the_one_before()
    {
        string whole = Whole("cpu"), parts = Stopped();
        string newest = Directory.EnumerateFiles(Path.Combine(parts, "checkpoint")).Order(StringComparer.Ordinal).Last();
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[^100] ^= 1;
        File.WriteAllBytes(newest, bytes);
        CommandRun run = Resume(parts);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(Path.GetFileName(newest), Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        RunComparison.Same(whole, parts);
    }

    [Fact]
    public void A_run_that_another_process_trains_is_refused()
    {
        string parts = Stopped();
        using (RunLock held = RunLock.TryTake(parts)!)
        {
            CommandRun run = Resume(parts);
            Assert.Equal(2, run.ExitCode);
            Assert.Contains($"{parts}: another process is training it", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        }
        Assert.Equal(0, Resume(parts).ExitCode);
    }

    [Fact]
    public void What_is_no_run_is_said_to_be_none()
    {
        string file = tiny.Weights, empty = tiny.New("empty");
        Directory.CreateDirectory(empty);
        foreach ((string path, string problem) in new[] { (file, "it is a file, give a run folder"), (empty, "it is no run folder, it has no args.json"), (tiny.New("none"), "there is no such folder") })
        {
            CommandRun run = Resume(path);
            Assert.Equal(2, run.ExitCode);
            Assert.Equal($"gpucnn: {path}: {problem}", Assert.Single(run.ErrorLines));
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(empty));
    }

    [Fact]
    public void A_loss_that_is_not_finite_says_how_to_go_on_with_smaller_steps()
    {
        string folder = tiny.New("run"), weights = tiny.New("huge");
        WeightsFile.Save(weights, TinyData.Tensors(ModelZoo.Cnn1, 1e30f));
        CommandRun failed = CommandRun.Of("train", "--data", tiny.Data, "--accelerator", "cpu", "--epochs", "2", "--weights", weights, "--output", folder);
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains($"resume      gpucnn train --resume {folder} --learning-rate 0.0001\n", failed.Out, StringComparison.Ordinal);
        Assert.Equal(1, Resume(folder, "--learning-rate", "0.0001").ExitCode);
        Assert.Equal(0.0001, Args(folder).Options.LearningRate);
    }

    [Fact]
    public void A_rollback_is_told_leaves_no_line_twice_and_lasts_through_a_resumption()
    {
        string folder = tiny.New("run"), model = tiny.New("deep") + ".json";
        // Linear layers at a rate of 1 overflow within some steps; a twenty-first layer would at a quarter of it too.
        var deep = new ModelDefinition("deep", new TensorShape(1, 28, 28), 1, [new Flatten(), .. Enumerable.Range(0, 20).Select(_ => new Dense(16)), new Dense(10)]);
        File.WriteAllText(model, ModelFile.Text(deep));
        CommandRun run = CommandRun.Of("train", "--model", model, "--train-samples", "300", "--accelerator", "cpu", "--batch-size", "16", "--seed", "2", "--learning-rate", "1",
            "--checkpoint-every", "4", "--on-nan", "rollback", "--epochs", "2", "--no-pictures", "--output", folder);
        Assert.Equal(0, run.ExitCode);
        Assert.InRange(run.ErrorLines.Length, 1, Trainer.MostRollbacks);
        Assert.All(run.ErrorLines, line => Assert.Matches("^gpucnn: warning: .* became .* step .*dense.*back to step [0-9]+ with half the learning rate$", line));
        RequireRows(2);
        Assert.Equal(1, Args(folder).Options.LearningRate);
        CommandRun more = Resume(folder, "--epochs", "3");
        Assert.Equal((0, ""), (more.ExitCode, more.Error));
        RequireRows(3);

        void RequireRows(int epochs)
        {
            string[] steps = File.ReadAllLines(Path.Combine(folder, "steps.csv")), rows = File.ReadAllLines(Path.Combine(folder, "results.csv"));
            Assert.Equal(Enumerable.Range(1, 15 * epochs).Select(step => step.ToString(CultureInfo.InvariantCulture)), steps[1..].Select(line => line.Split(',')[0]));
            Assert.Equal(epochs, rows.Length - 1);
            Assert.Equal(Math.Pow(0.5, run.ErrorLines.Length), double.Parse(rows[^1].Split(',')[5], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>The run in one piece.</summary>
    private string Whole(string accelerator) => Whole(accelerator, out _);

    /// <summary>The run in one piece, and how often it launched something on its device.</summary>
    private string Whole(string accelerator, out int launches)
    {
        string folder = tiny.New("run");
        int count = 0;
        CommandRun run = Train(["--accelerator", accelerator, .. Run, "--output", folder, "--quiet"], number => count = number);
        Assert.True(run.ExitCode == 0, run.Error);
        launches = count;
        return folder;
    }

    /// <summary>The run, stopped in its second epoch.</summary>
    private string Stopped()
    {
        string folder = tiny.New("run");
        using var stop = new CancellationTokenSource();
        cpuLaunches = cpuLaunches > 0 ? cpuLaunches : Launches();
        CommandRun run = Train(["--accelerator", "cpu", .. Run, "--output", folder], number => { if (number > 0.45 * cpuLaunches) { stop.Cancel(); } }, stop);
        Assert.Equal(130, run.ExitCode);
        Assert.InRange(Steps(folder), 5, 7);
        return folder;

        int Launches()
        {
            Whole("cpu", out int launches);
            return launches;
        }
    }

    /// <summary>Resumes a run and stops it before its next step.</summary>
    private static CommandRun StoppedAtOnce(string folder) => CommandRun.Of(new Host(new StringWriter(), new StringWriter()) { Stop = new CancellationToken(canceled: true) }, "train", "--resume", folder);

    private static int Steps(string folder) => File.ReadLines(Path.Combine(folder, "steps.csv")).Count() - 1;

    private static CommandRun Resume(string folder, params string[] more) => CommandRun.Of(["train", "--resume", folder, .. more]);

    /// <summary>Trains, with something done at each launch of the device.</summary>
    private CommandRun Train(string[] args, Action<int> atLaunch, CancellationTokenSource? stop = null) =>
        CommandRun.Watched(["train", "--data", tiny.Data, .. args], atLaunch, stop);

    private static JsonElement State(string folder)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "state.json")));
        return document.RootElement.Clone();
    }

    private static ArgsDocument Args(string folder) => RunReader.Document(Path.Combine(folder, "args.json"), Documents.Default.ArgsDocument);
}
