using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>A training that is taken up again from a state, or from its file, goes on bit for bit.</summary>
public abstract class CheckpointTests<TDevice> where TDevice : ITestDevice
{
    private static readonly ModelDefinition Model = new("small", new TensorShape(1, 28, 28), 1,
        new Conv2d(5, 5, 5, 3, 1), new Relu(), new MaxPool2d(2), new Flatten(), new Dense(17), new Relu(), new Dropout(0.4), new Dense(10));

    /// <summary>27 steps an epoch, the last smaller: 265 images to train on, 66 held out.</summary>
    private static readonly TrainingOptions Options = new() { Epochs = 2, BatchSize = 10, TrainSamples = 331, Seed = 5, Augmentation = new(2, true, 0.5) };

    [DeviceFact]
    public void Every_step_of_a_run_can_be_gone_on_from()
    {
        Run whole = Train(null, every: 1);
        Assert.Equal((54, 2), (whole.Losses.Length, whole.Epochs.Length));
        Assert.Equal(Enumerable.Range(1, 54).Where(step => step % 27 != 0).Select(step => (long)step), whole.States.Select(state => state.Step));
        string file = Path.GetTempFileName();
        foreach (TrainingState state in whole.States)
        {
            new Checkpoint(state, new Dictionary<string, string> { ["a"] = "b \u00fc\n" }).Save(file);
            Checkpoint loaded = Checkpoint.Load(file);
            Assert.Equal("b \u00fc\n", Assert.Single(loaded.Notes).Value);
            RequireSame(whole, Train(loaded.State));
        }
        File.Delete(file);
    }

    [DeviceFact]
    public void An_interrupted_epoch_goes_on_in_the_same_trainer_and_in_another()
    {
        Run whole = Train(null);
        using var network = new Network(Model, TDevice.Open(), Options.BatchSize);
        network.Initialize(Options.Seed);
        using var trainer = new Trainer(network, Options, Oracle.Train);
        TrainingState? kept = null;
        for (int i = 0; trainer.EpochsDone < 2; i++)
        {
            using var stop = new CancellationTokenSource();
            EpochResult result = trainer.RunEpoch(new StopAt(3 + (7 * i), stop), stop.Token);
            kept = trainer.Capture();
            Assert.Equal((result.Interrupted, kept.StepsOfEpoch), (kept.StepsOfEpoch > 0, (int)(kept.Step - (27 * trainer.EpochsDone))));
            RequireSame(whole, Train(kept));
        }
        RequireSame(whole, new Run(trainer, []));
    }

    [DeviceFact]
    public void A_trainer_goes_back_to_a_state()
    {
        Run whole = Train(null, every: 13);
        using var network = new Network(Model, TDevice.Open(), Options.BatchSize);
        using var trainer = new Trainer(network, Options, Oracle.Train);
        foreach (TrainingState state in Enumerable.Reverse(whole.States))
        {
            trainer.Restore(state);
            Finish(trainer, null);
            RequireSame(whole, new Run(trainer, []));
        }
    }

    [DeviceFact]
    public void A_state_of_another_training_is_refused_and_changes_nothing()
    {
        TrainingState state = Train(null, every: 13).States[0];
        using var network = new Network(Model, TDevice.Open(), Options.BatchSize);
        network.Initialize(1);
        using var trainer = new Trainer(network, Options, Oracle.Train);
        float[] before = Values(network.ExportWeights());
        Refused(state with { Options = Options with { Seed = 6 } }, "Seed is 6, here it is 5");
        Refused(state with { Options = Options with { BatchSize = 11 } }, "BatchSize is 11, here it is 10");
        Refused(state with { Options = Options with { Dropout = false } }, "Dropout is False, here it is True");
        Refused(state with { Options = Options with { Augmentation = default } }, "Augmentation is none, here it is shift=2,flip,erase=0.5");
        Refused(state with { TrainingImages = 264 }, "number of training images is 264, here it is 265");
        Refused(state with { StepsOfEpoch = 12 }, "numbers do not agree");
        TrainingState other = new([.. state.Parts.SkipLast(1), new("second_moments", [.. state.Part("second_moments").Skip(1)])])
        {
            Options = state.Options,
            TrainingImages = state.TrainingImages,
            ValidationImages = state.ValidationImages,
            StepsOfEpoch = state.StepsOfEpoch,
            CorrectOfEpoch = state.CorrectOfEpoch,
            SecondsOfEpoch = 0,
            LearningRate = 1,
            Epochs = state.Epochs,
            StepLosses = state.StepLosses,
        };
        Assert.Throws<ModelMismatchException>(() => trainer.Restore(other));
        Assert.Equal(before, Values(network.ExportWeights()));
        Assert.Equal((0, 0), (trainer.StepLosses.Count, trainer.EpochsDone));
        void Refused(TrainingState wrong, string problem) => Assert.Contains(problem, Assert.Throws<StateMismatchException>(() => trainer.Restore(wrong)).Message, StringComparison.Ordinal);
    }

