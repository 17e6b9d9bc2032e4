using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Whole trainings on a device beside the same on the CPU: initial weights, order and dropout come from the seed alone, so only rounding may differ.</summary>
public abstract class AgreementTests<TDevice> where TDevice : ITestDevice
{
    private const int TestImages = 1000;

    [DeviceTheory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void Losses_of_20_steps_with_dropout_are_the_CPUs(string name)
    {
        var options = new TrainingOptions { Epochs = 1, BatchSize = 48, TrainSamples = 20 * 48, ValidationSplit = 0, Seed = 11 };
        (IReadOnlyList<float> expected, _) = Train(name, TestDevices.Cpu(2), options);
        (IReadOnlyList<float> actual, _) = Train(name, TDevice.Open(), options);
        Assert.Equal(20, actual.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.True(Math.Abs(actual[i] - expected[i]) <= 1e-3 * Math.Abs(expected[i]), $"loss of step {i + 1}: {actual[i]:R}, the CPU has {expected[i]:R}");
        }
    }

    /// <remarks>Rounding sends the two trainings to different weights, each as good as the other: the accuracies are two shares of the same images, whose difference exceeds
    /// 1.96 √(2 p (1 - p) / n) one time in twenty if the networks erred independently, which is the most they can differ by chance; they err together.</remarks>
    [DeviceTheory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void Accuracy_after_an_epoch_is_the_CPUs_within_noise(string name)
    {
        var options = new TrainingOptions { Epochs = 1, BatchSize = 32, TrainSamples = 2000, ValidationSplit = 0.2, Seed = 12 };
        (_, double expected) = Train(name, TestDevices.Cpu(2), options);
        (_, double actual) = Train(name, TDevice.Open(), options);
        double noise = 1.96 * Math.Sqrt(2 * expected * (1 - expected) / TestImages);
        TestContext.Current.TestOutputHelper?.WriteLine($"{actual:0.000}, on the CPU {expected:0.000}, noise {noise:0.000}");
        // Three times the tenth of guessing: a training that goes nowhere on both would agree too.
        Assert.True(expected > 0.3, $"the CPU's accuracy is {expected}");
        Assert.InRange(actual, expected - noise, expected + noise);
    }

    private static (IReadOnlyList<float> Losses, double Accuracy) Train(string name, Device device, TrainingOptions options)
    {
        using var network = new Network(ModelZoo.Find(name), device, options.BatchSize);
        network.Initialize(options.Seed);
        using var trainer = new Trainer(network, options, Oracle.Train);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        return ([.. trainer.StepLosses], Evaluation.Run(network, Oracle.Test.Slice(0, TestImages)).Accuracy);
    }
}

public sealed class AgreementOnOpenCL : AgreementTests<OpenCL>;

public sealed class AgreementOnCuda : AgreementTests<Cuda>;
