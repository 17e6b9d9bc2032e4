using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Models: shapes, parameters, what does not fit; and the networks made of them.</summary>
public sealed class ModelDefinitionTests
{
    private static readonly TensorShape Image = new(1, 28, 28);

    [Theory]
    [InlineData("cnn1", 693_962, 10, "32x26x26 32x26x26 32x13x13 5408 128 128 10")]
    [InlineData("cnn2", 159_882, 20, "32x26x26 32x26x26 32x13x13 64x7x7 64x7x7 64x3x3 576 128 128 128 256 256 256 128 128 10")]
    [InlineData("cnn3", 289_610, 50, "64x26x26 64x26x26 64x13x13 128x7x7 128x7x7 128x3x3 64x2x2 64x2x2 64 64 128 128 128 256 256 256 256 256 256 128 128 128 10")]
    [InlineData("small", 93_898, 36, "32x28x28 32x28x28 32x14x14 32x14x14 32x14x14 32x14x14 32x14x14 32x14x14 32x14x14 32x14x14 32x14x14 64x14x14 64x14x14 64x7x7 64x7x7 64x7x7 64x7x7 64x7x7 32x7x7 32x7x7 32x7x7 32 10")]
    public void The_configurations_have_the_shapes_and_parameters_they_should(string name, long parameters, int epochs, string shapes)
    {
        ModelDefinition model = ModelZoo.Find(name);
        Assert.Equal(parameters, model.ParameterCount);
        Assert.Equal(epochs, model.Epochs);
        Assert.Equal(10, model.Classes);
        Assert.Equal(shapes.Split(' '), model.Nodes.Select(layer => layer.Output.ToString()));
        Assert.Equal(parameters, model.Parameters.Where(spec => !spec.Name.Contains(".running_", StringComparison.Ordinal)).Sum(spec => spec.Shape.Aggregate(1L, (a, b) => a * b)));
    }

    [Fact]
    public void Dropout_rates_are_those_of_the_configurations()
    {
        Assert.Equal([0.25, 0.25], ModelZoo.Cnn2.Layers.OfType<Dropout>().Select(layer => layer.Rate));
        Assert.Equal([0.25, 0.5, 0.25, 0.1], ModelZoo.Cnn3.Layers.OfType<Dropout>().Select(layer => layer.Rate));
    }

    [Fact]
    public void Tensors_have_PyTorchs_names_shapes_and_order() => Assert.Equal(
        ["conv1.weight [32, 1, 3, 3]", "conv1.bias [32]", "dense1.weight [128, 5408]", "dense1.bias [128]", "dense2.weight [10, 128]", "dense2.bias [10]"],
        ModelZoo.Cnn1.Parameters.Select(spec => $"{spec.Name} {WeightTensor.Format(spec.Shape)}"));

    [Fact]
    public void A_layer_that_does_not_fit_is_named_with_what_it_gets()
    {
        Refused("layer conv1: conv: a 29x3 kernel does not fit an input of 1x28x28", new Conv2d(4, 29, 3), new Flatten(), new Dense(10));
        Refused("layer pool1: pool: a 30x30 window does not fit an input of 1x28x28", new MaxPool2d(30), new Flatten(), new Dense(10));
        Refused("layer dense1: dense: it takes a vector, not 4x26x26; put a flatten layer before it", new Conv2d(4, 3, 3), new Dense(10));
        Refused("its last layer gives 4x26x26; end with a dense layer", new Conv2d(4, 3, 3));
        Refused("layer dense1: dense: the number of units must be at least 1, not 0", new Flatten(), new Dense(0));
        Refused("layer conv1: conv: the stride must be at least 1, not -1", new Conv2d(4, 3, 3, -1), new Flatten(), new Dense(10));
        Refused("layer conv1: conv: the padding must be at least 0, not -1", new Conv2d(4, 3, 3, 1, -1), new Flatten(), new Dense(10));
        Refused("layer dropout1: dropout: the rate must lie in [0, 1), it is 1", new Flatten(), new Dropout(1), new Dense(10));
        Refused("it has no layers");
        Assert.Equal("no model 'cnn4': there are cnn1, cnn2, cnn3, small", Assert.Throws<ModelException>(() => ModelZoo.Find("cnn4")).Message);
    }

    [Fact]
    public void Weights_of_another_model_are_refused_and_change_nothing()
    {
        using var network = new Network(ModelZoo.Cnn1, TestDevices.Cpu(2), 1, training: false);
        network.Initialize(1);
        float[] before = Flat(network.ExportWeights());
        IReadOnlyList<WeightTensor> own = network.ExportWeights();
        Mismatch(network, Oracle.Weights(ModelZoo.Cnn2), "tensor 'conv2.weight', which model cnn1 has not");
        Mismatch(network, [.. own.Skip(1)], "no tensor 'conv1.weight', which model cnn1 needs");
        Mismatch(network, [.. own, own[0]], "tensor 'conv1.weight' twice");
        Mismatch(network, [own[0] with { Shape = [32, 1, 9, 1] }, .. own.Skip(1)], "tensor 'conv1.weight' is [32, 1, 9, 1], but model cnn1 needs [32, 1, 3, 3]");
        Assert.Equal(before, Flat(network.ExportWeights()));
    }

