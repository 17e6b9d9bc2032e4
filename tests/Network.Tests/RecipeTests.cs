using System.Text.Json;
using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Ways of training besides plain Adam.</summary>
public abstract class RecipeTests<TDevice> where TDevice : ITestDevice
{
    private const int Batch = 64;

    private static readonly Lazy<JsonElement> Recipes = new(() => Oracle.Golden(Path.Combine("described", "recipes.golden")).GetProperty("recipes"));

    private static readonly ModelDefinition Model = new("small", new TensorShape(1, 28, 28), 1,
        new Conv2d(5, 5, 5, 3, 1), new BatchNorm(), new Relu(), new MaxPool2d(2), new Flatten(), new Dense(17), new Relu(), new Dropout(0.4), new Dense(10));

    /// <summary>27 steps an epoch, the last smaller: 265 images to train on, 66 held out.</summary>
    private static readonly TrainingOptions Options = new() { Epochs = 2, BatchSize = 10, TrainSamples = 331, Seed = 5 };

    public static TheoryData<string, TrainingOptions> All => new()
    {
        { "AdamW", Options with { Optimizer = new AdamW(), WeightDecay = 0.1 } },
        { "SGD", Options with { Optimizer = new Sgd(), WeightDecay = 0.01 } },
        { "Nesterov", Options with { Optimizer = new Nesterov(), WeightDecay = 0.01 } },
        { "smoothing", Options with { LabelSmoothing = 0.2 } },
        { "clipping", Options with { GradientClip = 0.5 } },
        { "average", Options with { WeightAverage = 0.9 } },
        { "all", Options with { Optimizer = new AdamW(), WeightDecay = 0.1, LabelSmoothing = 0.1, GradientClip = 0.7, WeightAverage = 0.7 } },
    };

    /// <remarks>The model has no ReLU and no maximum, which rounding decides where values are equal: with them, PyTorch's own single and double precision are 1e-3 apart after twenty steps.</remarks>
    [DeviceTheory]
    [InlineData("adamw")]
    [InlineData("sgd")]
    [InlineData("nesterov")]
    [InlineData("average")]
    [InlineData("smoothing")]
    [InlineData("clipping")]
    [InlineData("all")]
    public void Twenty_steps_and_what_they_lead_to_are_PyTorchs(string name)
    {
        JsonElement golden = Recipes.Value.GetProperty(name), settings = golden.GetProperty("settings");
        double Setting(string key) => settings.TryGetProperty(key, out JsonElement value) ? value.GetDouble() : 0;
        var options = new TrainingOptions
        {
            Epochs = 1,
            BatchSize = Batch,
            Shuffle = false,
            Dropout = false,
            TrainSamples = 21 * Batch,
            ValidationSplit = 1.0 / 21,
            Optimizer = Optimizer.Parse(settings.GetProperty("optimizer").GetString()!),
            LearningRate = Setting("learning_rate"),
            WeightDecay = Setting("weight_decay"),
            LabelSmoothing = Setting("label_smoothing"),
            GradientClip = Setting("gradient_clip"),
            WeightAverage = Setting("average"),
        };
        ModelDefinition model = ModelFile.Load(Oracle.File(Path.Combine("described", "smooth.json")));
        using var network = new Network(model, TDevice.Open(), Batch);
        network.ImportWeights(Oracle.Weights(model));
        using var trainer = new Trainer(network, options, Oracle.Train);
        EpochResult epoch = trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        double[] losses = [.. golden.GetProperty("step_losses").EnumerateArray().Select(value => value.GetDouble())];
        Assert.Equal(losses.Length, trainer.StepLosses.Count);
        for (int i = 0; i < losses.Length; i++)
        {
            Near(losses[i], trainer.StepLosses[i], 1e-5 * losses[i], $"loss of step {i + 1}");
        }
        foreach (WeightTensor tensor in network.ExportWeights().Where(tensor => !tensor.Name.Contains("running", StringComparison.Ordinal)))
        {
            JsonElement expected = golden.GetProperty("tensors").GetProperty(tensor.Name);
            double norm = expected.GetProperty("norm").GetDouble();
            Near(norm, Math.Sqrt(tensor.Values.Sum(value => (double)value * value)), 1e-4 * norm, $"norm of {tensor.Name}");
            double[] samples = [.. expected.GetProperty("samples").EnumerateArray().Select(value => value.GetDouble())];
            for (int i = 0; i < samples.Length; i++)
            {
                Near(samples[i], tensor.Values[i * 2654435761L % tensor.Values.Length], 1e-3 * samples.Max(Math.Abs), $"sample {i} of {tensor.Name}");
            }
        }
        Near(golden.GetProperty("val_loss").GetDouble(), epoch.ValLoss!.Value, 1e-4 * epoch.ValLoss.Value, "validation loss");
        Near(golden.GetProperty("val_accuracy").GetDouble(), epoch.ValAccuracy!.Value, 1.01 / Batch, "validation accuracy");
        network.ImportWeights(trainer.ExportWeights());
        double[] logits = [.. golden.GetProperty("test_logits_first_8").EnumerateArray().SelectMany(row => row.EnumerateArray().Select(value => value.GetDouble()))];
        using var classifier = new Classifier(network);
        float[] own = [.. classifier.Predict(Oracle.Test.Slice(0, 8)).SelectMany(prediction => prediction.Logits)];
        for (int i = 0; i < logits.Length; i++)
        {
            Near(logits[i], own[i], 1e-4 * logits.Max(Math.Abs), $"logit {i}");
        }
    }

