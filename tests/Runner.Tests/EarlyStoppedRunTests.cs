using System.Globalization;
using System.Text.Json;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Runs that end early, in one piece and resumed.</summary>
public sealed class EarlyStoppedRunTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly string[] Run = ["--model", "cnn2", "--batch-size", "20", "--train-samples", "100", "--seed", "7", "--accelerator", "cpu", "--learning-rate", "0.01", "--epochs", "40"];

    [Fact]
    public void Its_last_line_its_documents_and_a_watch_say_why_it_ended()
    {
        string folder = tiny.New("run");
        CommandRun run = Train([.. Run, "--stop-patience", "2", "--stop-min-change", "0.001", "--output", folder, "--json"]);
        Assert.Equal(0, run.ExitCode);
        JsonElement stop = run.Json.GetProperty("stopped_early");
        JsonElement[] epochs = [.. run.Json.GetProperty("epochs").EnumerateArray()];
        Assert.InRange(epochs.Length, 3, 39);
        // The rule once more, as a plain loop.
        double best = double.PositiveInfinity;
        int bestEpoch = 0;
        for (int i = 0; i < epochs.Length; i++)
        {
            double loss = epochs[i].GetProperty("val_loss").GetDouble();
            (best, bestEpoch) = loss < best - 0.001 ? (loss, i + 1) : (best, bestEpoch);
            Assert.Equal(i == epochs.Length - 1, i + 1 - bestEpoch == 2);
        }
        Assert.Equal(["epoch", "metric", "best", "best_epoch", "patience", "min_change"], CommandRun.Keys(stop));
        Assert.Equal((epochs.Length, "val_loss", best, bestEpoch, 2, 0.001), (stop.GetProperty("epoch").GetInt32(), stop.GetProperty("metric").GetString(),
            stop.GetProperty("best").GetDouble(), stop.GetProperty("best_epoch").GetInt32(), stop.GetProperty("patience").GetInt32(), stop.GetProperty("min_change").GetDouble()));
        string line = string.Create(CultureInfo.InvariantCulture,
            $"stopped     after epoch {epochs.Length} of 40: best val_loss {best:0.0000} in epoch {bestEpoch}, no better by more than 0.001 in the 2 epochs since\n");
        CommandRun watch = CommandRun.Of("watch", folder, "--once");
        Assert.Contains(line, watch.Out, StringComparison.Ordinal);
        Assert.StartsWith("done  ", watch.Out.Split('\n').Single(each => each.Contains(" of 40 epochs, ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(bestEpoch, CommandRun.Of("watch", folder, "--once", "--json").Json.GetProperty("stopped_early").GetProperty("best_epoch").GetInt32());

        CommandRun again = CommandRun.Of("train", "--resume", folder);
        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        Assert.Contains($"{line}nothing is left to train: a higher --stop-patience, or 0, goes on\n", again.Out, StringComparison.Ordinal);
        Assert.Contains($", the best\n{line}run         ", again.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.6)]
    public void A_stop_at_any_step_and_more_patience_change_no_bit(double share)
    {
        string whole = tiny.New("run"), parts = tiny.New("run"), longer = tiny.New("run");
        int launches = 0;
        Assert.Equal(0, Train([.. Run, "--stop-patience", "1", "--output", whole], number => launches = number).ExitCode);
        using var stop = new CancellationTokenSource();
        Assert.Equal(130, Train([.. Run, "--stop-patience", "1", "--output", parts], number => { if (number > share * launches) { stop.Cancel(); } }, stop).ExitCode);
        CommandRun resumed = CommandRun.Of("train", "--resume", parts, "--no-pictures");
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        RunComparison.Same(whole, parts);

        Assert.Equal(0, Train([.. Run, "--stop-patience", "4", "--output", longer]).ExitCode);
        resumed = CommandRun.Of("train", "--resume", parts, "--stop-patience", "4", "--no-pictures");
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        RunComparison.Same(longer, parts);
    }

    [Fact]
    public void With_accuracy_the_best_epoch_is_that_of_the_best_weights_and_no_patience_goes_on_to_the_end()
    {
        string folder = tiny.New("run");
        CommandRun run = Train([.. Run[..^1], "12", "--stop-patience", "2", "--stop-metric", "val_accuracy", "--output", folder]);
        string line = run.Out.Split('\n').Single(each => each.StartsWith("stopped ", StringComparison.Ordinal)), epoch = line.Split(" in epoch ")[1].Split(',')[0];
        Assert.Contains($"  epoch {epoch}, the best\n", run.Out, StringComparison.Ordinal);
        run = CommandRun.Of("train", "--resume", folder, "--stop-patience", "0", "--json", "--no-pictures");
        Assert.Equal((0, 12, JsonValueKind.Null), (run.ExitCode, run.Json.GetProperty("epochs").GetArrayLength(), run.Json.GetProperty("stopped_early").ValueKind));
    }

    private CommandRun Train(string[] args, Action<int>? atLaunch = null, CancellationTokenSource? stop = null) =>
        CommandRun.Watched(["train", "--data", tiny.Data, "--no-pictures", .. args], atLaunch, stop);
}
