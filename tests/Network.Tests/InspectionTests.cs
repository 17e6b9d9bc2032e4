using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Networks seen layer by layer, and what a prediction rests on.</summary>
public abstract class InspectionTests<TDevice> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void Layer_by_layer_the_logits_are_those_of_the_fused_network(string name)
    {
        ModelDefinition model = ModelZoo.Find(name);
        using var inspector = new Inspector(model, Oracle.Weights(model), TDevice.Open());
        using var classifier = new Classifier(new TrainedModel(model, Oracle.Weights(model)), TDevice.Open(), maxBatch: 1);
        for (int i = 0; i < 5; i++)
        {
            IReadOnlyList<float> expected = classifier.Predict(Oracle.Test.Slice(i, 1))[0].Logits;
            IReadOnlyList<LayerOutput> outputs = inspector.Trace(Pixels(i));
            Assert.Equal(model.Nodes.Select(layer => layer.Name), outputs.Select(output => output.Name));
            Near(expected.Select(value => (double)value), outputs[^1].Values, "logits");
        }
    }

    [DeviceTheory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void Every_layers_output_is_what_its_definition_says(string name)
    {
        ModelDefinition model = ModelZoo.Find(name);
        Dictionary<string, float[]> weights = Oracle.Weights(model).ToDictionary(tensor => tensor.Name, tensor => tensor.Values);
        using var inspector = new Inspector(model, Oracle.Weights(model), TDevice.Open());
        IReadOnlyList<LayerOutput> outputs = inspector.Trace(Pixels(3));
        double[] values = [.. Pixels(3).Select(pixel => (double)pixel)];
        TensorShape shape = model.Input;
        for (int i = 0; i < outputs.Count; i++)
        {
            LayerNode layer = model.Nodes[i];
            values = Reference(model.Layers[i], values, shape, weights.GetValueOrDefault($"{layer.Name}.weight"), weights.GetValueOrDefault($"{layer.Name}.bias"));
            shape = layer.Output;
            Assert.Equal(shape, outputs[i].Shape);
            Near(values, outputs[i].Values, layer.Name);
        }
    }

    [DeviceFact]
    public void A_map_is_a_channel_row_by_row()
    {
        var output = new LayerOutput("x", "", new TensorShape(2, 2, 3), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        Assert.Equal([[7, 8, 9], [10, 11, 12]], output.Map(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => output.Map(2));
    }

    [DeviceFact]
    public void Channels_height_and_width_stay_apart()
    {
        var model = new ModelDefinition("odd", new TensorShape(3, 2, 5), 1, new Relu(), new MaxPool2d(1), new Flatten(), new Dense(2));
        var weight = new float[60];
        weight[17] = 1;
        weight[30 + 29] = 1;
        using var inspector = new Inspector(model, [new("dense1.weight", [2, 30], weight), new("dense1.bias", [2], new float[2])], TDevice.Open());
        float[] image = [.. Enumerable.Range(1, 30).Select(i => (float)i)];
        IReadOnlyList<LayerOutput> outputs = inspector.Trace(image);
        Assert.All(outputs.Take(3), output => Assert.Equal(image, output.Values));
        Assert.Equal([18, 30], outputs[3].Values);
        Assert.Throws<ArgumentException>(() => inspector.Trace(new float[29]));
    }

    [DeviceFact]
    public void The_occlusion_map_equals_one_image_after_another()
    {
        ModelDefinition model = ModelZoo.Cnn1;
        ImageSet image = Oracle.Test.Slice(4, 1);
        using var classifier = new Classifier(new TrainedModel(model, Oracle.Weights(model)), TDevice.Open(), maxBatch: 100);
        OcclusionMap map = OcclusionMap.Of(classifier, image, patch: 5, grey: 90);
        Prediction whole = classifier.Predict(image)[0];
        Assert.Equal((whole.Class, whole.Probabilities[whole.Class]), (map.Class, map.Probability));
        Assert.Equal((28, 28), (map.Drop.Count, map.Drop[0].Count));
        foreach ((int y, int x) in (ReadOnlySpan<(int, int)>)[(0, 0), (0, 27), (27, 0), (27, 27), (13, 9), (9, 13), (1, 26), (20, 5)])
        {
            byte[] pixels = image.Pixels.ToArray();
            for (int i = 0; i < pixels.Length; i++)
            {
                bool covered = Math.Abs((i / 28) - y) <= 2 && Math.Abs((i % 28) - x) <= 2;
                pixels[i] = covered ? (byte)90 : pixels[i];
            }
            double probability = classifier.Predict(new ImageSet(pixels, image.Labels, image.Shape, image.ClassNames))[0].Probabilities[whole.Class];
            Assert.Equal(whole.Probabilities[whole.Class] - probability, map.Drop[y][x], 1e-6);
        }
        Assert.Contains(map.Drop.SelectMany(row => row), drop => Math.Abs(drop) > 1e-4);
        Assert.Throws<ArgumentException>(() => OcclusionMap.Of(classifier, image, patch: 4));
        Assert.Throws<ArgumentException>(() => OcclusionMap.Of(classifier, Oracle.Test.Slice(0, 2)));
    }

    private static float[] Pixels(int image) => [.. Oracle.Test.Slice(image, 1).Pixels.ToArray().Select(pixel => pixel / 255f)];

    private static double[] Reference(Layer layer, double[] values, TensorShape shape, float[]? weight, float[]? bias) => layer switch
    {
        Conv2d conv => Flat(Conv2dReference.Forward(Fold(values, 1, shape.Channels, shape.Height, shape.Width),
            Fold([.. weight!.Select(value => (double)value)], conv.Filters, shape.Channels, conv.KernelHeight, conv.KernelWidth), [.. bias!.Select(value => (double)value)], conv.Stride, conv.Padding)),
        Dense dense => [.. DenseReference.Forward(Matrix(values, 1), Matrix([.. weight!.Select(value => (double)value)], dense.Units), [.. bias!.Select(value => (double)value)]).Cast<double>()],
        MaxPool2d pool => Flat(PoolReference.MaxPool(Fold(values, 1, shape.Channels, shape.Height, shape.Width), pool.Window, pool.Window, pool.Stride, pool.CeilMode).Output),
        Relu => [.. values.Select(PoolReference.Relu)],
        _ => values,
    };

    private static double[,,,] Fold(double[] values, int a, int b, int c, int d)
    {
        var folded = new double[a, b, c, d];
        Buffer.BlockCopy(values, 0, folded, 0, values.Length * sizeof(double));
        return folded;
    }

    private static double[,] Matrix(double[] values, int rows)
    {
        var matrix = new double[rows, values.Length / rows];
        Buffer.BlockCopy(values, 0, matrix, 0, values.Length * sizeof(double));
        return matrix;
    }

    private static double[] Flat(double[,,,] values) => [.. values.Cast<double>()];

    /// <summary>Within 1e-5 of the largest magnitude; NaN is never near.</summary>
    private static void Near(IEnumerable<double> expected, IReadOnlyList<float> actual, string what)
    {
        double[] values = [.. expected];
        Assert.Equal(values.Length, actual.Count);
        double bound = 1e-5 * values.Max(Math.Abs);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.True(Math.Abs(values[i] - actual[i]) <= bound, $"{what}[{i}]: {actual[i]}, expected {values[i]}");
        }
    }
}

public sealed class InspectionOnCpu : InspectionTests<Cpu>;

public sealed class InspectionOnOpenCL : InspectionTests<OpenCL>;

public sealed class InspectionOnCuda : InspectionTests<Cuda>;
