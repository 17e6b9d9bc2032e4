using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Trainings whose learning rate changes from step to step.</summary>
public abstract class ScheduledTrainingTests<TDevice> where TDevice : ITestDevice
{
    private static readonly ModelDefinition Model = new("small", new TensorShape(1, 28, 28), 1, new Flatten(), new Dense(13), new Relu(), new Dropout(0.3), new Dense(10));

    /// <summary>7 steps an epoch, the last smaller: 67 images to train on, 33 held out.</summary>
    private static readonly TrainingOptions Options = new() { Epochs = 6, BatchSize = 10, TrainSamples = 100, ValidationSplit = 0.33, Seed = 5, LearningRate = 0.02 };

    [DeviceTheory]
    [InlineData("cosine", 0)]
    [InlineData("cosine=0.1", 1.7)]
    [InlineData("one-cycle", 0)]
    [InlineData("step=2:0.3", 0.5)]
    [InlineData("plateau=0:0.5:val_accuracy", 0)]
    public void Each_step_takes_the_rate_of_the_schedule(string schedule, double warmUp)
    {
        // One step an epoch, so that a training of constant rate can be given each rate by hand.
        TrainingOptions options = Options with { Epochs = 9, BatchSize = 67, Schedule = LearningRateSchedule.Parse(schedule), WarmUp = warmUp };
        using var network = new Network(Model, TDevice.Open(), options.BatchSize);
        using var trainer = new Trainer(network, options, Oracle.Train);
        using var handNetwork = new Network(Model, TDevice.Open(), options.BatchSize);
        using var byHand = new Trainer(handNetwork, options with { Schedule = new ConstantSchedule(), WarmUp = 0 }, Oracle.Train);
        network.Initialize(3);
        handNetwork.Initialize(3);
        var rates = new HashSet<double>();
        for (int epoch = 0; epoch < options.Epochs; epoch++)
        {
            double rate = trainer.LearningRate;
            byHand.Restore(byHand.Capture() with { LearningRate = rate });
            EpochResult result = trainer.RunEpoch(stop: TestContext.Current.CancellationToken), expected = byHand.RunEpoch(stop: TestContext.Current.CancellationToken);
            Assert.Equal(expected with { TrainSeconds = 0, ImagesPerSecond = 0 }, result with { TrainSeconds = 0, ImagesPerSecond = 0 });
            Assert.Equal(rate, result.LearningRate);
            rates.Add(rate);
        }
        Assert.Equal(Values(handNetwork), Values(network));
        Assert.InRange(rates.Count, 2, 9);
    }

    [DeviceTheory]
    [InlineData("cosine", 1.3)]
    [InlineData("one-cycle", 0)]
    [InlineData("step=2", 0)]
    [InlineData("plateau=0:0.5", 0.4)]
    public void Every_step_can_be_gone_on_from(string schedule, double warmUp)
    {
        TrainingOptions options = Options with { Schedule = LearningRateSchedule.Parse(schedule), WarmUp = warmUp };
        Keeper whole = Train(options, null);
        Assert.Equal(42, whole.Rates.Count);
        Assert.InRange(whole.Rates.Distinct().Count(), 2, 42);
        string file = Path.GetTempFileName();
        foreach (TrainingState state in whole.States)
        {
            new Checkpoint(state, new Dictionary<string, string>()).Save(file);
            TrainingState loaded = Checkpoint.Load(file).State;
            Assert.Equal(options, loaded.Options);
            Keeper rest = Train(options, loaded);
            Assert.Equal(whole.Rates.Skip((int)state.Step), rest.Rates);
            Assert.Equal(whole.Weights, rest.Weights);
            Assert.Equal(whole.Epochs, rest.Epochs);
        }
        File.Delete(file);
    }

    [DeviceFact]
    public void A_rollback_halves_what_the_schedule_takes_its_shares_of()
    {
        TrainingOptions options = Options with { Schedule = LearningRateSchedule.Parse("cosine"), WarmUp = 1 };
        using var network = new Network(Model, TDevice.Open(), options.BatchSize);
        using var trainer = new Trainer(network, options, Oracle.Train);
        network.Initialize(1);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        double rate = trainer.LearningRate;
        trainer.Restore(trainer.Capture() with { LearningRate = options.LearningRate / 2, Rollbacks = 1 });
        Assert.Equal((rate / 2, options.LearningRate / 2), (trainer.LearningRate, trainer.BaseLearningRate));
    }

    [DeviceFact]
    public void A_plateau_needs_images_held_out()
    {
        using var network = new Network(Model, TDevice.Open(), Options.BatchSize);
        ArgumentException exception = Assert.Throws<ArgumentException>(() =>
            new Trainer(network, Options with { ValidationSplit = 0, Schedule = new PlateauSchedule() }, Oracle.Train));
        Assert.StartsWith("Schedule plateau needs images held out: set ValidationSplit above 0", exception.Message, StringComparison.Ordinal);
    }

    private static Keeper Train(TrainingOptions options, TrainingState? from)
    {
        using var network = new Network(Model, TDevice.Open(), options.BatchSize);
        using var trainer = new Trainer(network, options, Oracle.Train) { CheckpointEvery = 5 };
        network.Initialize(options.Seed);
        if (from is not null)
        {
            trainer.Restore(from);
        }
        var keeper = new Keeper();
        while (trainer.EpochsDone < options.Epochs)
        {
            trainer.RunEpoch(keeper);
            keeper.States.Add(trainer.Capture());
        }
        keeper.Weights = Values(network);
        keeper.Epochs = [.. trainer.Epochs.Select(epoch => epoch with { TrainSeconds = 0, ImagesPerSecond = 0 })];
        return keeper;
    }

    private static float[] Values(Network network) => [.. network.ExportWeights().SelectMany(tensor => tensor.Values)];

    private sealed class Keeper : ITrainingObserver
    {
        public List<double> Rates { get; } = [];

        public List<TrainingState> States { get; } = [];

        public float[] Weights { get; set; } = [];

        public EpochResult[] Epochs { get; set; } = [];

        public void OnStep(in StepResult result) => Rates.Add(result.LearningRate);

        public void OnCheckpoint(TrainingState state, EpochResult? ended)
        {
            if (ended is null)
            {
                States.Add(state);
            }
        }
    }
}

public sealed class ScheduledTrainingOnCpu : ScheduledTrainingTests<Cpu>;

public sealed class ScheduledTrainingOnOpenCL : ScheduledTrainingTests<OpenCL>;

public sealed class ScheduledTrainingOnCuda : ScheduledTrainingTests<Cuda>;
