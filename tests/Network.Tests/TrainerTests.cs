using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>The training loop.</summary>
public abstract class TrainerTests<TDevice> where TDevice : ITestDevice
{
    private static readonly TrainingOptions Small = new() { Epochs = 2, BatchSize = 50, TrainSamples = 330, ValidationSplit = 0.2, Seed = 7 };

    [DeviceFact]
    public void One_batch_of_32_is_learned_by_heart()
    {
        using var network = new Network(ModelZoo.Cnn1, TDevice.Open(), 32);
        network.Initialize(1);
        var options = new TrainingOptions { Epochs = 40, BatchSize = 32, TrainSamples = 32, ValidationSplit = 0 };
        using var trainer = new Trainer(network, options, Oracle.Train);
        EpochResult last = RunAll(trainer)[^1];
        Assert.Equal(1.0, last.TrainAccuracy);
        Assert.True(last.TrainLoss < 0.1, $"the loss is still {last.TrainLoss}");
    }

    [DeviceFact]
    public void The_first_loss_is_near_that_of_guessing()
    {
        using var network = new Network(ModelZoo.Cnn3, TDevice.Open(), 50);
        network.Initialize(3);
        using var trainer = new Trainer(network, Small, Oracle.Train);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        Assert.InRange(trainer.StepLosses[0], 0.9 * Math.Log(10), 1.1 * Math.Log(10));
    }

