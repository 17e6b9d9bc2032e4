using System.Globalization;
using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>When a training ends before all its epochs are done.</summary>
public sealed class EarlyStoppingTests
{
    [Theory]
    [InlineData("0.1 0.8 0.9 0.85 0.7", ValidationMetric.Loss, 2, 0, "4 0.8 2", 1)]
    [InlineData("0.1 0.1 0.9 0.9 0.9", ValidationMetric.Loss, 1, 0, "4 0.9 3", 2)]
    [InlineData("0.9 0.8 0.7", ValidationMetric.Accuracy, 1, 0, "", 3)]
    [InlineData("1 0.8 0.9 0.85 0.7", ValidationMetric.Loss, 2, 0, "4 0.8 2")]
    [InlineData("1 0.8 0.9 0.79 0.78 0.78 0.9", ValidationMetric.Loss, 2, 0, "7 0.78 5")]
    [InlineData("1 0.8 0.9 0.79 0.78", ValidationMetric.Loss, 2, 0, "")]
    [InlineData("1 1 1", ValidationMetric.Loss, 1, 0, "2 1 1")]
    [InlineData("1 0.95 0.91 0.89", ValidationMetric.Loss, 2, 0.1, "3 1 1")]
    [InlineData("1 0.95 0.89 0.8 0.79", ValidationMetric.Loss, 2, 0.1, "5 0.89 3")]
    [InlineData("0.5 0.6 0.6 0.7 0.7 0.7", ValidationMetric.Accuracy, 2, 0, "6 0.7 4")]
    [InlineData("0.5 0.505 0.51", ValidationMetric.Accuracy, 2, 0.01, "3 0.5 1")]
    [InlineData("1 2 3 4 5", ValidationMetric.Loss, 0, 0, "")]
    public void A_training_ends_after_so_many_epochs_without_improvement(string values, ValidationMetric metric, int patience, double minChange, string expected, int skip = 0)
    {
        var rule = new EarlyStopping { Patience = patience, Metric = metric, MinChange = minChange, Skip = skip };
        EpochResult[] epochs = [.. values.Split(' ').Select((value, i) => Epoch(i + 1, double.Parse(value, CultureInfo.InvariantCulture)))];
        var watch = new EarlyStoppingWatch(rule);
        foreach (EpochResult epoch in epochs)
        {
            Assert.Null(watch.Stop);
            watch.Add(epoch);
            var resumed = new EarlyStoppingWatch(rule);
            resumed.Restore(epochs.Take(epoch.Epoch));
            Assert.Equal(watch.Stop, resumed.Stop);
            if (watch.Stop is not null)
            {
                break;
            }
        }
        Assert.Equal(expected, watch.Stop is { } stop ? string.Create(CultureInfo.InvariantCulture, $"{stop.Epoch} {stop.Best} {stop.BestEpoch}") : "");

        // The metric that is not looked at says the opposite.
        EpochResult Epoch(int number, double value) => metric == ValidationMetric.Loss
            ? new EpochResult(number, 0, 0, value, number * 1e-3, 0, 0, 0, false, false)
            : new EpochResult(number, 0, 0, 1.0 / number, value, 0, 0, 0, false, false);
    }
}

/// <summary>Trainings that end early, on every accelerator.</summary>
public abstract class EarlyStoppedTrainingTests<TDevice> where TDevice : ITestDevice
{
    private static readonly ModelDefinition Model = new("small", new TensorShape(1, 28, 28), 1, new Flatten(), new Dense(13), new Relu(), new Dropout(0.3), new Dense(10));

    private static readonly TrainingOptions Options = new()
    {
        Epochs = 60,
        BatchSize = 20,
        TrainSamples = 100,
        ValidationSplit = 0.33,
        Seed = 4,
        LearningRate = 0.02,
        EarlyStopping = new EarlyStopping { Patience = 2 },
    };

    [DeviceFact]
    public void It_ends_where_its_metrics_say_and_goes_on_from_every_epoch_and_with_more_patience()
    {
        var states = new List<TrainingState>();
        (EpochResult[] epochs, float[] weights, EarlyStop? stop) = Train(Options, null, states);
        Assert.NotNull(stop);
        Assert.InRange(epochs.Length, 3, Options.Epochs - 1);
        double[] losses = [.. epochs.Select(epoch => epoch.ValLoss!.Value)];
        Assert.Equal((epochs.Length, losses.Min(), epochs.Length - 2), (stop.Epoch, stop.Best, stop.BestEpoch));
        Assert.Equal(stop.BestEpoch - 1, Array.IndexOf(losses, losses.Min()));
        string file = Path.GetTempFileName();
        foreach (TrainingState state in states)
        {
            new Checkpoint(state, new Dictionary<string, string>()).Save(file);
            TrainingState loaded = Checkpoint.Load(file).State;
            Assert.Equal(Options, loaded.Options);
            (EpochResult[] Epochs, float[] Weights, EarlyStop? Stop) rest = Train(Options, loaded);
            Assert.Equal(epochs, rest.Epochs);
            Assert.Equal(weights, rest.Weights);
            Assert.Equal(stop, rest.Stop);
        }
        File.Delete(file);
        TrainingOptions patient = Options with { EarlyStopping = Options.EarlyStopping with { Patience = 5 } };
        (EpochResult[] Epochs, float[] Weights, EarlyStop? Stop) longer = Train(patient, null), on = Train(patient, states[^1]);
        Assert.InRange(longer.Epochs.Length, epochs.Length + 3, Options.Epochs);
        Assert.Equal(longer.Epochs, on.Epochs);
        Assert.Equal(longer.Weights, on.Weights);
        Assert.Equal(longer.Stop, on.Stop);
    }

    [DeviceFact]
    public void It_needs_images_held_out()
    {
        using var network = new Network(Model, TDevice.Open(), Options.BatchSize);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => new Trainer(network, Options with { ValidationSplit = 0 }, Oracle.Train));
        Assert.StartsWith("EarlyStopping.Patience needs images held out: set ValidationSplit above 0", exception.Message, StringComparison.Ordinal);
    }

    private static (EpochResult[] Epochs, float[] Weights, EarlyStop? Stop) Train(TrainingOptions options, TrainingState? from, List<TrainingState>? states = null)
    {
        using var network = new Network(Model, TDevice.Open(), options.BatchSize);
        using var trainer = new Trainer(network, options, Oracle.Train);
        network.Initialize(options.Seed);
        if (from is not null)
        {
            trainer.Restore(from);
        }
        while (!trainer.IsDone)
        {
            trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
            states?.Add(trainer.Capture());
        }
        return ([.. trainer.Epochs.Select(epoch => epoch with { TrainSeconds = 0, ImagesPerSecond = 0 })], [.. network.ExportWeights().SelectMany(tensor => tensor.Values)], trainer.StoppedEarly);
    }
}

public sealed class EarlyStoppedTrainingOnCpu : EarlyStoppedTrainingTests<Cpu>;

public sealed class EarlyStoppedTrainingOnOpenCL : EarlyStoppedTrainingTests<OpenCL>;

public sealed class EarlyStoppedTrainingOnCuda : EarlyStoppedTrainingTests<Cuda>;
