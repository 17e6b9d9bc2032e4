using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>A training in one call: the same as an epoch at a time, with the best weights kept.</summary>
public sealed class WholeTrainingTests
{
    private static readonly TrainingOptions Options = new() { Epochs = 4, BatchSize = 100, LearningRate = 0.02, ValidationSplit = 0.5 };

    [Fact]
    public void It_gives_the_weights_of_the_epoch_that_was_best()
    {
        CancellationToken running = TestContext.Current.CancellationToken;
        ImageSet images = Oracle.Train.Slice(0, 1000);
        using var byEpoch = new Training(images);
        IReadOnlyList<WeightTensor> best = [];
        double accuracy = -1;
        while (byEpoch.Trainer.EpochsDone < Options.Epochs)
        {
            EpochResult epoch = byEpoch.Trainer.RunEpoch(stop: running);
            if (epoch.ValAccuracy > accuracy)
            {
                (best, accuracy) = (byEpoch.Network.ExportWeights(), epoch.ValAccuracy.Value);
            }
        }

        using var whole = new Training(images);
        var epochs = new List<EpochResult>();
        TrainedModel trained = whole.Trainer.Train(epochs.Add, stop: running);
        Assert.Equal([1, 2, 3, 4], epochs.Select(epoch => epoch.Epoch));
        Assert.Equal(byEpoch.Trainer.StepLosses, whole.Trainer.StepLosses);
        Assert.Equal(accuracy, trained.ValidationAccuracy);
        Assert.Equal(images.ClassNames, trained.ClassNames);
        Same(best, trained.Weights);
        Same(byEpoch.Network.ExportWeights(), whole.Network.ExportWeights());
        Same(byEpoch.Network.ExportWeights(), whole.Trainer.Train(stop: running).Weights);
    }

    [Fact]
    public void A_stop_gives_the_weights_of_the_epochs_before_or_those_that_there_are()
    {
        using var training = new Training(Oracle.Train.Slice(0, 1000));
        using var stop = new CancellationTokenSource();
        IReadOnlyList<WeightTensor> first = [];
        TrainedModel trained = training.Trainer.Train(_ =>
        {
            first = training.Network.ExportWeights();
            stop.Cancel();
        }, null, stop.Token);
        Assert.Equal(1, training.Trainer.EpochsDone);
        Same(first, trained.Weights);

        using var early = new Training(Oracle.Train.Slice(0, 1000));
        TrainedModel untrained = early.Trainer.Train(null, null, stop.Token);
        Assert.Null(untrained.ValidationAccuracy);
        Same(early.Network.ExportWeights(), untrained.Weights);
    }

    [Fact]
    public void A_network_without_weights_refuses_to_train_and_to_predict()
    {
        using var network = new Network(ModelZoo.Cnn2, TestDevices.Cpu(2), Options.BatchSize);
        using var trainer = new Trainer(network, Options, Oracle.Train.Slice(0, 200));
        foreach (Action use in (Action[])[() => trainer.RunEpoch(), () => trainer.Train(), () => trainer.Probe(0.1), () => LearningRateFinder.Run(trainer, new LearningRateSearch()),
            () => Evaluation.Run(network, Oracle.Test.Slice(0, 10))])
        {
            Assert.Equal("the network has no weights yet: call Initialize, ImportWeights or Restore", Assert.Throws<InvalidOperationException>(use).Message);
        }
        Assert.Empty(trainer.StepLosses);
    }

    [Fact]
    public void Weights_that_are_drawn_loaded_or_restored_are_weights()
    {
        ImageSet images = Oracle.Train.Slice(0, 200);
        using var drawn = new Training(images);
        drawn.Trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        using var loaded = new Network(ModelZoo.Cnn2, TestDevices.Cpu(2), Options.BatchSize);
        loaded.ImportWeights(drawn.Network.ExportWeights());
        using var restored = new Network(ModelZoo.Cnn2, TestDevices.Cpu(2), Options.BatchSize);
        using var trainer = new Trainer(restored, Options, images);
        trainer.Restore(drawn.Trainer.Capture());
        double expected = Evaluation.Run(drawn.Network, images, TestContext.Current.CancellationToken).Loss;
        Assert.Equal(expected, Evaluation.Run(loaded, images, TestContext.Current.CancellationToken).Loss);
        Assert.Equal(expected, Evaluation.Run(restored, images, TestContext.Current.CancellationToken).Loss);
    }

    private static void Same(IReadOnlyList<WeightTensor> expected, IReadOnlyList<WeightTensor> actual)
    {
        Assert.Equal(expected.Select(tensor => tensor.Name).Order(), actual.Select(tensor => tensor.Name).Order());
        Assert.All(expected, tensor => Assert.Equal(tensor.Values, actual.Single(each => each.Name == tensor.Name).Values));
    }

    private sealed class Training : IDisposable
    {
        public Training(ImageSet images)
        {
            Network = new Network(ModelZoo.Cnn2, TestDevices.Cpu(2), Options.BatchSize);
            Network.Initialize(seed: 3);
            Trainer = new Trainer(Network, Options, images);
        }

        public Network Network { get; }

        public Trainer Trainer { get; }

        public void Dispose()
        {
            Trainer.Dispose();
            Network.Dispose();
        }
    }
}
