using System.Text.Json;
using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Whole networks against PyTorch.</summary>
public abstract class OracleTests<TDevice> where TDevice : ITestDevice
{
    private const int Batch = 64;

    private static readonly TrainingOptions InFileOrder = new() { Epochs = 1, BatchSize = Batch, Shuffle = false, Dropout = false, ValidationSplit = 0 };

    [DeviceTheory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void Logits_are_PyTorchs(string name)
    {
        using Network network = Create(name, out JsonElement golden);
        JsonElement expected = golden.GetProperty("test_logits_first_8");
        using var classifier = new Classifier(network);
        IReadOnlyList<Prediction> predictions = classifier.Predict(Oracle.Test.Slice(0, 8));
        double[] all = [.. expected.EnumerateArray().SelectMany(row => row.EnumerateArray().Select(value => value.GetDouble()))];
        Near(all, [.. predictions.SelectMany(prediction => prediction.Logits)], "logits");
    }

    [DeviceTheory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void All_gradients_are_PyTorchs(string name)
    {
        using Network network = Create(name, out JsonElement golden);
        using var trainer = new Trainer(network, InFileOrder with { TrainSamples = Batch }, Oracle.Train);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        RelativelyNear(golden.GetProperty("train_loss_first_64").GetDouble(), trainer.StepLosses[0], 1e-6, "loss");
        IReadOnlyList<WeightTensor> gradients = network.ExportGradients();
        Assert.Equal(golden.GetProperty("gradients").EnumerateObject().Select(property => property.Name), gradients.Select(gradient => gradient.Name));
        foreach (WeightTensor gradient in gradients)
        {
            JsonElement expected = golden.GetProperty("gradients").GetProperty(gradient.Name);
            Assert.Equal(expected.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()), gradient.Shape);
            double[] samples = [.. expected.GetProperty("samples").EnumerateArray().Select(value => value.GetDouble())];
            long count = gradient.Values.Length;
            Near(samples, [.. Enumerable.Range(0, samples.Length).Select(i => gradient.Values[i * 2654435761L % count])], gradient.Name);
            double norm = expected.GetProperty("norm").GetDouble();
            RelativelyNear(norm, Math.Sqrt(gradient.Values.Sum(value => (double)value * value)), 1e-5, $"{gradient.Name} norm");
            // A sum over all elements sees an element in a wrong place of a sample's neighbour; its error is bounded by that of the elements.
            double sum = gradient.Values.Sum(value => (double)value), bound = 1e-5 * gradient.Values.Sum(value => Math.Abs((double)value));
            Assert.True(Math.Abs(sum - expected.GetProperty("sum").GetDouble()) <= bound, $"{gradient.Name} sum {sum}");
        }
    }

    [DeviceTheory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void Losses_of_20_Adam_steps_and_what_they_lead_to_are_PyTorchs(string name)
    {
        using Network network = Create(name, out JsonElement golden);
        using var trainer = new Trainer(network, InFileOrder with { TrainSamples = 20 * Batch }, Oracle.Train);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        double[] expected = [.. golden.GetProperty("adam_step_losses").EnumerateArray().Select(value => value.GetDouble())];
        Assert.Equal(expected.Length, trainer.StepLosses.Count);
        for (int i = 0; i < expected.Length; i++)
        {
            RelativelyNear(expected[i], trainer.StepLosses[i], 1e-5, $"loss of step {i + 1}");
        }
        EvaluationResult result = Evaluation.Run(network, Oracle.Test.Slice(0, 1000));
        RelativelyNear(golden.GetProperty("test_loss_first_1000").GetDouble(), result.Loss, 1e-4, "test loss");
        Assert.Equal(golden.GetProperty("test_accuracy_first_1000").GetDouble(), result.Accuracy, 0.0011);
    }

    private static Network Create(string name, out JsonElement golden)
    {
        var network = new Network(ModelZoo.Find(name), TDevice.Open(), Batch);
        network.ImportWeights(Oracle.Weights(network.Model));
        golden = Oracle.Golden(name);
        return network;
    }

    /// <summary>Within 1e-5 of the largest magnitude; NaN is never near.</summary>
    private static void Near(double[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double bound = 1e-5 * expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= bound, $"{what}[{i}]: {actual[i]}, PyTorch has {expected[i]}");
        }
    }

    private static void RelativelyNear(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * Math.Abs(expected), $"{what}: {actual}, PyTorch has {expected}");
}

public sealed class OracleOnCpu : OracleTests<Cpu>;

public sealed class OracleOnOpenCL : OracleTests<OpenCL>;

public sealed class OracleOnCuda : OracleTests<Cuda>;

public sealed class OracleForSizesOnOpenCL : OracleTests<OpenCLForSizes>;

public sealed class OracleForSizesOnCuda : OracleTests<CudaForSizes>;