    internal static Run Train(TrainingState? from, int every = 0)
    {
        using var network = new Network(Model, TDevice.Open(), Options.BatchSize);
        using var trainer = new Trainer(network, Options, Oracle.Train);
        if (from is null)
        {
            network.Initialize(Options.Seed);
        }
        else
        {
            trainer.Restore(from);
        }
        trainer.CheckpointEvery = every;
        var keeper = new Keeper();
        Finish(trainer, keeper);
        return new Run(trainer, [.. keeper.States]);
    }

    private static void Finish(Trainer trainer, ITrainingObserver? observer)
    {
        while (trainer.EpochsDone < Options.Epochs)
        {
            trainer.RunEpoch(observer);
        }
    }

    private static void RequireSame(Run expected, Run actual)
    {
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(expected.Weights, actual.Weights);
        Assert.Equal(expected.Epochs, actual.Epochs);
    }

    private static float[] Values(IReadOnlyList<WeightTensor> tensors) => [.. tensors.SelectMany(tensor => tensor.Values)];

    /// <summary>What came of a training, without times, and the states on its way.</summary>
    internal sealed record Run(float[] Losses, float[] Weights, EpochResult[] Epochs, TrainingState[] States)
    {
        public Run(Trainer trainer, TrainingState[] states) : this([.. trainer.StepLosses], Values(trainer.Network.ExportWeights()),
            [.. trainer.Epochs.Select(epoch => epoch with { TrainSeconds = 0, ImagesPerSecond = 0 })], states)
        {
        }
    }

    private sealed class Keeper : ITrainingObserver
    {
        public List<TrainingState> States { get; } = [];

        public void OnStep(in StepResult result)
        {
        }

        public void OnCheckpoint(TrainingState state, EpochResult? ended)
        {
            if (ended is null)
            {
                States.Add(state);
            }
        }
    }

    private sealed class StopAt(int step, CancellationTokenSource stop) : ITrainingObserver
    {
        public void OnStep(in StepResult result)
        {
            if (result.Step >= step)
            {
                stop.Cancel();
            }
        }
    }
}

public sealed class CheckpointsOnCpu : CheckpointTests<Cpu>;

public sealed class CheckpointsOnOpenCL : CheckpointTests<OpenCL>;

public sealed class CheckpointsOnCuda : CheckpointTests<Cuda>;

/// <summary>Checkpoints as files.</summary>
public sealed class CheckpointFileTests : IDisposable
{
    private static readonly Lazy<TrainingState> State = new(() => CheckpointTests<Cpu>.Train(null, every: 5).States[^1]);

    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-checkpoints-").FullName;

    private CheckpointFolder Checkpoints => new(folder);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_newest_two_are_kept_and_later_ones_of_another_past_are_not()
    {
        Assert.Null(Checkpoints.LoadNewest());
        foreach (int step in (int[])[3, 5, 4, 9])
        {
            Checkpoints.Save(At(step));
            Assert.Equal(step, Checkpoints.LoadNewest()!.State.Step);
            Assert.Equal($"step-{step:D9}.safetensors", Names()[^1]);
        }
        Assert.Equal(["step-000000004.safetensors", "step-000000009.safetensors"], Names());
        string[] Names() => [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order()];
    }

    [Fact]
    public void A_damaged_newest_one_falls_back_to_the_one_before()
    {
        Checkpoints.Save(At(3));
        Checkpoints.Save(At(5));
        string newest = Path.Combine(folder, "step-000000005.safetensors");
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[^7] ^= 1;
        File.WriteAllBytes(newest, bytes);
        var told = new List<string>();
        Assert.Equal(3, Checkpoints.LoadNewest(damaged => told.Add(damaged.Message))!.State.Step);
        Assert.Equal([$"{newest}: its checksum is wrong: it is damaged"], told);
        File.WriteAllText(Path.Combine(folder, "step-000000003.safetensors"), "");
        Assert.Equal(newest, Assert.Throws<InvalidFileException>(() => Checkpoints.LoadNewest()).Path);
    }

