using System.Text.Json;
using GpuCnn.Runner.Reports;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Following a run by its files, which another process may be writing.</summary>
public sealed class WatchTests(TinyData tiny) : IClassFixture<TinyData>
{
    [Fact]
    public void A_run_that_is_done_is_shown_once_and_counts_as_success()
    {
        string folder = Train("--epochs", "2", "--batch-size", "50");
        foreach (string[] args in (string[][])[["--once"], []])
        {
            CommandRun run = CommandRun.Of(["watch", folder, .. args]);
            Assert.Equal(0, run.ExitCode);
            Assert.Empty(run.Error);
            Assert.Contains("   2/2  ", run.Out, StringComparison.Ordinal);
            Assert.Contains("done  2 of 2 epochs, 10 of 10 steps  best epoch ", run.Out, StringComparison.Ordinal);
        }
        JsonElement now = CommandRun.Of("watch", folder, "--once", "--json").Json;
        Assert.Equal(["run", "status", "model", "accelerator", "epoch", "epochs", "step", "steps", "loss", "images_per_second", "seconds_left", "best_epoch", "problem", "results", "stopped_early"],
            CommandRun.Keys(now));
        Assert.Equal(("done", 2, 10), (now.GetProperty("status").GetString(), now.GetProperty("results").GetArrayLength(), now.GetProperty("step").GetInt32()));
        Assert.Equal(File.ReadAllLines(Path.Combine(folder, "results.csv"))[2].Split(',')[3], now.GetProperty("results")[1].GetProperty("val_loss").GetRawText());
    }

