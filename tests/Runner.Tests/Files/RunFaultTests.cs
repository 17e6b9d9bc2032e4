using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace GpuCnn.Runner.Tests.Files;

/// <summary>A training whose k-th call to the system fails, or after whose k-th call the power goes, for every k: nothing but the work since the last checkpoint is lost,
/// and the training that is resumed ends bit for bit where an undisturbed one does.</summary>
/// <remarks>Every call is tried when <c>GPUCNN_ALL_FAULTS=1</c> is set; else every one of a power cut, and of failures those of a third, in turn.</remarks>
public sealed partial class RunFaultTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly int Stride = Environment.GetEnvironmentVariable("GPUCNN_ALL_FAULTS") == "1" ? 1 : 3;

    private readonly FaultyRun faulty = new(tiny);

    [Fact]
    public void Everything_that_a_training_writes_goes_through_the_layer()
    {
        string root = Directory.CreateDirectory(tiny.New("root")).FullName, folder = Path.Combine(root, "run"), left = tiny.New("left");
        List<FileOperation> calls = Record(root, folder);
        var model = new DiskModel(root);
        calls.ForEach(model.Apply);
        model.Leave(left, PowerCut.NothingLost, new Random(1));
        File.Delete(Path.Combine(folder, "lock"));
        Assert.Equal(FaultyRun.Print(root), FaultyRun.Print(left));
        Assert.Equal("lock", faulty.Differences(folder));
    }

    [Fact]
    public void A_power_cut_after_any_call_costs_at_most_the_work_since_the_last_checkpoint()
    {
        string root = Directory.CreateDirectory(tiny.New("root")).FullName;
        List<FileOperation> calls = Record(root, Path.Combine(root, "run"));
        var model = new DiskModel(root);
        var seen = new HashSet<string>();
        var problems = new List<string>();
        int durable = 0;
        string saving = "";
        for (int k = 0; k <= calls.Count; k++)
        {
            foreach (PowerCut cut in Enum.GetValues<PowerCut>())
            {
                string left = tiny.New("left");
                model.Leave(left, cut, new Random(k));
                FaultyRun.Disown(left);
                // What has been seen with a checkpoint as new or newer has been tried.
                if (seen.Add($"{durable} {FaultyRun.Print(left)}") && ProblemOf(Path.Combine(left, "run"), durable) is { } problem)
                {
                    problems.Add($"{cut} after {k} calls ({(k == 0 ? "none" : calls[k - 1])}), step {durable} durable: {problem}");
                }
                Directory.Delete(left, recursive: true);
            }
            if (k == calls.Count)
            {
                break;
            }
            model.Apply(calls[k]);
            if (calls[k] is { Call: "Rename", To: { } to } && CheckpointName().Match(to) is { Success: true })
            {
                saving = to;
            }
            else if (calls[k] is { Call: "FlushFolder" } flushed && saving.Length > 0 && Path.GetDirectoryName(saving) == flushed.Path)
            {
                durable = int.Parse(CheckpointName().Match(saving).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            }
        }
        Assert.True(durable == FaultyRun.Epochs * FaultyRun.StepsPerEpoch, $"the last checkpoint is of step {durable}");
        Assert.True(seen.Count > 100, $"only {seen.Count} states");
        Assert.True(problems.Count == 0, $"{problems.Count} of {seen.Count} states:\n{string.Join('\n', problems.Take(20))}");
    }

    [Theory]
    [InlineData("once", 0)]
    [InlineData("half", 1)]
    [InlineData("from there on", 2)]
    public void A_call_that_fails_leaves_only_whole_files_and_a_run_that_can_be_resumed(string how, int phase)
    {
        var problems = new List<string>();
        int tried = 0;
        bool over = false;
        for (int k = 1 + (phase % Stride); !over; k += Stride)
        {
            string folder = tiny.New("run");
            var calls = new FailingFileCalls((number, operation) => how == "from there on" ? number >= k && operation.Call is "Open" or "Write" or "CreateFolder" && number >= k ? FailingFileCalls.NoSpace() : null
                : number == k ? FailingFileCalls.NoSpace() : null, how == "half");
            CommandRun run = faulty.Train(folder, calls);
            over = calls.Failed.Count == 0;
            tried++;
            if (ProblemOf(folder, run, over) is { } problem)
            {
                problems.Add($"{how}, call {k} ({(over ? "none" : calls.Failed[0])}): {problem}");
            }
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        Assert.True(tried > 100 / Stride, $"only {tried} calls");
        Assert.True(problems.Count == 0, $"{problems.Count} of {tried} calls:\n{string.Join('\n', problems.Take(20))}");
    }

    [GeneratedRegex(@"step-([0-9]+)\.safetensors$")]
    private static partial Regex CheckpointName();

    [GeneratedRegex("resumed after step ([0-9]+),")]
    private static partial Regex ResumedAfter();

    [GeneratedRegex("the weights are in (.+) instead")]
    private static partial Regex Elsewhere();

    private List<FileOperation> Record(string root, string folder)
    {
        Assert.StartsWith(root, folder, StringComparison.Ordinal);
        var recorded = new RecordedFileCalls();
        CommandRun run = faulty.Train(folder, recorded);
        Assert.True(run.ExitCode == 0, run.Error);
        return recorded.Done;
    }

    /// <summary>What is wrong with a folder after a power cut and with the training that is resumed in it; null when nothing is.</summary>
    private string? ProblemOf(string folder, int durable)
    {
        CommandRun run = FaultyRun.Resume(folder);
        if (durable == 0 && run.ExitCode == 2 && run.ErrorLines.Length == 1)
        {
            // Nothing had been saved, and it says so.
            return null;
        }
        // A run of which no more than the options had been saved begins, without a word of resumption.
        int from = ResumedAfter().Match(run.Out) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
        return run.ExitCode != 0 ? $"exit code {run.ExitCode}: {run.Error.TrimEnd()}"
            : from < durable && !run.Out.Contains("nothing is left to train", StringComparison.Ordinal) ? $"resumed after step {from}"
            : faulty.Differences(folder) is { Length: > 0 } differences ? $"differ: {differences}"
            : null;
    }

    /// <summary>What is wrong with a folder and its run after a failure; null when nothing is.</summary>
    private string? ProblemOf(string folder, CommandRun run, bool over)
    {
        if (Elsewhere().Match(run.Error) is { Success: true } saved)
        {
            string damaged = FaultyRun.Damaged(saved.Groups[1].Value);
            Directory.Delete(saved.Groups[1].Value, recursive: true);
            if (damaged.Length > 0)
            {
                return $"not whole elsewhere: {damaged}";
            }
        }
        if (FaultyRun.Damaged(folder) is { Length: > 0 } half)
        {
            return $"not whole: {half}";
        }
        if (run.ErrorLines.Length > 2 || (run.ExitCode != 0 && run.ErrorLines.Length == 0) || run.Error.Contains("--verbose", StringComparison.Ordinal))
        {
            return $"exit code {run.ExitCode}: {run.Error}";
        }
        if (run.ExitCode == 0)
        {
            return faulty.Differences(folder) is { Length: > 0 } differences ? $"differ: {differences}" : null;
        }
        return over ? "it fails without a failure" : File.Exists(Path.Combine(folder, "args.json"))
            ? ProblemOf(folder, (int)(new CheckpointFolder(Path.Combine(folder, "checkpoint")).LoadNewest()?.State.Step ?? 0)) : null;
    }
}
