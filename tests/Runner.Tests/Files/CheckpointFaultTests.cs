using Xunit;

namespace GpuCnn.Runner.Tests.Files;

/// <summary>Checkpoints on a disk whose power goes, or that is full, after each call to the system.</summary>
public sealed class CheckpointFaultTests : IDisposable
{
    private const int Saves = 5;

    private readonly string root = Directory.CreateTempSubdirectory("gpucnn-tests-").FullName;

    private string Folder => Path.Combine(root, "checkpoint");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_power_cut_at_any_moment_leaves_the_checkpoint_that_was_saved_last()
    {
        var recorded = new RecordedFileCalls();
        var saved = new List<int>();
        using (new Substituted(recorded))
        {
            DurableFolder.Create(Folder);
            for (int step = 1; step <= Saves; step++)
            {
                new CheckpointFolder(Folder).Save(Checkpoint(step));
                saved.Add(recorded.Done.Count);
            }
        }
        var model = new DiskModel(root);
        for (int k = 0; k <= recorded.Done.Count; k++)
        {
            foreach (PowerCut cut in Enum.GetValues<PowerCut>())
            {
                string left = Path.Combine(root, "left");
                model.Leave(left, cut, new Random(k));
                int least = saved.Count(calls => calls <= k);
                Checkpoint? newest = new CheckpointFolder(Path.Combine(left, "checkpoint")).LoadNewest();
                long step = newest?.State.Step ?? 0;
                Assert.True(step >= least && step <= Math.Min(least + 1, Saves), $"{cut} after {k} calls: step {step}, saved was {least}");
                Assert.Equal(Checkpoint((int)step).State.Weights[0].Values, newest?.State.Weights[0].Values ?? Checkpoint(0).State.Weights[0].Values);
                Directory.Delete(left, recursive: true);
            }
            if (k < recorded.Done.Count)
            {
                model.Apply(recorded.Done[k]);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whichever_call_fails_the_last_checkpoint_is_there_and_the_next_save_works(bool halves)
    {
        DurableFolder.Create(Folder);
        var checkpoints = new CheckpointFolder(Folder);
        int step = 1;
        checkpoints.Save(Checkpoint(step));
        for (int k = 1, calls = k; calls >= k; k++)
        {
            using var failing = new Substituted(new FailingFileCalls((number, _) => number == k ? FailingFileCalls.NoSpace() : null, halves));
            try
            {
                checkpoints.Save(Checkpoint(step + 1));
            }
            catch (IOException)
            {
                Assert.InRange(checkpoints.LoadNewest()!.State.Step, step, step + 1);
                checkpoints.Save(Checkpoint(step + 1));
            }
            step++;
            calls = failing.Failing.Calls;
            Assert.Equal(step, checkpoints.LoadNewest()!.State.Step);
            Assert.True(Directory.EnumerateFileSystemEntries(Folder).Count() <= CheckpointFolder.Kept + 1);
        }
        Assert.True(step > 6);
    }

    private static Checkpoint Checkpoint(int step)
    {
        WeightTensor[] Tensors(float add) => [new WeightTensor("dense1.weight", [3, 7], [.. Enumerable.Range(0, 21).Select(i => i + step + add)])];
        return new Checkpoint(new TrainingState(new("weights", Tensors(0)), new("first_moments", Tensors(0.25f)), new("second_moments", Tensors(0.5f)))
        {
            Options = new TrainingOptions { Epochs = 9 },
            TrainingImages = 10,
            ValidationImages = 0,
            StepsOfEpoch = 0,
            CorrectOfEpoch = [],
            SecondsOfEpoch = 0,
            LearningRate = 0.001,
            Epochs = [],
            StepLosses = [.. Enumerable.Repeat(1f, step)],
        }, new Dictionary<string, string> { ["program"] = "test" });
    }
}
