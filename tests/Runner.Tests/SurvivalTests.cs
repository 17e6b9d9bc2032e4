using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using GpuCnn.Kernels.Tests;
using MathNet.Numerics.Statistics;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>A process that is killed again and again, at any moment, leaves a run that can be gone on with; a long run takes no more than a short one.</summary>
/// <remarks>Short here; GPUCNN_KILLS=50 and GPUCNN_SOAK_EPOCHS=500 make them long, GPUCNN_KILL_SEED chooses other moments.</remarks>
public sealed class SurvivalTests(TinyData tiny, ITestOutputHelper log) : IClassFixture<TinyData>
{
    private static readonly int KillsAsked = Number("GPUCNN_KILLS", 0), SoakEpochs = Number("GPUCNN_SOAK_EPOCHS", 60), Seed = Number("GPUCNN_KILL_SEED", Environment.TickCount & 0xffff);

    [Theory]
    [MemberData(nameof(Machine.Accelerators), MemberType = typeof(Machine))]
    public async Task Killed_at_random_moments_it_ends_with_the_bits_of_a_run_that_was_not(string accelerator)
    {
        (int kills, int epochs) = accelerator == "opencl" ? (2, 6) : (4, 20);
        (kills, epochs) = KillsAsked > 0 ? (KillsAsked, Math.Max(epochs, KillsAsked)) : (kills, epochs);
        // cnn2 has dropout, the batches are shuffled, the last batch of an epoch is short; checkpoints come between epochs and within them.
        string[] args = ["train", "--data", tiny.Data, "--accelerator", accelerator, "--model", "cnn2", "--epochs", Text(epochs), "--batch-size", "32", "--seed", "5",
            "--checkpoint-every", "3", "--no-pictures"];
        string whole = tiny.New("whole"), killed = tiny.New("killed");
        (TimeSpan start, TimeSpan training) = await Reference([.. args, "--output", whole]);
        log.WriteLine(Line($"{accelerator}: {start.TotalSeconds:0.00} s to the end of the first epoch, {training.TotalSeconds:0.00} s of training; seed of the moments {Seed}"));
        var random = new Random(Seed);
        int again = 0;
        for (int kill = 1; kill <= kills; kill++)
        {
            using TrainingProcess process = TrainingProcess.Start(true, File.Exists(Path.Combine(killed, "args.json")) ? ["train", "--resume", killed] : [.. args, "--output", killed]);
            // Some at any moment of the start, most when it has come further than the one before, however slow the machine is just now.
            string before = Checkpoints(killed);
            bool early = random.NextDouble() < 0.3;
            TimeSpan moment = (early ? start : training / kills) * random.NextDouble();
            long begun = Stopwatch.GetTimestamp();
            while (Checkpoints(killed) == before && (!early || Stopwatch.GetElapsedTime(begun) < moment) && !await process.Ends(TimeSpan.FromMilliseconds(5)))
            {
            }
            moment = early ? TimeSpan.Zero : moment;
            Assert.False(await process.Ends(moment), $"it ended before kill {kill}: {process.Out}{process.Error}");
            process.Kill();
            again += process.Error.Contains("begins again", StringComparison.Ordinal) ? 1 : 0;
            log.WriteLine(Line($"{accelerator}: kill {kill}, {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.000} s after its start{(early ? "" : ", with a checkpoint of its own")}: {Checkpoints(killed)}"));
        }
        using TrainingProcess last = TrainingProcess.Start(true, "train", "--resume", killed, "--json", "--quiet");
        Assert.True(await last.Ends());
        Assert.True(last.ExitCode == 0, last.Error);
        RunComparison.Same(whole, killed);
        using JsonDocument document = JsonDocument.Parse(last.Out);
        Assert.Equal(File.ReadAllLines(Path.Combine(whole, "steps.csv")).Skip(1).Select(line => line.Split(',')[1]),
            document.RootElement.GetProperty("step_losses").EnumerateArray().Select(loss => loss.GetSingle().ToString(CultureInfo.InvariantCulture)));
        log.WriteLine(Line($"{accelerator}: {kills} kills, {again} of them before a checkpoint; weights, steps.csv and results.csv are those of the run that was not killed"));
    }

