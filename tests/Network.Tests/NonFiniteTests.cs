using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Numbers that become NaN or infinite: where they began is named, and a training stops or goes back.</summary>
public abstract class NonFiniteTests<TDevice> where TDevice : ITestDevice
{
    private static readonly ModelDefinition Small = new("small", new TensorShape(1, 28, 28), 1,
        new Conv2d(5, 3, 3), new Relu(), new MaxPool2d(2), new Conv2d(7, 3, 3), new Relu(), new Flatten(), new Dense(17), new Relu(), new Dropout(0.4), new Dense(10));

    private static readonly ModelDefinition Flat = new("flat", new TensorShape(1, 28, 28), 1, new Flatten(), new Dense(17), new Relu(), new Dense(10));

    /// <summary>26 steps an epoch in the order of the files, the last smaller; 64 images held out.</summary>
    private static readonly TrainingOptions Options = new() { Epochs = 2, BatchSize = 10, TrainSamples = 320, Shuffle = false, Seed = 3 };

    [DeviceTheory]
    [InlineData("conv1.weight")]
    [InlineData("conv2.bias")]
    [InlineData("dense2.weight")]
    public void Weights_that_come_infinite_are_refused_before_the_first_step(string name)
    {
        using var network = new Network(Small, TDevice.Open(), 10);
        network.Initialize(1);
        Plant(network, name, float.PositiveInfinity);
        using var trainer = new Trainer(network, Options, Oracle.Train);
        NonFiniteLossException exception = Assert.Throws<NonFiniteLossException>(() => trainer.RunEpoch());
        Assert.Equal($"{name} became Infinity before the first step; start from other weights", exception.Message);
        Assert.Equal((1, 0, 0), (exception.Epoch, exception.Step, trainer.StepLosses.Count));
    }

    [DeviceTheory]
    [InlineData("conv1.weight", "conv1")]
    [InlineData("conv2.weight", "conv2")]
    [InlineData("dense1.weight", "dense1")]
    [InlineData("dense2.weight", "dense2")]
    public void The_layer_whose_output_overflows_is_named(string name, string layer)
    {
        using var network = new Network(Small, TDevice.Open(), 10);
        network.Initialize(1);
        Plant(network, "dense1.bias", 10);
        Plant(network, name, float.MaxValue);
        using var trainer = new Trainer(network, Options with { Dropout = false }, Oracle.Train);
        NonFiniteLossException exception = Assert.Throws<NonFiniteLossException>(() => trainer.RunEpoch());
        Assert.Equal((1L, layer, $"the output of {layer}"), (exception.Origin!.Step, exception.Origin.Layer, exception.Origin.Quantity));
        Assert.Equal((1L, null), (exception.Step, exception.LastFiniteLoss));
        Assert.False(float.IsFinite(exception.Origin.Value));
    }

    [DeviceFact]
    public void The_step_of_the_image_that_spoils_is_named_and_the_training_is_back_at_the_checkpoint()
    {
        using var network = new Network(Flat, TDevice.Open(), 10);
        PlantForTwoPixels(network);
        using var trainer = new Trainer(network, Options, WithTwoPixels(125)) { CheckpointEvery = 5 };
        var follower = new Follower();
        NonFiniteLossException exception = Assert.Throws<NonFiniteLossException>(() => trainer.RunEpoch(follower));
        Assert.Equal(new NonFiniteOrigin(13, "dense1", "the output of dense1", float.PositiveInfinity), exception.Origin);
        Assert.Equal((1, 13), (exception.Epoch, exception.Step));
        Assert.Equal(follower.Losses[12], exception.LastFiniteLoss);
        Assert.Equal(FormattableString.Invariant($"the loss became NaN at step 13 (epoch 1): first the output of dense1 became Infinity; the last finite loss was {follower.Losses[12]:0.####}; ")
            + "try a smaller --learning-rate from step 10 on", exception.Message);
        Assert.Equal((10, 0), (trainer.StepLosses.Count, trainer.EpochsDone));
        RequireSame(follower.States[^1], trainer.Capture());
    }

    [DeviceFact]
    public void A_held_out_image_that_spoils_is_found_in_its_layer()
    {
        using var network = new Network(Flat, TDevice.Open(), 10);
        PlantForTwoPixels(network);
        using var trainer = new Trainer(network, Options, WithTwoPixels(300));
        NonFiniteLossException exception = Assert.Throws<NonFiniteLossException>(() => trainer.RunEpoch());
        Assert.Equal(("dense1", "the output of dense1"), (exception.Origin!.Layer, exception.Origin.Quantity));
        Assert.StartsWith("the validation loss became NaN after step 26 (epoch 1): first the output of dense1 became Infinity; the last finite loss was ", exception.Message, StringComparison.Ordinal);
    }