    [DeviceFact]
    public void The_same_seed_gives_the_same_bits_and_another_seed_does_not()
    {
        float[] first = Train(TDevice.Open(), Small), again = Train(TDevice.Open(), Small), other = Train(TDevice.Open(), Small with { Seed = 8 });
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [DeviceFact]
    public void Dropout_fused_with_its_neighbours_gives_the_bits_of_separate_layers()
    {
        var model = new ModelDefinition("dropout", Oracle.Train.Shape, 1, new Flatten(), new Dense(34), new Relu(), new Dropout(0.4), new Dense(27), new Relu(), new Dropout(0.1), new Dense(10));
        float[] Trained(bool fuse)
        {
            using var network = new Network(model, TDevice.Open(), 50, training: true, fuse);
            network.Initialize(6);
            using var trainer = new Trainer(network, Small, Oracle.Train);
            RunAll(trainer);
            return [.. trainer.StepLosses, .. network.ExportWeights().SelectMany(tensor => tensor.Values)];
        }
        Assert.Equal(Trained(fuse: false), Trained(fuse: true));
    }

    /// <remarks>Averages of one pixel change nothing and have memory of their own: beside them nothing works in place.</remarks>
    [DeviceFact]
    public void Activations_that_work_in_place_give_the_bits_of_those_that_do_not()
    {
        Layer[] activations = [new Tanh(), new LeakyRelu(0.2), new Elu(2), new Silu(), new Relu6(), new Relu(), new Sigmoid(), new HardSwish(), new Relu(), new Tanh()];
        var average = new AveragePool2d(1);
        Assert.Equal(Trained([.. activations.SelectMany(layer => (Layer[])[layer, average])]), Trained(activations));
    }

    /// <remarks>Masks go by the number of the dropout layer, which is the same in both.</remarks>
    [DeviceFact]
    public void Dropout_leaves_what_an_activation_needs_of_its_output()
    {
        var average = new AveragePool2d(1);
        foreach (Layer activation in (Layer[])[new Relu(), new LeakyRelu(0.2), new Silu(), new Relu6(), new Sigmoid(), new HardSwish(), new Elu(), new Tanh()])
        {
            Assert.Equal(Trained(activation, average, new Dropout(0.4)), Trained(average, activation, new Dropout(0.4)));
        }
    }

    private static float[] Trained(params Layer[] layers)
    {
        var model = new ModelDefinition("places", Oracle.Train.Shape, 1, [new Conv2d(4, 3, 3, 3), .. layers, new Flatten(), new Dense(10)]);
        using var network = new Network(model, TDevice.Open(), 50);
        network.Initialize(6);
        using var trainer = new Trainer(network, Small, Oracle.Train);
        RunAll(trainer);
        return [.. trainer.StepLosses, .. network.ExportWeights().SelectMany(tensor => tensor.Values)];
    }

    [DeviceFact]
    public void Metrics_are_those_of_the_images_split_and_weighted_by_batch()
    {
        using var network = new Network(ModelZoo.Cnn2, TDevice.Open(), 50);
        network.Initialize(2);
        using var trainer = new Trainer(network, Small with { LearningRate = 1e-12, Dropout = false, Shuffle = false }, Oracle.Train);
        Assert.Equal((264, 66, 6), (trainer.TrainingImages, trainer.ValidationImages, trainer.StepsPerEpoch));
        EpochResult epoch = trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        EvaluationResult training = Evaluation.Run(network, Oracle.Train.Slice(0, 264)), validation = Evaluation.Run(network, Oracle.Train.Slice(264, 66));
        Assert.Equal(training.Loss, epoch.TrainLoss, 1e-5);
        Assert.Equal(training.Accuracy, epoch.TrainAccuracy, 1e-12);
        Assert.Equal(validation.Loss, epoch.ValLoss!.Value, 1e-5);
        Assert.Equal(validation.Accuracy, epoch.ValAccuracy!.Value, 1e-12);
        Assert.Equal(6, trainer.StepLosses.Count);
    }

    [DeviceFact]
    public void Stopping_finishes_the_step_under_way()
    {
        using var network = new Network(ModelZoo.Cnn1, TDevice.Open(), 50);
        network.Initialize(1);
        using var trainer = new Trainer(network, Small with { BatchSize = 5 }, Oracle.Train);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        EpochResult none = trainer.RunEpoch(stop: stop.Token);
        Assert.True(none.Interrupted);
        Assert.Null(none.ValAccuracy);
        Assert.Equal(0, trainer.EpochsDone);
        using var later = new CancellationTokenSource();
        var observer = new StopAt(2, later);
        EpochResult some = trainer.RunEpoch(observer, later.Token);
        Assert.True(some.Interrupted);
        // The host is ahead of a GPU by twice the steps whose losses are read together.
        Assert.InRange(trainer.StepLosses.Count, 2, 3 * LossReads.StepsARead);
        Assert.Equal(Enumerable.Range(1, trainer.StepLosses.Count).Select(i => (long)i), observer.Steps);
    }

    [DeviceTheory]
    [InlineData(50)]
    [InlineData(11)]
    [InlineData(4)]
    public void An_epoch_copies_and_waits_as_often_whatever_its_number_of_steps(int batch)
    {
        Device device = TDevice.Open();
        using var network = new Network(ModelZoo.Cnn1, device, 66);
        network.Initialize(1);
        long before = device.BytesCopied;
        using var trainer = new Trainer(network, Small with { BatchSize = batch }, Oracle.Train);
        // Every image crosses once, as bytes, with its label and its place in the order.
        Assert.Equal(330 * (784 + 1 + 4), device.BytesCopied - before);
        for (int epoch = 1; epoch <= 2; epoch++)
        {
            (long copies, long waits, long bytes, long reads) = (device.Copies, device.Synchronizations, device.BytesCopied, device.DelayedReads);
            var observer = new StopAt(-1, null);
            trainer.RunEpoch(observer, TestContext.Current.CancellationToken);
            int steps = trainer.StepsPerEpoch, looks = TDevice.Kind == AcceleratorKind.Cpu ? steps : 0;
            // Losses and hits of training and of validation; on the CPU accelerator, where it is free, the losses so far after each step instead.
            int rest = TDevice.Kind == AcceleratorKind.Cpu ? 3 : 4;
            // Weights and two moments after each epoch, and before the first: the state to go back to.
            int states = epoch == 1 ? 2 : 1, parameters = network.Blocks.Sum(block => ParameterArena.Align(block.Count));
            Assert.Equal((rest + looks + (3 * states), rest + looks + (3 * states)), (device.Copies - copies, device.Synchronizations - waits));
            Assert.Equal(TDevice.Kind == AcceleratorKind.Cpu ? 0 : steps / LossReads.StepsARead, device.DelayedReads - reads);
            Assert.Equal(((rest - 2) * 4 * steps) + (2 * 4) + (looks * (looks + 1) / 2 * 4) + (3 * 4 * parameters * states), device.BytesCopied - bytes);
            Assert.Equal(Enumerable.Range(((epoch - 1) * steps) + 1, steps).Select(i => (long)i), observer.Steps);
        }
    }

    [DeviceFact]
    public void Losses_reach_the_observer_while_the_epoch_runs()
    {
        Device device = TDevice.Open();
        using var network = new Network(ModelZoo.Cnn1, device, 5);
        network.Initialize(1);
        using var trainer = new Trainer(network, Small with { BatchSize = 5 }, Oracle.Train);
        var observer = new LaunchMeter(device);
        long before = device.Launches;
        trainer.RunEpoch(observer, TestContext.Current.CancellationToken);
        // Between a step and its report at most 3 times the steps read together are launched; a step has fewer than 20 launches.
        double perStep = (double)(observer.Launches[^1] - before) / trainer.StepsPerEpoch;
        for (int i = 0; i < observer.Launches.Count; i++)
        {
            Assert.InRange((observer.Launches[i] - before) / perStep, i + 0.9, i + 1.2 + (3 * LossReads.StepsARead));
        }
    }

    [DeviceFact]
    public void Weights_that_the_last_step_spoils_are_noticed()
    {
        using var network = new Network(ModelZoo.Cnn1, TDevice.Open(), 50);
        network.Initialize(1);
        using var trainer = new Trainer(network, Small with { BatchSize = 50, TrainSamples = 62 }, Oracle.Train);
        var spoiler = new Spoiler(network);
        NonFiniteLossException exception = Assert.Throws<NonFiniteLossException>(() => trainer.RunEpoch(spoiler));
        Assert.StartsWith("the validation loss became NaN after step 1 (epoch 1), but not when its steps were done again: ", exception.Message, StringComparison.Ordinal);
        Assert.Null(exception.Origin);
        Assert.Equal((0, 0), (trainer.EpochsDone, trainer.StepLosses.Count));
        Assert.All(network.ExportWeights(), tensor => Assert.All(tensor.Values, value => Assert.True(float.IsFinite(value))));
        spoiler.OnStep(default);
        exception = Assert.Throws<NonFiniteLossException>(trainer.ExportWeights);
        Assert.StartsWith("a weight in conv1.weight became NaN before the first step", exception.Message, StringComparison.Ordinal);
    }

    private static float[] Train(Device device, TrainingOptions options)
    {
        using var network = new Network(ModelZoo.Cnn2, device, options.BatchSize);
        network.Initialize(options.Seed);
        using var trainer = new Trainer(network, options, Oracle.Train);
        RunAll(trainer);
        return [.. network.ExportWeights().SelectMany(tensor => tensor.Values), .. trainer.StepLosses];
    }

    private static List<EpochResult> RunAll(Trainer trainer)
    {
        var results = new List<EpochResult>();
        while (trainer.EpochsDone < trainer.Options.Epochs)
        {
            results.Add(trainer.RunEpoch(stop: TestContext.Current.CancellationToken));
        }
        return results;
    }

    [DeviceTheory]
    [InlineData(Trainer.StepsThatPayForSizes, true)]
    [InlineData(Trainer.StepsThatPayForSizes - 1, false)]
    public void A_long_training_compiles_for_sizes_and_leaves_the_device_as_it_was(int epochs, bool expected)
    {
        using var network = new Network(ModelZoo.Cnn1, TDevice.Open(), 8);
        network.Initialize(1);
        using var trainer = new Trainer(network, new TrainingOptions { Epochs = epochs, BatchSize = 8, TrainSamples = 8, ValidationSplit = 0 }, Oracle.Train);
        var seen = new ForSizes(network.Device);
        trainer.RunEpoch(seen, TestContext.Current.CancellationToken);
        Assert.Equal(expected, seen.Value);
        Assert.False(network.Device.CompilesForSizes);
    }

    private sealed class ForSizes(Device device) : ITrainingObserver
    {
        public bool? Value { get; private set; }

        public void OnStep(in StepResult result) => Value = device.CompilesForSizes;
    }

    private sealed class StopAt(int step, CancellationTokenSource? stop) : ITrainingObserver
    {
        public List<long> Steps { get; } = [];

        public void OnStep(in StepResult result)
        {
            Steps.Add(result.Step);
            if (result.StepOfEpoch == step)
            {
                stop?.Cancel();
            }
        }
    }

    private sealed class LaunchMeter(Device device) : ITrainingObserver
    {
        public List<long> Launches { get; } = [];

        public void OnStep(in StepResult result) => Launches.Add(device.Launches);
    }

    /// <summary>After the only step, what an update with a far too large rate would leave.</summary>
    private sealed class Spoiler(Network network) : ITrainingObserver
    {
        public void OnStep(in StepResult result) =>
            network.ImportWeights([.. network.ExportWeights().Select(tensor => tensor with { Values = [.. tensor.Values.Select(_ => float.NaN)] })]);
    }
}

public sealed class TrainerOnCpu : TrainerTests<Cpu>
{
    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        float[][] results = [.. ((int[])[1, 2, 3]).Select(threads =>
        {
            using var network = new Network(ModelZoo.Cnn3, TestDevices.Cpu(threads), 50);
            network.Initialize(5);
            using var trainer = new Trainer(network, new TrainingOptions { Epochs = 1, BatchSize = 50, TrainSamples = 330, Augmentation = new(3, true, 0.5) }, Oracle.Train);
            trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
            return (float[])[.. network.ExportWeights().SelectMany(tensor => tensor.Values), .. trainer.StepLosses];
        })];
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    public static TheoryData<string, TrainingOptions> Allocating => new()
    {
        { "cnn1", new() },
        { "cnn3", new() },
        { "cnn1", new() { Augmentation = Augmentation.Parse("shift=2,flip,erase=0.5") } },
        { "cnn2", new() { Optimizer = new AdamW(), LabelSmoothing = 0.1, GradientClip = 1, WeightAverage = 0.9 } },
        { "cnn2", new() { Optimizer = new Sgd(), WeightDecay = 1e-3 } },
    };