    [Fact(Skip = "only Linux shows a process's memory and handles in /proc", SkipUnless = nameof(HasProc))]
    public async Task A_long_run_takes_no_more_memory_and_handles_than_a_short_one()
    {
        using TrainingProcess process = TrainingProcess.Start(true, "train", "--data", tiny.Data, "--accelerator", "cpu", "--model", "cnn2", "--epochs", Text(SoakEpochs), "--batch-size", "32",
            "--train-samples", "100", "--checkpoint-every", "2", "--no-pictures", "--output", tiny.New("soak"));
        var memory = new List<double>();
        var handles = new List<double>();
        for (int epoch = 1; epoch < SoakEpochs; epoch++)
        {
            await process.WaitFor("\n" + Line($"{epoch}/{SoakEpochs}  ").PadLeft(8));
            if (!TryLook(process.Id, out double megabytes, out int open))
            {
                // The last epochs can be done before they are read of.
                break;
            }
            memory.Add(megabytes);
            handles.Add(open);
        }
        await process.Ends();
        Assert.Equal(0, process.ExitCode);
        Assert.True(memory.Count > SoakEpochs * 3 / 4, Line($"only {memory.Count} looks"));
        // Code is compiled and the heap finds its size in the first epochs.
        int part = memory.Count / 4;
        (double before, double after) = (memory.GetRange(part, part).Median(), memory.GetRange(memory.Count - part, part).Median());
        // A file that is being written is open at some looks, on a slow disk at most; what is never closed is open at all of them.
        (double opened, double openedAfter) = (handles.GetRange(part, part).Minimum(), handles.GetRange(handles.Count - part, part).Minimum());
        log.WriteLine(Line($"{memory.Count} epochs: memory {before:0.0} MB in the second quarter, {after:0.0} MB in the last ({after / before - 1:+0.0 %;-0.0 %}), at most {memory.Max():0.0} MB; handles {opened} and {openedAfter}, at most {handles.Max()}"));
        // A short run ends before the heap has its size; it would still show a state that is kept each epoch.
        Assert.True(after <= before * (SoakEpochs >= 500 ? 1.05 : 1.4), Line($"memory rose from {before:0.0} to {after:0.0} MB"));
        Assert.True(openedAfter <= opened, Line($"handles rose from {opened} to {openedAfter}"));
    }

    public static bool HasProc => Directory.Exists("/proc/self/fd");

    /// <summary>The memory of a process that is in use, managed and native, and its open handles.</summary>
    private static bool TryLook(int process, out double megabytes, out int handles)
    {
        (megabytes, handles) = (0, 0);
        try
        {
            string line = File.ReadLines(Line($"/proc/{process}/status")).FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)) ?? "";
            megabytes = line.Length == 0 ? 0 : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
            handles = Directory.EnumerateFileSystemEntries(Line($"/proc/{process}/fd")).Count();
            return megabytes > 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task<(TimeSpan Start, TimeSpan Training)> Reference(string[] args)
    {
        long begun = Stopwatch.GetTimestamp();
        using TrainingProcess process = TrainingProcess.Start(true, args);
        // The first epoch belongs to the start: in it kernels are compiled.
        await process.WaitFor(" 1/");
        TimeSpan start = Stopwatch.GetElapsedTime(begun);
        Assert.True(await process.Ends());
        Assert.True(process.ExitCode == 0, process.Error);
        return (start, Stopwatch.GetElapsedTime(begun) - start);
    }

    private static string Checkpoints(string folder)
    {
        string path = Path.Combine(folder, "checkpoint");
        return Directory.Exists(path) ? string.Join(", ", Directory.EnumerateFiles(path).Select(Path.GetFileName).Order(StringComparer.Ordinal)) : "no checkpoint yet";
    }

    private static int Number(string variable, int preset) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int value) ? value : preset;

    private static string Line(FormattableString text) => FormattableString.Invariant(text);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