    [DeviceTheory]
    [MemberData(nameof(All))]
    public void A_run_goes_on_bit_for_bit_from_a_checkpoint_of_any_step(string name, TrainingOptions options)
    {
        var keeper = new Keeper();
        Outcome whole = Train(options, null, keeper);
        string file = Path.GetTempFileName();
        foreach (TrainingState state in keeper.States.Where(state => state.Step % 5 == 1))
        {
            new Checkpoint(state, new Dictionary<string, string>()).Save(file);
            Outcome parts = Train(options, Checkpoint.Load(file).State, null);
            Assert.True(whole.Losses.AsSpan().SequenceEqual(parts.Losses), $"{name}: the losses differ from step {state.Step} on");
            Assert.True(whole.Weights.AsSpan().SequenceEqual(parts.Weights), $"{name}: the weights differ, gone on from step {state.Step}");
            Assert.Equal(whole.Epochs, parts.Epochs);
        }
        File.Delete(file);
    }

    [DeviceTheory]
    [MemberData(nameof(All))]
    public void A_step_copies_and_waits_for_nothing_more_than_with_Adam(string name, TrainingOptions options)
    {
        _ = name;
        Device device = TDevice.Open();
        (long, long, long) Counts(TrainingOptions how)
        {
            using var network = new Network(Model, device, Options.BatchSize);
            network.Initialize(1);
            using var trainer = new Trainer(network, how, Oracle.Train);
            trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
            (long copies, long waits, long reads) = (device.Copies, device.Synchronizations, device.DelayedReads);
            trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
            return (device.Copies - copies, device.Synchronizations - waits, device.DelayedReads - reads);
        }
        (long copiesOfAdam, long waitsOfAdam, long readsOfAdam) = Counts(Options);
        // The state at the end of an epoch: two moments for Adam, one for SGD, and the average.
        int more = options.Optimizer.States.Count - Options.Optimizer.States.Count + (options.WeightAverage > 0 ? 1 : 0);
        Assert.Equal((copiesOfAdam + more, waitsOfAdam + more, readsOfAdam), Counts(options));
    }

    [DeviceFact]
    public void The_average_follows_its_definition_and_is_what_is_validated()
    {
        TrainingOptions options = Options with { WeightAverage = 0.6, LearningRate = 0.02 };
        using var network = new Network(Model, TDevice.Open(), Options.BatchSize);
        using var trainer = new Trainer(network, options, Oracle.Train) { CheckpointEvery = 1 };
        // Weights that come late are those that the average begins with.
        network.Initialize(7);
        TrainingState first = trainer.Capture();
        Assert.Equal(Values(first.Weights), Values(first.AveragedWeights));
        Assert.Equal(Values(first.Weights), Values(trainer.ExportWeights()));
        var keeper = new Keeper();
        EpochResult epoch = trainer.RunEpoch(keeper, TestContext.Current.CancellationToken);
        TrainingState last = trainer.Capture();
        double[] average = [.. Values(first.Weights)];
        foreach (TrainingState state in keeper.States.Append(last))
        {
            double decay = Math.Min(0.6, (1.0 + state.Step) / (10 + state.Step));
            float[] weights = Values(state.Weights), averaged = Values(state.AveragedWeights);
            for (int i = 0; i < average.Length; i++)
            {
                average[i] = (decay * average[i]) + ((1 - decay) * weights[i]);
                Near(average[i], averaged[i], 1e-6 * Math.Max(1, Math.Abs(average[i])), $"average {i} after step {state.Step}");
            }
        }
        Assert.Equal(Values(last.Weights), Values(network.ExportWeights()));
        Assert.NotEqual(Values(last.Weights), Values(last.AveragedWeights));
        Assert.Equal(Values(last.AveragedWeights), Values(last.ResultWeights));
        Assert.Equal(Values(last.AveragedWeights), Values(trainer.ExportWeights()));
        using var evaluated = new Network(Model, TDevice.Open(), Options.BatchSize);
        evaluated.ImportWeights(last.AveragedWeights);
        EvaluationResult result = Evaluation.Run(evaluated, Oracle.Train.Slice(265, 66));
        Assert.Equal(result.Accuracy, epoch.ValAccuracy!.Value, 1e-12);
        Assert.Equal(result.Loss, epoch.ValLoss!.Value, 1e-5);
    }