    [Theory]
    [MemberData(nameof(Allocating))]
    public void Steps_allocate_no_managed_memory(string model, TrainingOptions options)
    {
        using var network = new Network(ModelZoo.Find(model), TestDevices.Cpu(2), 20);
        network.Initialize(1);
        using var trainer = new Trainer(network, options with { Epochs = 6, BatchSize = 20, TrainSamples = 2000, ValidationSplit = 0 }, Oracle.Train);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        // From an epoch's first step to its last: 99 steps. The runtime itself may allocate a few bytes now and then, so one epoch without any will do.
        var observer = new AllocationMeter();
        for (int i = 0; i < 5 && observer.Allocated != 0; i++)
        {
            trainer.RunEpoch(observer, TestContext.Current.CancellationToken);
        }
        Assert.Equal(0, observer.Allocated);
    }

    private sealed class AllocationMeter : ITrainingObserver
    {
        private long start;

        public long Allocated { get; private set; } = -1;

        public void OnStep(in StepResult result)
        {
            long now = GC.GetAllocatedBytesForCurrentThread();
            if (result.StepOfEpoch == 1)
            {
                start = now;
            }
            Allocated = now - start;
        }
    }
}

public sealed class TrainerOnOpenCL : TrainerTests<OpenCL>;

public sealed class TrainerOnCuda : TrainerTests<Cuda>;