    [DeviceFact]
    public void A_gradient_that_overflows_is_named_though_its_own_loss_is_finite()
    {
        var model = new ModelDefinition("chain", new TensorShape(1, 28, 28), 1, new Flatten(), new Dense(8), new Dense(9), new Dense(10));
        using var network = new Network(model, TDevice.Open(), 10);
        network.Initialize(1);
        Plant(network, "dense1.weight", 0);
        Plant(network, "dense2.weight", 1e25f);
        Plant(network, "dense3.weight", 1e25f, alternate: true);
        using var trainer = new Trainer(network, Options, Oracle.Train);
        NonFiniteLossException exception = Assert.Throws<NonFiniteLossException>(() => trainer.RunEpoch());
        Assert.Equal((1L, "dense2", "the gradient of dense2's input"), (exception.Origin!.Step, exception.Origin.Layer, exception.Origin.Quantity));
        Assert.Equal(2, exception.Step);
        Assert.Equal(Math.Log(10), exception.LastFiniteLoss!.Value, 1e-5);
        Assert.Contains(", at step 1; ", exception.Message, StringComparison.Ordinal);
    }

    [DeviceFact]
    public void Moments_that_overflow_are_found_though_every_loss_and_weight_is_finite()
    {
        var model = new ModelDefinition("one", new TensorShape(1, 28, 28), 1, new Flatten(), new Dense(6), new Dense(10));
        using var network = new Network(model, TDevice.Open(), 10);
        network.Initialize(1);
        Plant(network, "dense1.weight", 0);
        Plant(network, "dense2.weight", 1e25f, alternate: true);
        using var trainer = new Trainer(network, Options with { BatchSize = 5, TrainSamples = 5, ValidationSplit = 0 }, Oracle.Train);
        NonFiniteLossException exception = Assert.Throws<NonFiniteLossException>(() => trainer.RunEpoch());
        Assert.Equal("Adam's second moment of dense1.weight", exception.Origin!.Quantity);
        Assert.Equal(0, trainer.EpochsDone);
    }

    [DeviceTheory]
    [InlineData(1e22f, "gradients", "the norm of all gradients")]
    [InlineData(1e25f, "dense2", "the gradient of dense2's input")]
    public void A_gradient_too_long_to_be_clipped_is_named(float weight, string layer, string quantity)
    {
        var model = new ModelDefinition("chain", new TensorShape(1, 28, 28), 1, new Flatten(), new Dense(8), new Dense(9), new Dense(10));
        using var network = new Network(model, TDevice.Open(), 10);
        network.Initialize(1);
        Plant(network, "dense1.weight", 0);
        Plant(network, "dense2.weight", weight);
        Plant(network, "dense3.weight", weight == 1e25f ? weight : 1, alternate: true);
        using var trainer = new Trainer(network, Options with { GradientClip = 1 }, Oracle.Train);
        NonFiniteLossException exception = Assert.Throws<NonFiniteLossException>(() => trainer.RunEpoch());
        Assert.Equal((1L, layer, quantity), (exception.Origin!.Step, exception.Origin.Layer, exception.Origin.Quantity));
    }

    [DeviceFact]
    public void A_rollback_goes_on_as_a_training_with_the_smaller_rate_would_have()
    {
        ModelDefinition deep = new("deep", new TensorShape(1, 28, 28), 1, [new Flatten(), .. Enumerable.Range(0, 24).Select(_ => new Dense(16)), new Dense(10)]);
        TrainingOptions options = Options with { BatchSize = 16, TrainSamples = 80, LearningRate = 1, OnNonFinite = NonFinitePolicy.Rollback };
        var follower = new Follower();
        (TrainingState state, double rate) = Train(options, follower);
        Assert.InRange(follower.Rollbacks.Count, 1, Trainer.MostRollbacks);
        Assert.Equal(Math.Pow(0.5, follower.Rollbacks.Count), rate);
        Assert.All(follower.Rollbacks.Select((rollback, i) => (rollback, i)), each =>
        {
            Assert.Equal((0L, each.i + 1, Math.Pow(0.5, each.i + 1)), (each.rollback.Step, each.rollback.Number, each.rollback.LearningRate));
            Assert.NotNull(each.rollback.Cause.Origin);
        });
        Assert.Equal(follower.Rollbacks.Count, state.Rollbacks);
        var quiet = new Follower();
        RequireSame(state, Train(options with { LearningRate = rate }, quiet).State);
        Assert.Empty(quiet.Rollbacks);
        // What the observer has seen last of each step are the losses that count.
        Assert.Equal(state.StepLosses, Enumerable.Range(1, state.StepLosses.Count).Select(step => follower.Losses[step]));
        (TrainingState State, double Rate) Train(TrainingOptions how, Follower observer)
        {
            using var network = new Network(deep, TDevice.Open(), 16);
            network.Initialize(2);
            using var trainer = new Trainer(network, how, Oracle.Train);
            trainer.RunEpoch(observer);
            return (trainer.Capture(), trainer.LearningRate);
        }
    }