    [Fact]
    public void Files_of_other_names_are_nobodys_checkpoints_and_stay()
    {
        string[] others = ["step-.safetensors", "step--1.safetensors", "step-last.safetensors", "step-3.txt", "weights.safetensors"];
        Array.ForEach(others, name => File.WriteAllText(Path.Combine(folder, name), "mine"));
        Assert.Null(Checkpoints.LoadNewest());
        foreach (int step in (int[])[2, 3, 4])
        {
            Checkpoints.Save(At(step));
        }
        Assert.All(others, name => Assert.Equal("mine", File.ReadAllText(Path.Combine(folder, name))));
        Assert.Equal(others.Length + 2, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void No_flipped_bit_and_no_cut_passes()
    {
        string file = Path.Combine(folder, "c.safetensors");
        var tiny = new WeightTensor("w", [3], [1, 2, 3]);
        new Checkpoint(new TrainingState(new("weights", [tiny]), new("first_moments", [tiny]), new("second_moments", [tiny]))
        {
            Options = new TrainingOptions(),
            TrainingImages = 5,
            ValidationImages = 1,
            StepsOfEpoch = 1,
            CorrectOfEpoch = [4],
            SecondsOfEpoch = 0.25,
            LearningRate = 1e-3,
            Epochs = [new EpochResult(1, 0.1, 0.2, null, 0.4, 1e-3, 1, 2, true, false)],
            StepLosses = [0.5f, 0.75f],
        }, new Dictionary<string, string> { ["version"] = "1.2.3" }).Save(file);
        byte[] whole = File.ReadAllBytes(file);
        Checkpoint loaded = Checkpoint.Load(file);
        Assert.Equal((2, "1.2.3", 0.25), (loaded.State.Step, loaded.Notes["version"], loaded.State.SecondsOfEpoch));
        Assert.Equal((null, 0.4), (loaded.State.Epochs[0].ValLoss, loaded.State.Epochs[0].ValAccuracy));
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] flipped = [.. whole];
            flipped[i] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(file, flipped);
            Assert.Throws<InvalidFileException>(() => Checkpoint.Load(file));
            File.WriteAllBytes(file, whole[..i]);
            Assert.Throws<InvalidFileException>(() => Checkpoint.Load(file));
        }
        WeightsFile.Save(file, [tiny]);
        Assert.Equal($"{file}: it is no checkpoint of a training; weights are given with --weights", Assert.Throws<InvalidFileException>(() => Checkpoint.Load(file)).Message);
    }

    [Fact]
    public void A_file_of_the_version_before_which_knew_fewer_options_is_read()
    {
        string file = Path.Combine(folder, "c.safetensors");
        At(3).Save(file);
        SafetensorsContent content = SafetensorsFile.Load(file);
        var metadata = content.Metadata.Where(pair => pair.Key != "checksum").ToDictionary(pair => pair.Key, pair => pair.Value);
        JsonNode state = JsonNode.Parse(metadata["state"])!;
        string[] unknown = ["optimizer", "weight_decay", "label_smoothing", "gradient_clip", "weight_average", "augmentation", "schedule", "warm_up"];
        Assert.All(unknown, name => Assert.True(state["options"]!.AsObject().Remove(name), name));
        (metadata["state"], metadata["format_version"]) = (state.ToJsonString(), "1");
        metadata["checksum"] = Checksum(content, metadata);
        SafetensorsFile.Save(file, new SafetensorsContent(content.Tensors, metadata));
        TrainingState loaded = Checkpoint.Load(file).State;
        Assert.Equal((new Adam(), 1e-3, 0.0, 0.0, 0.0, 0.0), (loaded.Options.Optimizer, loaded.Options.LearningRate, loaded.Options.WeightDecay, loaded.Options.LabelSmoothing,
            loaded.Options.GradientClip, loaded.Options.WeightAverage));
        Assert.Equal((Augmentation.None, "constant"), (loaded.Options.Augmentation, loaded.Options.Schedule.ToString()));
        Assert.Empty(loaded.AveragedWeights);
        metadata["format_version"] = "3";
        SafetensorsFile.Save(file, new SafetensorsContent(content.Tensors, metadata));
        Assert.Contains("it has version 3 of the format, this program reads 2", Assert.Throws<InvalidFileException>(() => Checkpoint.Load(file)).Message, StringComparison.Ordinal);
    }

