using GpuCnn.Runner.Onnx;

namespace GpuCnn.Fuzz.Formats;

/// <summary>ONNX files, as <c>export --check</c> reads them back.</summary>
internal static class OnnxFiles
{
    private const int Elements = 1 << 18, Operations = 1 << 22;

    private static readonly TensorShape Shape = new(1, 6, 6);

    private static readonly ImageSet Images = new(new byte[2 * Shape.Count], new byte[2], Shape, ["a", "b", "c"]);

    private static readonly Prediction[] Predictions = [.. Enumerable.Range(0, 2).Select(i => new Prediction(i, 0, [1f, 2f, 3f], [0.1, 0.2, 0.7]))];

    /// <summary>Files of small models that have every layer between them.</summary>
    public static Target Any { get; } = new("onnx", "m.onnx",
        [
            Saved(new Conv2d(2, 3, 3, 1, 1), new BatchNorm(), new LeakyRelu(), new MaxPool2d(2), new Residual([new Conv2d(2, 1, 1, 1, 0), new Gelu()]), new Flatten(), new Dense(3)),
            Saved(new Conv2d(3, 2, 2, 2, 0), new Relu(), new AveragePool2d(2, 1), new GlobalAveragePool(), new Dropout(0.5), new Dense(3), new Conv2d(3, 1, 1)),
        ],
        path => OnnxCheck.Compare(path, Images, Predictions, Elements, Operations) is var difference ? new FileInfo(path).Length + (difference > 0 ? 1 : 0) : 0)
    {
        Words = ["Conv", "Gemm", "MaxPool", "AveragePool", "BatchNormalization", "Softmax", "Flatten", "Erf", "Add", "Mul", "Div", "Cast", "LeakyRelu", "GlobalAveragePool", "Unsqueeze", "pixels", "logits", "kernel_shape",
            "strides", "pads", "epsilon", "alpha", "conv1", "conv1.weight", "conv1.bias", "dense1.weight", "count_include_pad"],
    };

    private static byte[] Saved(params Layer[] layers)
    {
        var model = new ModelDefinition("m", Shape, 1, layers);
        return Written.By(path => OnnxFile.Save(path, new TrainedModel(model, [.. model.Parameters.Select(spec => new WeightTensor(spec.Name, spec.Shape, Values(spec.Shape)))])));
    }

    private static float[] Values(IReadOnlyList<int> shape) => [.. Enumerable.Range(0, shape.Aggregate(1, (product, size) => product * size)).Select(i => 0.1f * (i % 7))];
}