    [DeviceFact]
    public void A_state_of_another_recipe_is_refused()
    {
        var keeper = new Keeper();
        Train(Options with { Epochs = 1 }, null, keeper);
        TrainingState state = keeper.States[0];
        Refused(Options with { Optimizer = new AdamW() }, "Optimizer is adam, here it is adamw");
        Refused(Options with { WeightAverage = 0.5 }, "WeightAverage is 0, here it is 0.5");
        Refused(Options with { LabelSmoothing = 0.5 }, "LabelSmoothing is 0, here it is 0.5");
        Refused(Options with { GradientClip = 2 }, "GradientClip is 0, here it is 2");
        state = state with { Options = state.Options with { Optimizer = new AdamW(), WeightDecay = 0.25 } };
        Refused(Options with { Optimizer = new AdamW() }, "WeightDecay is 0.25, here it is 0.01");
        state = state with { Options = state.Options with { WeightAverage = 0.5 } };
        Assert.Throws<ModelMismatchException>(() => Train(Options with { Optimizer = new AdamW(), WeightDecay = 0.25, WeightAverage = 0.5 }, state, null));
        void Refused(TrainingOptions options, string problem) =>
            Assert.Contains(problem, Assert.Throws<StateMismatchException>(() => Train(options, state, null)).Message, StringComparison.Ordinal);
    }

    [DeviceTheory]
    [MemberData(nameof(All))]
    public void A_rollback_puts_everything_back(string name, TrainingOptions options)
    {
        _ = name;
        using var network = new Network(Model, TDevice.Open(), Options.BatchSize);
        network.Initialize(5);
        using var trainer = new Trainer(network, options, Oracle.Train);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        TrainingState before = trainer.Capture();
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        float[] once = [.. Values(trainer.Capture().ResultWeights), .. trainer.StepLosses];
        trainer.Restore(before);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        float[] again = [.. Values(trainer.Capture().ResultWeights), .. trainer.StepLosses];
        Assert.Equal(once, again);
    }

    internal static Outcome Train(TrainingOptions options, TrainingState? from, ITrainingObserver? observer, Device? device = null)
    {
        using var network = new Network(Model, device ?? TDevice.Open(), Options.BatchSize);
        using var trainer = new Trainer(network, options, Oracle.Train) { CheckpointEvery = 1 };
        if (from is null)
        {
            network.Initialize(options.Seed);
        }
        else
        {
            trainer.Restore(from);
        }
        while (trainer.EpochsDone < options.Epochs)
        {
            trainer.RunEpoch(observer, TestContext.Current.CancellationToken);
        }
        TrainingState end = trainer.Capture();
        return new Outcome([.. trainer.StepLosses], [.. Values(end.Weights), .. Values(end.ResultWeights)], [.. trainer.Epochs.Select(epoch => epoch with { TrainSeconds = 0, ImagesPerSecond = 0 })]);
    }

    private static float[] Values(IReadOnlyList<WeightTensor> tensors) => [.. tensors.SelectMany(tensor => tensor.Values)];

    private static void Near(double expected, double actual, double bound, string what) =>
        Assert.True(Math.Abs(expected - actual) <= bound, $"{what}: {actual}, expected {expected}, bound {bound}");

    /// <summary>What came of a training, without times.</summary>
    internal sealed record Outcome(float[] Losses, float[] Weights, EpochResult[] Epochs);

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
}

public sealed class RecipesOnCpu : RecipeTests<Cpu>
{
    [Theory]
    [MemberData(nameof(All))]
    public void The_number_of_threads_changes_no_bit(string name, TrainingOptions options)
    {
        Outcome one = Train(options, null, null, TestDevices.Cpu(1));
        foreach (int threads in (int[])[2, 3])
        {
            Outcome more = Train(options, null, null, TestDevices.Cpu(threads));
            Assert.True(one.Losses.AsSpan().SequenceEqual(more.Losses) && one.Weights.AsSpan().SequenceEqual(more.Weights), $"{name}: {threads} threads have other bits than one");
        }
    }
}

public sealed class RecipesOnOpenCL : RecipeTests<OpenCL>;

public sealed class RecipesOnCuda : RecipeTests<Cuda>;