    /// <remarks>daa41c2 wrote both files of each optimizer: <c>gpucnn train --train-samples 40 --batch-size 8 --epochs 1</c>, resumed to epoch 2; SGD with an average.</remarks>
    [Theory]
    [InlineData("adam", "Adam")]
    [InlineData("adamw", "AdamW")]
    [InlineData("sgd", "SgdMomentum")]
    public void A_run_of_an_earlier_version_goes_on_as_that_version_went_on(string optimizer, string inFile)
    {
        Checkpoint first = Load(1), second = Load(2);
        Assert.Equal(optimizer, first.State.Options.Optimizer.Name);
        var model = new ModelDefinition("tiny", new TensorShape(1, 28, 28), 2, new AveragePool2d(7), new Flatten(), new Dense(10));
        using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), 1);
        using var network = new Network(model, device, first.State.Options.BatchSize);
        using var trainer = new Trainer(network, first.State.Options with { Epochs = 2 }, Oracle.Train);
        trainer.Restore(first.State);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        TrainingState state = trainer.Capture();
        Assert.Equal(second.State.StepLosses, state.StepLosses);
        string file = Path.Combine(folder, "c.safetensors");
        new Checkpoint(state, second.Notes) { Best = second.Best }.Save(file);
        SafetensorsContent expected = SafetensorsFile.Load(Kept(2)), written = SafetensorsFile.Load(file);
        Assert.Equal(expected.Tensors.Select(tensor => tensor.Name), written.Tensors.Select(tensor => tensor.Name));
        foreach ((WeightTensor old, WeightTensor now) in expected.Tensors.Zip(written.Tensors))
        {
            Assert.True(old.Values.AsSpan().SequenceEqual(now.Values), now.Name);
        }
        Assert.Equal(inFile, JsonNode.Parse(written.Metadata["state"])!["options"]!["optimizer"]!.GetValue<string>());
        string Kept(int epoch) => Oracle.File(Path.Combine("checkpoints", $"{optimizer}-{epoch}.safetensors"));
        Checkpoint Load(int epoch) => Checkpoint.Load(Kept(epoch));
    }

    /// <summary>As docs/checkpoints.md describes it.</summary>
    private static string Checksum(SafetensorsContent content, Dictionary<string, string> metadata)
    {
        var bytes = new List<byte>();
        void Add(string text) => bytes.AddRange(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{text.Length}:{text}")));
        foreach ((string name, string text) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Add(name);
            Add(text);
        }
        foreach (WeightTensor tensor in content.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            Add(tensor.Name);
            Add($"[{string.Join(", ", tensor.Shape)}]");
            bytes.AddRange(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
        }
        return Convert.ToHexStringLower(XxHash128.Hash(bytes.ToArray()));
    }

    [Fact]
    public void A_file_with_more_or_fewer_losses_than_steps_is_refused()
    {
        string file = Path.Combine(folder, "c.safetensors");
        At(3).Save(file);
        SafetensorsContent content = SafetensorsFile.Load(file);
        foreach (int steps in (int[])[2, 4])
        {
            var metadata = content.Metadata.Where(pair => pair.Key != "checksum").ToDictionary(pair => pair.Key, pair => pair.Value);
            JsonNode state = JsonNode.Parse(metadata["state"])!;
            state["step"] = steps;
            metadata["state"] = state.ToJsonString();
            metadata["checksum"] = Checksum(content, metadata);
            SafetensorsFile.Save(file, new SafetensorsContent(content.Tensors, metadata));
            Assert.Equal($"{file}: it has 3 losses for {steps} steps", Assert.Throws<InvalidFileException>(() => Checkpoint.Load(file)).Message);
        }
    }

    [Fact]
    public void The_best_weights_come_back_and_are_in_the_file_once()
    {
        string file = Path.Combine(folder, "c.safetensors");
        StateTensors Part(string name, float first) => new(name, [new WeightTensor("w", [2], [first, first + 1])]);
        TrainingState state = new(Part("weights", 1), Part("first_moments", 3), Part("second_moments", 5), Part("averaged_weights", 7))
        {
            Options = new TrainingOptions(),
            TrainingImages = 5,
            ValidationImages = 1,
            StepsOfEpoch = 0,
            CorrectOfEpoch = [],
            SecondsOfEpoch = 0,
            LearningRate = 1e-3,
            Epochs = [],
            StepLosses = [],
        };
        Assert.Null(Saved(null, 4).Best);
        Assert.Equal([1f, 2f], Assert.Single(Saved(state.Weights, 4).Best!).Values);
        Assert.Equal([7f, 8f], Assert.Single(Saved(state.AveragedWeights, 4).Best!).Values);
        WeightTensor other = Assert.Single(Saved([new("w", [2], [9, 10])], 5).Best!);
        Assert.Equal(("w", 9f, 10f), (other.Name, other.Values[0], other.Values[1]));
        Checkpoint Saved(IReadOnlyList<WeightTensor>? best, int tensors)
        {
            new Checkpoint(state, new Dictionary<string, string>()) { Best = best }.Save(file);
            Assert.Equal(tensors, SafetensorsFile.Load(file).Tensors.Count);
            return Checkpoint.Load(file);
        }
    }

    private static Checkpoint At(int step) => new(State.Value with
    {
        StepLosses = [.. State.Value.StepLosses.Take(step)],
        StepsOfEpoch = step,
        CorrectOfEpoch = new int[step],
        Epochs = [],
    }, new Dictionary<string, string>());
}
