using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>A model of every kind of layer, its weights after some training, and images for it.</summary>
internal static class EveryLayer
{
    /// <summary>Every kind of layer and every setting, none as it is when left out; heights and widths differ up to the end.</summary>
    public static ModelDefinition Model { get; } = new("everything", new TensorShape(3, 31, 22), 1,
        new Conv2d(5, 3, 5, Stride: 3, Padding: 2, Bias: false), new BatchNorm(0.3, 0.01), new LeakyRelu(0.2), new MaxPool2d(3, 2, CeilMode: true, Padding: 1),
        new Gelu(), new Silu(), new HardSwish(),
        new Residual(
            [new Conv2d(7, 3, 3, 1, 1, Bias: false), new BatchNorm(0.05, 0.1), new Gelu(), new Dropout(0.3), new Conv2d(4, 3, 3, 1, 1, Bias: false), new BatchNorm()],
            [new Conv2d(4, 1, 1, Bias: false), new BatchNorm(1, 1e-3)]),
        new AveragePool2d(4, 2, 2), new Tanh(), new Elu(0.6), new Residual(new LeakyRelu(0.7), new AveragePool2d(3, 1, 1)),
        new Residual([new GlobalAveragePool(), new Dense(6), new Relu()], [new Conv2d(6, 4, 3, Stride: 2)]),
        new BatchNorm(0.2), new Relu6(), new Residual([new Dense(6, Bias: false), new Gelu()], [new Dropout(0.1)]),
        new Conv2d(8, 3, 2, Padding: 1), new Sigmoid(), new Flatten(), new Dense(5));

    /// <summary>Images of random pixels, with the classes in turn.</summary>
    public static ImageSet Noise(ModelDefinition model, int count)
    {
        var pixels = new byte[count * model.Input.Count];
        new Random(5).NextBytes(pixels);
        return new ImageSet(pixels, (byte[])[.. Enumerable.Range(0, count).Select(i => (byte)(i % model.Classes))], model.Input, [.. Enumerable.Range(0, model.Classes).Select(i => $"{i}")]);
    }

    /// <summary>Weights of <see cref="Model"/> of which none is as initialized.</summary>
    public static IReadOnlyList<WeightTensor> Trained()
    {
        using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), 2);
        using var network = new Network(Model, device, 20);
        network.Initialize(3);
        using var trainer = new Trainer(network, new TrainingOptions { Epochs = 1, BatchSize = 20, ValidationSplit = 0 }, Noise(Model, 100));
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        return network.ExportWeights();
    }
}