    [Fact]
    public async Task A_run_that_grows_is_followed_to_its_end()
    {
        string folder = Begin(out StateDocument state);
        File.AppendAllText(Path.Combine(folder, "steps.csv"), "1,2.5\n2,2.");
        Task<CommandRun> watching = Pipe.Watch(folder, out Pipe output, TestContext.Current.CancellationToken);
        await output.WaitFor("epoch  train loss");
        File.AppendAllText(Path.Combine(folder, "steps.csv"), "25\n3,2\n");
        // Half a row is no row yet.
        File.AppendAllText(Path.Combine(folder, "results.csv"), "1,2.25,0.25,2,0.3");
        await Task.Delay(600, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("  1/2  ", output.ToString(), StringComparison.Ordinal);
        File.AppendAllText(Path.Combine(folder, "results.csv"), "125,0.001,1.5,100\n");
        await output.WaitFor("  1/2      2.2500  0.2500    2.0000  0.3125     0.001     1.50       100  best");
        Assert.False(watching.IsCompleted);
        File.AppendAllText(Path.Combine(folder, "results.csv"), "2,2,0.3,1.9,0.25,0.001,1.5,100\n");
        File.AppendAllText(Path.Combine(folder, "steps.csv"), "4,2\n5,2\n6,2\n");
        Write(folder, state with { Status = "done", Ended = DateTimeOffset.UtcNow });
        CommandRun run = await watching.WaitAsync(Pipe.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("done  2 of 2 epochs, 6 of 6 steps  best epoch 1, validation accuracy 0.3125", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_files_start_anew_is_read_anew()
    {
        string folder = Begin(out StateDocument state);
        File.AppendAllText(Path.Combine(folder, "steps.csv"), "1,2.5\n2,2.25\n");
        Task<CommandRun> watching = Pipe.Watch(folder, out Pipe output, TestContext.Current.CancellationToken);
        await output.WaitFor("epoch  train loss");
        File.WriteAllText(Path.Combine(folder, "steps.csv"), "step,loss\n1,3\n");
        await Task.Delay(600, TestContext.Current.CancellationToken);
        File.AppendAllText(Path.Combine(folder, "steps.csv"), "2,3\n");
        Write(folder, state with { Status = "failed", Problem = "the loss became NaN" });
        CommandRun run = await watching.WaitAsync(Pipe.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("failed  0 of 2 epochs, 2 of 6 steps\nthe loss became NaN\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_resumed_is_followed_without_a_line_twice()
    {
        string folder = Begin(out StateDocument state);
        const string First = "1,2.25,0.25,2,0.3125,0.001,1.5,100\n", Second = "2,2,0.25,1.5,0.25,0.001,1.5,100\n", Third = "3,1,0.25,1,0.5,0.001,1.5,100\n";
        File.AppendAllText(Path.Combine(folder, "results.csv"), First + Second);
        File.AppendAllText(Path.Combine(folder, "steps.csv"), "1,2.5\n2,2.25\n3,2\n4,2\n5,2\n6,2\n");
        Write(folder, state with { Status = "interrupted" });
        Task<CommandRun> watching = Pipe.Watch(folder, out Pipe output, TestContext.Current.CancellationToken, "--wait");
        await output.WaitFor("  2/2  ");
        // As a resumption does it: the tables first, then who goes on and for how long, then what comes.
        ArgsDocument args = RunReader.Document(Path.Combine(folder, "args.json"), Documents.Default.ArgsDocument);
        File.WriteAllText(Path.Combine(folder, "args.json"), Documents.Text(args with { Options = args.Options with { Epochs = 3 } }, Documents.Default.ArgsDocument));
        Write(folder, state with { Resumed = DateTimeOffset.UtcNow });
        await Task.Delay(600, TestContext.Current.CancellationToken);
        File.AppendAllText(Path.Combine(folder, "steps.csv"), "7,1\n8,1\n9,1\n");
        File.AppendAllText(Path.Combine(folder, "results.csv"), Third);
        await output.WaitFor("  3/3  ");
        Write(folder, state with { Status = "done", Resumed = DateTimeOffset.UtcNow });
        CommandRun run = await watching.WaitAsync(Pipe.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["1/2", "2/2", "3/3"], run.Out.Split('\n').Select(line => line.Trim().Split(' ')[0]).Where(word => word.Contains('/', StringComparison.Ordinal)));
        Assert.Contains("done  3 of 3 epochs, 9 of 9 steps  best epoch 3", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_whose_process_is_gone_has_died()
    {
        string folder = Begin(out StateDocument state);
        // The number is taken, but by a process that started at another time.
        Write(folder, state with { ProcessStarted = state.ProcessStarted.AddMinutes(-1) });
        CommandRun run = CommandRun.Of("watch", folder);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("died  0 of 2 epochs", run.Out, StringComparison.Ordinal);
        Write(folder, state with { Process = int.MaxValue });
        Assert.Equal("died", CommandRun.Of("watch", folder, "--once", "--json").Json.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(11, true)]
    public void A_run_of_another_machine_is_judged_by_its_silence(int minutes, bool died)
    {
        Begin(out StateDocument state);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Assert.Equal(died, RunStatus.HasDied(state with { Machine = "elsewhere", Process = int.MaxValue }, now.AddMinutes(-minutes), now));
    }

    [Fact]
    public async Task Stopping_to_watch_exits_130_and_leaves_the_files_alone()
    {
        string folder = Begin(out _);
        string before = string.Concat(Directory.EnumerateFiles(folder).Order().Select(File.ReadAllText));
        using var stop = new CancellationTokenSource();
        Task<CommandRun> watching = Pipe.Watch(folder, out Pipe output, stop.Token);
        await output.WaitFor("epoch  train loss");
        await stop.CancelAsync();
        CommandRun run = await watching.WaitAsync(Pipe.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(130, run.ExitCode);
        Assert.Contains("running  0 of 2 epochs", run.Out, StringComparison.Ordinal);
        Assert.Equal(before, string.Concat(Directory.EnumerateFiles(folder).Order().Select(File.ReadAllText)));
    }

    [Theory]
    [InlineData("args.json", "{", "args.json: it is not the JSON document")]
    [InlineData("state.json", "[]", "state.json: it is not the JSON document")]
    [InlineData("state.json", "{}", "state.json: it is not the JSON document")]
    [InlineData("results.csv", "epoch\n1,2\n", "results.csv: '1,2' is no row of it")]
    [InlineData("steps.csv", "step,loss\n1,x\n", "steps.csv: '1,x' is no row of it")]
    public void A_damaged_file_is_named(string file, string content, string expected)
    {
        string folder = Begin(out _);
        File.WriteAllText(Path.Combine(folder, file), content);
        CommandRun run = CommandRun.Of("watch", folder, "--once");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(run.Out);
    }

    private string Train(params string[] args)
    {
        string folder = tiny.New("run");
        Assert.Equal(0, CommandRun.Of(["train", "--data", tiny.Data, "--accelerator", "cpu", "--quiet", "--no-pictures", "--output", folder, .. args]).ExitCode);
        return folder;
    }

    /// <summary>A run folder as it is before the first step: 2 epochs of 3 steps, by this process.</summary>
    private string Begin(out StateDocument state)
    {
        string folder = Train("--epochs", "1", "--train-samples", "10");
        state = JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(folder, "state.json")), Documents.Default.StateDocument)!
            with
        { Status = "running", StepsPerEpoch = 3, TrainingImages = 30 };
        Write(folder, state);
        ArgsDocument args = JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(folder, "args.json")), Documents.Default.ArgsDocument)!;
        File.WriteAllText(Path.Combine(folder, "args.json"), Documents.Text(args with { Options = args.Options with { Epochs = 2, BatchSize = 10 } }, Documents.Default.ArgsDocument));
        foreach (string file in (string[])["results.csv", "steps.csv"])
        {
            File.WriteAllText(Path.Combine(folder, file), File.ReadLines(Path.Combine(folder, file)).First() + "\n");
        }
        return folder;
    }

    private static void Write(string folder, StateDocument state) => AtomicFile.Write(Path.Combine(folder, "state.json"),
        stream => stream.Write(JsonSerializer.SerializeToUtf8Bytes(state, Documents.Default.StateDocument)));
}
