using System.Diagnostics;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Signals as shells, terminals and supervisors send them, to a process of its own.</summary>
public sealed class SignalTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    public static bool HasSignals => TrainingProcess.HasSignals;

    [Theory(Skip = "Windows has no signals to send to another process", SkipUnless = nameof(HasSignals))]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public async Task The_process_ends_after_its_step_with_everything_saved(string signal, int code)
    {
        string folder = tiny.New("run");
        using TrainingProcess process = Start(folder);
        await process.WaitFor("1/100000");
        process.Send(signal);
        await process.Ends();
        Assert.Equal(code, process.ExitCode);
        Assert.Contains("interrupted after ", process.Out, StringComparison.Ordinal);
        Assert.Contains($"resume      gpucnn train --resume {folder}\n", process.Out, StringComparison.Ordinal);
        Assert.Empty(process.Error);
        ModelZoo.Cnn1.Match(WeightsFile.Load(Path.Combine(folder, "weights", "last.safetensors")));
        Assert.True(File.ReadAllLines(Path.Combine(folder, "results.csv")).Length >= 2);
        Assert.Empty(Directory.EnumerateFiles(folder, "*.tmp", SearchOption.AllDirectories));
    }

    [Fact(Skip = "Windows has no signals to send to another process", SkipUnless = nameof(HasSignals))]
    public async Task A_signal_that_arrives_twice_at_once_is_one()
    {
        string folder = tiny.New("run");
        using TrainingProcess process = Start(folder);
        await process.WaitFor("1/100000");
        // As timeout(1) does it: to the process, and to its group.
        using (Process kill = Process.Start("sh", ["-c", $"kill -s TERM {process.Id}; sleep 0.01; kill -s TERM {process.Id}; true"]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        await process.Ends();
        Assert.Equal(143, process.ExitCode);
        Assert.Contains("interrupted after ", process.Out, StringComparison.Ordinal);
    }

    [Theory(Skip = "Windows has no signals to send to another process", SkipUnless = nameof(HasSignals))]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_second_signal_ends_it_at_once_even_when_the_terminal_takes_nothing(string signal, int code)
    {
        string folder = tiny.New("run"), steps = Path.Combine(folder, "steps.csv");
        // Nobody reads what it writes, so when the pipe is full it waits.
        using TrainingProcess process = Start(folder, reads: false, "--model", "cnn2", "--train-samples", "10", "--batch-size", "10", "--validation-split", "0");
        for (long length = -1; length <= 0 || length != Length(steps); await Task.Delay(Short, TestContext.Current.CancellationToken))
        {
            length = Length(steps);
        }
        process.Send(signal);
        Assert.False(await process.Ends(Short), "it was to wait for its terminal");
        process.Send(signal);
        await process.Ends();
        Assert.Equal(code, process.ExitCode);
        ModelZoo.Cnn2.Match(WeightsFile.Load(Path.Combine(folder, "weights", "last.safetensors")));
    }

    private static long Length(string file) => File.Exists(file) ? new FileInfo(file).Length : 0;

    private TrainingProcess Start(string folder, bool reads = true, params string[] more) =>
        TrainingProcess.Start(reads, ["train", "--data", tiny.Data, "--epochs", "100000", "--accelerator", "cpu", "--output", folder, .. more]);
}