    [DeviceFact]
    public void A_rollback_that_does_not_help_stops_after_five_and_a_state_counts_those_before_it()
    {
        using var network = new Network(Flat, TDevice.Open(), 10);
        PlantForTwoPixels(network);
        using var trainer = new Trainer(network, Options with { OnNonFinite = NonFinitePolicy.Rollback }, WithTwoPixels(125)) { CheckpointEvery = 5 };
        var follower = new Follower();
        NonFiniteLossException exception = Assert.Throws<NonFiniteLossException>(() => trainer.RunEpoch(follower));
        Assert.Equal(Enumerable.Repeat(10L, 5), follower.Rollbacks.Select(rollback => rollback.Step));
        Assert.EndsWith("; the training went back 5 times, to a learning rate of 0.000031: try a smaller --learning-rate", exception.Message, StringComparison.Ordinal);
        TrainingState last = trainer.Capture();
        Assert.Equal((10, 5, Options.LearningRate / 32), (last.StepLosses.Count, last.Rollbacks, last.LearningRate));
        using var again = new Trainer(network, trainer.Options, WithTwoPixels(125));
        again.Restore(last with { Rollbacks = 4 });
        var later = new Follower();
        Assert.Throws<NonFiniteLossException>(() => again.RunEpoch(later));
        Assert.Equal(5, Assert.Single(later.Rollbacks).Number);
    }

    private static void RequireSame(TrainingState expected, TrainingState actual)
    {
        Assert.Equal(expected.StepLosses, actual.StepLosses);
        Assert.Equal(expected.Parts.Select(part => part.Name), actual.Parts.Select(part => part.Name));
        foreach ((StateTensors a, StateTensors b) in expected.Parts.Zip(actual.Parts))
        {
            Assert.Equal(a.InOrder.SelectMany(tensor => tensor.Values), b.InOrder.SelectMany(tensor => tensor.Values));
        }
    }

    /// <summary>Sets all of a tensor to a value, or to the value and its negative, two and two, so that a column has both.</summary>
    private static void Plant(Network network, string name, float value, bool alternate = false) => network.ImportWeights([.. network.ExportWeights().Select(tensor =>
        tensor.Name == name ? tensor with { Values = [.. tensor.Values.Select((_, i) => alternate && i % 4 > 1 ? -value : value)] } : tensor)]);

    /// <summary>The first two pixels' weights are finite, their sum is not.</summary>
    private static void PlantForTwoPixels(Network network)
    {
        network.Initialize(1);
        network.ImportWeights([.. network.ExportWeights().Select(tensor =>
            tensor.Name == "dense1.weight" ? tensor with { Values = [.. tensor.Values.Select((value, i) => i % 784 < 2 ? 3e38f : value)] } : tensor)]);
    }

    /// <summary>Images whose first two pixels are black, but for those of one.</summary>
    private static ImageSet WithTwoPixels(int index)
    {
        ImageSet images = Oracle.Train.Slice(0, 320);
        byte[] pixels = images.Pixels.ToArray();
        for (int i = 0; i < images.Count; i++)
        {
            pixels.AsSpan(i * 784, 2).Fill((byte)(i == index ? 255 : 0));
        }
        return new ImageSet(pixels, images.Labels, images.Shape, images.ClassNames);
    }

    private sealed class Follower : ITrainingObserver
    {
        public Dictionary<long, float> Losses { get; } = [];

        public List<TrainingState> States { get; } = [];

        public List<Rollback> Rollbacks { get; } = [];

        public void OnStep(in StepResult result) => Losses[result.Step] = result.Loss;

        public void OnCheckpoint(TrainingState state, EpochResult? ended)
        {
            if (ended is null)
            {
                States.Add(state);
            }
        }

        public void OnRollback(Rollback rollback) => Rollbacks.Add(rollback);
    }
}

public sealed class NonFiniteOnCpu : NonFiniteTests<Cpu>;

public sealed class NonFiniteOnOpenCL : NonFiniteTests<OpenCL>;

public sealed class NonFiniteOnCuda : NonFiniteTests<Cuda>;