    [Fact]
    public void Initial_weights_are_Glorot_uniform_with_zero_biases_and_the_same_on_every_accelerator()
    {
        using var network = new Network(ModelZoo.Cnn2, TestDevices.Cpu(2), 1, training: false);
        network.Initialize(42);
        foreach (WeightTensor tensor in network.ExportWeights())
        {
            if (tensor.Shape.Count == 1)
            {
                Assert.All(tensor.Values, value => Assert.Equal(0f, value));
                continue;
            }
            int taps = tensor.Shape.Skip(2).Aggregate(1, (a, b) => a * b);
            double limit = Math.Sqrt(6.0 / (taps * (tensor.Shape[0] + tensor.Shape[1])));
            Assert.All(tensor.Values, value => Assert.InRange(value, -limit, limit));
            // The variance of a uniform variable is a third of its limit's square; its sample's error is below 6 standard errors.
            double variance = tensor.Values.Sum(value => (double)value * value) / tensor.Values.Length;
            Assert.InRange(variance / (limit * limit / 3), 1 - (6 / Math.Sqrt(tensor.Values.Length)), 1 + (6 / Math.Sqrt(tensor.Values.Length)));
            Assert.InRange(tensor.Values.Average() / limit, -6 / Math.Sqrt(3.0 * tensor.Values.Length), 6 / Math.Sqrt(3.0 * tensor.Values.Length));
        }
    }

    [OpenCLFact]
    public void Random_weights_are_the_same_on_every_device()
    {
        using var network = new Network(ModelZoo.Cnn2, TestDevices.Cpu(2), 1, training: false);
        using var elsewhere = new Network(ModelZoo.Cnn2, TestDevices.OpenCL(), 1, training: false);
        network.Initialize(42);
        elsewhere.Initialize(42);
        Assert.Equal(Flat(network.ExportWeights()), Flat(elsewhere.ExportWeights()));
        elsewhere.Initialize(43);
        Assert.NotEqual(Flat(network.ExportWeights()), Flat(elsewhere.ExportWeights()));
    }

    [Theory]
    [InlineData(28, 28, 3, 1, 0)]
    [InlineData(11, 9, 3, 2, 1)]
    public void Fused_layers_give_what_separate_ones_give(int height, int width, int kernel, int stride, int padding)
    {
        // A dropout of rate 0 between two layers keeps them apart and changes nothing.
        var input = new TensorShape(1, height, width);
        var conv = new Conv2d(7, kernel, kernel, stride, padding);
        var fused = new ModelDefinition("fused", input, 1, conv, new Relu(), new MaxPool2d(2), new Flatten(), new Dense(12), new Relu(), new Dense(10));
        var separate = new ModelDefinition("separate", input, 1, conv, new Dropout(0), new Relu(), new MaxPool2d(2), new Flatten(), new Dense(12), new Dropout(0), new Relu(), new Dense(10));
        var pixels = new byte[20 * input.Count];
        new Random(5).NextBytes(pixels);
        byte[] labels = [.. Enumerable.Range(0, 20).Select(i => (byte)(i % 10))];
        var images = new ImageSet(pixels, labels, input, [.. labels.Distinct().Select(label => $"{label}")]);
        float[] Train(ModelDefinition model)
        {
            using var network = new Network(model, TestDevices.Cpu(2), 20);
            network.Initialize(9);
            using var trainer = new Trainer(network, new TrainingOptions { Epochs = 1, BatchSize = 20, ValidationSplit = 0 }, images);
            trainer.RunEpoch();
            return [.. trainer.StepLosses, .. Flat(network.ExportGradients())];
        }
        float[] one = Train(fused), other = Train(separate);
        float largest = other.Max(Math.Abs);
        for (int i = 0; i < one.Length; i++)
        {
            Assert.True(Math.Abs(one[i] - other[i]) <= 1e-6 * largest, $"element {i}: fused {one[i]}, separate {other[i]}");
        }
    }

    [Fact]
    public void Images_that_do_not_fit_the_model_are_refused()
    {
        using var network = new Network(ModelZoo.Cnn1, TestDevices.Cpu(2), 4, training: false);
        string[] names = [.. Enumerable.Range(0, 10).Select(i => $"{i}")];
        Assert.Equal("model cnn1 takes images of 1x28x28, these are 1x8x8",
            Assert.Throws<ModelException>(() => Evaluation.Run(network, new ImageSet(new byte[64], new byte[1], new TensorShape(1, 8, 8), names), TestContext.Current.CancellationToken)).Message);
        Assert.Equal("model cnn1 has 10 classes, these images have 3",
            Assert.Throws<ModelException>(() => Evaluation.Run(network, new ImageSet(new byte[784], new byte[1], Image, names[..3]), TestContext.Current.CancellationToken)).Message);
        Assert.Throws<ArgumentException>(() => new ImageSet(new byte[784], new byte[] { 10 }, Image, names));
        Assert.Throws<ArgumentException>(() => new ImageSet(new byte[783], new byte[1], Image, names));
    }

    private static float[] Flat(IReadOnlyList<WeightTensor> tensors) => [.. tensors.SelectMany(tensor => tensor.Values)];

    private static void Refused(string problem, params Layer[] layers) =>
        Assert.Contains(problem, Assert.Throws<ModelException>(() => new ModelDefinition("m", Image, 1, layers)).Message, StringComparison.Ordinal);

    private static void Mismatch(Network network, IReadOnlyList<WeightTensor> tensors, string problem) =>
        Assert.Contains(problem, Assert.Throws<ModelMismatchException>(() => network.ImportWeights(tensors)).Message, StringComparison.Ordinal);
}
