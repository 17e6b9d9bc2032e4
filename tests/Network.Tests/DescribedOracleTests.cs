using System.Text.Json;
using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Described models against PyTorch in double precision, which read the same descriptions: two of every kind of layer, the second with unusual settings, one without biases in front of
/// its normalizations, one of activations behind one another, and the residual network of the documents.</summary>
/// <remarks>In that network some inputs of ReLUs lie nearer to zero than single precision can tell, and PyTorch's own gradients in single precision are off by 3e-3: they are compared
/// with GELU in the place of ReLU ("resnet-smooth").</remarks>
public abstract class DescribedOracleTests<TDevice> where TDevice : ITestDevice
{
    private const int Batch = 64;

    private static readonly string Documented = Path.Combine(ModelFileTests.RepositoryRoot(), "docs", "models", "resnet.json");

    private static readonly TrainingOptions InFileOrder = new() { Epochs = 1, BatchSize = Batch, Shuffle = false, Dropout = false, ValidationSplit = 0 };

    [DeviceTheory]
    [InlineData("all")]
    [InlineData("unbiased")]
    [InlineData("odd")]
    [InlineData("activations")]
    [InlineData("resnet")]
    [InlineData("resnet-smooth")]
    public void Logits_in_evaluation_are_PyTorchs(string name)
    {
        using Network network = Create(name, out JsonElement golden);
        Assert.Equal(golden.GetProperty("parameters").GetInt64(), network.Model.ParameterCount);
        Near(Numbers(golden.GetProperty("test_logits_first_8")), Logits(network), 1e-5, "logits");
    }

    [DeviceTheory]
    [InlineData("all")]
    [InlineData("unbiased")]
    [InlineData("odd")]
    [InlineData("activations")]
    [InlineData("resnet-smooth")]
    public void All_gradients_are_PyTorchs(string name)
    {
        using Network network = Create(name, out JsonElement golden);
        using var trainer = new Trainer(network, InFileOrder with { TrainSamples = Batch }, Oracle.Train);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        Assert.Equal(golden.GetProperty("train_loss_first_64").GetDouble(), trainer.StepLosses[0], 1e-5);
        IReadOnlyList<WeightTensor> gradients = network.ExportGradients();
        Assert.Equal(golden.GetProperty("gradients").EnumerateObject().Select(property => property.Name), gradients.Select(gradient => gradient.Name));
        double largest = golden.GetProperty("gradients").EnumerateObject().Max(property => Numbers(property.Value.GetProperty("samples")).Max(Math.Abs));
        foreach (WeightTensor gradient in gradients)
        {
            JsonElement expected = golden.GetProperty("gradients").GetProperty(gradient.Name);
            Assert.Equal(expected.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()), gradient.Shape);
            double[] samples = Numbers(expected.GetProperty("samples"));
            long count = gradient.Values.Length;
            // A dense layer's bias in front of a normalization has a gradient of zero, which here is rounding errors.
            double scale = Math.Max(samples.Max(Math.Abs), 0.02 * largest);
            Near(samples, [.. Enumerable.Range(0, samples.Length).Select(i => gradient.Values[i * 2654435761L % count])], 2e-5, gradient.Name, scale);
            double norm = Math.Sqrt(gradient.Values.Sum(value => (double)value * value));
            Assert.True(Math.Abs(norm - expected.GetProperty("norm").GetDouble()) <= 2e-5 * scale * Math.Sqrt(count), $"{gradient.Name} norm {norm}");
        }
    }

    [DeviceTheory]
    [InlineData("all", 1e-3)]
    [InlineData("unbiased", 1e-3)]
    [InlineData("odd", 5e-3)]
    [InlineData("activations", 1e-3)]
    public void Losses_of_10_Adam_steps_running_moments_and_what_they_lead_to_are_PyTorchs(string name, double tolerance)
    {
        using Network network = Create(name, out JsonElement golden);
        using var trainer = new Trainer(network, InFileOrder with { TrainSamples = 10 * Batch }, Oracle.Train);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        Near(Numbers(golden.GetProperty("adam_step_losses")), [.. trainer.StepLosses], 1e-4, "losses");
        IReadOnlyList<WeightTensor> weights = network.ExportWeights();
        foreach (JsonProperty running in golden.GetProperty("running").EnumerateObject())
        {
            Near(Numbers(running.Value), weights.Single(tensor => tensor.Name == running.Name).Values, tolerance, running.Name);
        }
        Near(Numbers(golden.GetProperty("test_logits_first_8_after")), Logits(network), 2 * tolerance, "logits after");
    }

    private static Network Create(string name, out JsonElement golden)
    {
        ModelDefinition model = name switch
        {
            "resnet" => ModelFile.Load(Documented),
            "resnet-smooth" => ModelFile.Read(File.ReadAllText(Documented).Replace("\"relu\"", "\"gelu\"", StringComparison.Ordinal), Documented),
            _ => ModelFile.Load(Oracle.File(Path.Combine("described", $"{name}.json"))),
        };
        var network = new Network(model, TDevice.Open(), Batch);
        network.ImportWeights(Oracle.Weights(model));
        golden = Oracle.Golden(Path.Combine("described", $"{name}.golden"));
        return network;
    }

    private static float[] Logits(Network network)
    {
        using var classifier = new Classifier(network);
        return [.. classifier.Predict(Oracle.Test.Slice(0, 8)).SelectMany(prediction => prediction.Logits)];
    }

    private static double[] Numbers(JsonElement element) => element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray().SelectMany(Numbers)] : [element.GetDouble()];

    /// <summary>Within a part of the largest magnitude; NaN is never near.</summary>
    private static void Near(double[] expected, float[] actual, double tolerance, string what, double? scale = null)
    {
        Assert.Equal(expected.Length, actual.Length);
        double bound = tolerance * (scale ?? expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= bound, $"{what}[{i}]: {actual[i]}, PyTorch has {expected[i]}, bound {bound}");
        }
    }
}

public sealed class DescribedOracleOnCpu : DescribedOracleTests<Cpu>;

public sealed class DescribedOracleOnOpenCL : DescribedOracleTests<OpenCL>;

public sealed class DescribedOracleOnCuda : DescribedOracleTests<Cuda>;
