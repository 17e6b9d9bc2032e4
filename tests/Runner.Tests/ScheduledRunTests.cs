using System.Globalization;
using GpuCnn.Runner.Reports;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Runs whose learning rate changes, in one piece and resumed.</summary>
public sealed class ScheduledRunTests(TinyData tiny) : IClassFixture<TinyData>
{
    /// <summary>80 images to train on, in batches of 20: epochs of 4 steps; cnn2 has dropout.</summary>
    private static readonly string[] Run = ["--model", "cnn2", "--batch-size", "20", "--train-samples", "100", "--seed", "7", "--accelerator", "cpu"];

    [Theory]
    [InlineData("cosine=0.1", "1.5", 0.2)]
    [InlineData("one-cycle", "0", 0.5)]
    [InlineData("plateau=0:0.5:val_accuracy", "0.5", 0.8)]
    [InlineData("step=1:0.5", "0", 0.6)]
    public void A_stop_at_any_step_changes_no_bit(string schedule, string warmUp, double share)
    {
        string whole = tiny.New("run"), parts = tiny.New("run");
        string[] args = [.. Run, "--epochs", "4", "--schedule", schedule, "--warm-up", warmUp];
        int launches = 0;
        Assert.Equal(0, Train([.. args, "--output", whole], number => launches = number).ExitCode);
        using var stop = new CancellationTokenSource();
        Assert.Equal(130, Train([.. args, "--output", parts], number => { if (number > share * launches) { stop.Cancel(); } }, stop).ExitCode);
        CommandRun resumed = CommandRun.Of("train", "--resume", parts);
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        RunComparison.Same(whole, parts);
        Assert.InRange(Rates(whole).Distinct().Count(), 2, 4);
        ArgsDocument document = Args(parts);
        Assert.Equal((LearningRateSchedule.Parse(schedule).ToString(), double.Parse(warmUp, CultureInfo.InvariantCulture)), ($"{document.Options.Schedule}", document.Options.WarmUp));
    }

    [Fact]
    public void Rates_are_in_the_heading_the_table_of_results_and_the_lines_of_epochs()
    {
        string folder = tiny.New("run");
        CommandRun run = Train([.. Run, "--epochs", "4", "--schedule", "one-cycle", "--output", folder]);
        Assert.Contains("learning rate 0.001, one cycle, rising for 0.3 of the steps, seed 7", run.Out, StringComparison.Ordinal);
        string[] rates = Rates(folder);
        Assert.Equal(4e-9, double.Parse(rates[^1], CultureInfo.InvariantCulture), 1e-15);
        Assert.Contains("      4E-9 ", run.Out.Split('\n').Single(line => line.StartsWith("   4/4 ", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void More_epochs_change_a_curve_over_all_of_them_and_that_is_said()
    {
        string folder = tiny.New("run");
        Assert.Equal(0, Train([.. Run, "--epochs", "2", "--schedule", "cosine", "--warm-up", "0.5", "--output", folder]).ExitCode);
        CommandRun more = CommandRun.Of("train", "--resume", folder, "--epochs", "4");
        Assert.Equal(0, more.ExitCode);
        Assert.Contains("--schedule cosine=0 over --epochs 4, so far it was 2: not bit for bit from here", Assert.Single(more.ErrorLines), StringComparison.Ordinal);
        Assert.StartsWith("after step 8: --schedule cosine=0 over --epochs 4", Assert.Single(Args(folder).Changes!), StringComparison.Ordinal);
        double[] rates = [.. Rates(folder).Select(rate => double.Parse(rate, CultureInfo.InvariantCulture))];
        // Of 16 steps 2 warm up; the last of each epoch is step 11 and step 15, from 0.
        Assert.Equal([0.0005 * (1 + Math.Cos(Math.PI * 9 / 14)), 0.0005 * (1 + Math.Cos(Math.PI * 13 / 14))], rates[2..], (a, b) => Math.Abs(a - b) < 1e-15);

        string steps = tiny.New("run");
        Assert.Equal(0, Train([.. Run, "--epochs", "2", "--schedule", "step=1", "--output", steps]).ExitCode);
        more = CommandRun.Of("train", "--resume", steps, "--epochs", "3");
        Assert.Equal((0, ""), (more.ExitCode, more.Error));
        more = CommandRun.Of("train", "--resume", steps, "--epochs", "4", "--schedule", "constant", "--warm-up", "0.25");
        Assert.Equal(2, more.ErrorLines.Length);
        Assert.Contains("--schedule constant, so far it was step=1:0.1", more.ErrorLines[0], StringComparison.Ordinal);
        Assert.Contains("--warm-up 0.25, so far it was 0", more.ErrorLines[1], StringComparison.Ordinal);
        Assert.Equal("0.001", Rates(steps)[3]);
    }

    [Theory]
    [InlineData("step=3", 3, true)]
    [InlineData("step=2", 3, false)]
    [InlineData("plateau=1:0.5", 3, true)]
    [InlineData("plateau=0:0.5", 3, false)]
    [InlineData("cosine", 1, false)]
    public void A_schedule_that_changes_nothing_is_warned_about(string schedule, int epochs, bool warns)
    {
        CommandRun run = Train([.. Run, "--epochs", $"{epochs}", "--schedule", schedule, "--output", tiny.New("run")]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(warns ? $"gpucnn: warning: --schedule {LearningRateSchedule.Parse(schedule)} changes nothing within {epochs} epochs\n" : "", run.Error);
    }

    private static string[] Rates(string folder) => [.. File.ReadLines(Path.Combine(folder, "results.csv")).Skip(1).Select(row => row.Split(',')[5])];

    private static ArgsDocument Args(string folder) => RunReader.Document(Path.Combine(folder, "args.json"), Documents.Default.ArgsDocument);

    private CommandRun Train(string[] args, Action<int>? atLaunch = null, CancellationTokenSource? stop = null) =>
        CommandRun.Watched(["train", "--data", tiny.Data, "--no-pictures", .. args], atLaunch, stop);
}
