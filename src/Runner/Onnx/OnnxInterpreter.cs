using System.Runtime.InteropServices;
using GpuCnn.Onnx;

namespace GpuCnn.Runner.Onnx;

/// <summary>Runs an ONNX graph node by node in double precision, by ONNX's definitions and nothing of this library: what an exported file says, not what was meant.</summary>
/// <remarks>It believes nothing: what is not as this library writes it is a <see cref="NotSupportedException"/>, before any memory is taken for it.</remarks>
internal sealed class OnnxInterpreter
{
    private const int LargestSetting = 1 << 16;

    private readonly GraphProto graph;
    private readonly Dictionary<string, Tensor> values = [];
    private long elementsLeft, operationsLeft;

    private OnnxInterpreter(GraphProto graph, long elements, long operations) => (this.graph, elementsLeft, operationsLeft) = (graph, elements, operations);

    /// <summary>Runs the graph of a model on images.</summary>
    /// <param name="model">The model, as read from its file.</param>
    /// <param name="pixels">[count, channels, height, width].</param>
    /// <param name="count">The number of images.</param>
    /// <param name="elements">The most elements that all values of the graph may have.</param>
    /// <param name="operations">The most multiplications or comparisons that it may take.</param>
    /// <returns>The graph's outputs by name, each [count, elements].</returns>
    /// <exception cref="NotSupportedException">The graph is none that this library writes.</exception>
    public static IReadOnlyDictionary<string, double[]> Run(ModelProto model, ReadOnlySpan<byte> pixels, int count, long elements, long operations)
    {
        var run = new OnnxInterpreter(model.Graph ?? throw new NotSupportedException("no graph"), elements, operations);
        run.Read(pixels, count);
        foreach (NodeProto node in run.graph.Node)
        {
            Require(node.Output.Count == 1, $"{node.Output.Count} outputs of a node");
            run.values[node.Output[0]] = run.Evaluate(node);
        }
        var outputs = new Dictionary<string, double[]>();
        foreach (ValueInfoProto output in run.graph.Output)
        {
            outputs[output.Name] = run.Value(output.Name).Values;
        }
        return outputs;
    }

    /// <summary>Elements, the last dimension fastest.</summary>
    private sealed record Tensor(int[] Shape, double[] Values)
    {
        public Tensor Map(Func<double, double> function) => new(Shape, Array.ConvertAll(Values, value => function(value)));

        public Tensor With(Tensor other, Func<double, double, double> function) => other.Values.Length == 1
            ? Map(value => function(value, other.Values[0]))
            : other.Shape.SequenceEqual(Shape) ? new(Shape, [.. Values.Zip(other.Values, function)])
            : throw new NotSupportedException($"operands of {WeightTensor.Format(Shape)} and {WeightTensor.Format(other.Shape)}");
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new NotSupportedException(otherwise);
        }
    }

    /// <summary>Takes the graph's input and its constants.</summary>
    private void Read(ReadOnlySpan<byte> pixels, int count)
    {
        Require(graph.Input.Count == 1 && graph.Input[0].Type?.TensorType?.Shape is { Dim.Count: 4 }, "other inputs than the pixels");
        ValueInfoProto input = graph.Input[0];
        int[] shape = Shape(input.Type.TensorType.Shape.Dim.Select((dimension, i) => i == 0 ? count : dimension.DimValue));
        double[] bytes = Elements(shape);
        Require(bytes.Length == pixels.Length, $"images of {WeightTensor.Format(shape[1..])}");
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = pixels[i];
        }
        values[input.Name] = new Tensor(shape, bytes);
        foreach (TensorProto tensor in graph.Initializer)
        {
            int[] size = Shape(tensor.Dims);
            bool isWhole = tensor.DataType == TensorProto.Types.DataType.Int64;
            ReadOnlySpan<byte> raw = tensor.RawData.Span;
            int given = raw.Length / (isWhole ? sizeof(long) : sizeof(float));
            Require(size.Aggregate(1L, (product, each) => product * each) == given, $"a tensor of {WeightTensor.Format(size)} with {given} elements");
            double[] elements = Elements(size);
            for (int i = 0; i < elements.Length; i++)
            {
                elements[i] = isWhole ? MemoryMarshal.Cast<byte, long>(raw)[i] : MemoryMarshal.Cast<byte, float>(raw)[i];
            }
            values[tensor.Name] = new Tensor(size, elements);
        }
    }

    /// <summary>A shape, of sizes whose product is known to be no more than there may be.</summary>
    private int[] Shape(IEnumerable<long> sizes)
    {
        var shape = new List<int>();
        long count = 1;
        foreach (long size in sizes)
        {
            Require(size >= 1 && size <= elementsLeft / count && shape.Count < FileLimits.Dimensions, "a value with too many elements, or none");
            count *= size;
            shape.Add((int)size);
        }
        return [.. shape];
    }

    /// <summary>Memory for a value.</summary>
    private double[] Elements(int[] shape)
    {
        long count = shape.Aggregate(1L, (product, size) => product * size);
        Require(count <= elementsLeft, "more elements than are allowed");
        elementsLeft -= count;
        return new double[count];
    }

    private void Spend(long outputs, long each)
    {
        Require(outputs <= operationsLeft / Math.Max(1, each), "more operations than are allowed");
        operationsLeft -= outputs * each;
    }

    private Tensor Value(string name) => values.TryGetValue(name, out Tensor? value) ? value : throw new NotSupportedException("a value that nothing gives");

    private Tensor Operand(NodeProto node, int number)
    {
        Require(number < node.Input.Count, $"{node.Input.Count} operands of an operation");
        return Value(node.Input[number]);
    }

    /// <summary>The third operand, which a node may leave away.</summary>
    private double[] Bias(NodeProto node)
    {
        if (node.Input.Count > 2)
        {
            return Operand(node, 2).Values;
        }
        int[] matrix = Operand(node, 1).Shape;
        return matrix.Length > 0 ? new double[matrix[0]] : throw new NotSupportedException("a product with a number");
    }

    private Tensor Evaluate(NodeProto node)
    {
        Tensor x = Operand(node, 0);
        switch (node.OpType)
        {
            case "Conv":
                return Conv(node, x, Operand(node, 1), Bias(node));
            case "MaxPool":
                return Pool(node, x);
            case "AveragePool":
                return AveragePool(node, With(x, node, "count_include_pad", 1));
            case "Gemm":
                return Gemm(With(x, node, "transB", 1), Operand(node, 1), Bias(node));
            default:
                // What these give has no more elements than they take.
                Elements(x.Shape);
                Spend(x.Values.Length, 1);
                return EachByEach(node, x);
        }
    }

    private Tensor EachByEach(NodeProto node, Tensor x) => node.OpType switch
    {
        "Cast" => With(x, node, "to", (long)TensorProto.Types.DataType.Float),
        "Div" => x.With(Operand(node, 1), (a, b) => a / b),
        "Relu" => x.Map(value => Math.Max(value, 0)),
        "LeakyRelu" => Number(node, "alpha") is var alpha ? x.Map(value => value >= 0 ? value : value * alpha) : x,
        "Elu" => Number(node, "alpha") is var alpha ? x.Map(value => value >= 0 ? value : alpha * (Math.Exp(value) - 1)) : x,
        "Clip" => x.With(Operand(node, 1), Math.Max).With(Operand(node, 2), Math.Min),
        "Sigmoid" => x.Map(value => 1 / (1 + Math.Exp(-value))),
        "Tanh" => x.Map(Math.Tanh),
        "Erf" => x.Map(Erf),
        "Add" => x.With(Operand(node, 1), (a, b) => a + b),
        "Mul" => x.With(Operand(node, 1), (a, b) => a * b),
        "BatchNormalization" => Normalize(node, x),
        "GlobalAveragePool" => Average(x),
        "Flatten" => new Tensor([x.Shape[0], x.Values.Length / x.Shape[0]], x.Values),
        "Unsqueeze" => Unsqueeze(x, Operand(node, 1).Values),
        "Softmax" => Softmax(With(x, node, "axis", 1)),
        _ => throw new NotSupportedException($"operation {PlainText.Beginning(node.OpType, 40)}"),
    };

    private static AttributeProto Attribute(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) ?? throw new NotSupportedException($"an operation without {name}");

    private static double Number(NodeProto node, string name) => Attribute(node, name).F;

    /// <summary>An operand, of a node whose setting has the one value that files of this library have.</summary>
    private static Tensor With(Tensor x, NodeProto node, string name, long value)
    {
        Require(Attribute(node, name).I == value, $"{name} that no layer has");
        return x;
    }

    private static int[] Ints(NodeProto node, string name, int count, int least)
    {
        AttributeProto attribute = Attribute(node, name);
        Require(attribute.Ints.Count == count && attribute.Ints.All(value => value >= least && value <= LargestSetting), $"{name} that no layer has");
        return [.. attribute.Ints.Select(value => (int)value)];
    }

    /// <summary>Visits every window of every plane that there is an output for: the output's index, and the rows and columns of the input that the window covers.</summary>
    private Tensor Slide(NodeProto node, Tensor x, int channels, int depth, Func<Window, double> function)
    {
        Require(x.Shape.Length == 4, $"windows over {WeightTensor.Format(x.Shape)}");
        int[] kernel = Kernel(node), strides = Ints(node, "strides", 2, 1), pads = Ints(node, "pads", 4, 0);
        int height = x.Shape[2], width = x.Shape[3];
        Require(height + pads[0] + pads[2] >= kernel[0] && width + pads[1] + pads[3] >= kernel[1], $"windows of {kernel[0]}x{kernel[1]} over {WeightTensor.Format(x.Shape)}");
        int outputHeight = ((height + pads[0] + pads[2] - kernel[0]) / strides[0]) + 1, outputWidth = ((width + pads[1] + pads[3] - kernel[1]) / strides[1]) + 1;
        int[] shape = Shape([x.Shape[0], channels, outputHeight, outputWidth]);
        double[] result = Elements(shape);
        Spend(result.Length, (long)depth * kernel[0] * kernel[1]);
        for (int i = 0; i < result.Length; i++)
        {
            int column = i % outputWidth, row = i / outputWidth % outputHeight, plane = i / (outputWidth * outputHeight);
            result[i] = function(new Window(plane / channels, plane % channels, (row * strides[0]) - pads[0], (column * strides[1]) - pads[1]));
        }
        return new Tensor(shape, result);
    }

    private static int[] Kernel(NodeProto node) => Ints(node, "kernel_shape", 2, 1);

    /// <summary>A window of an output: its image, its channel, and its upper left corner in the input.</summary>
    private readonly record struct Window(int Image, int Channel, int Top, int Left);

    private Tensor Conv(NodeProto node, Tensor x, Tensor weight, double[] bias)
    {
        Require(x.Shape.Length == 4 && weight.Shape.Length == 4 && weight.Shape[1] == x.Shape[1] && bias.Length == weight.Shape[0] && weight.Shape.Skip(2).SequenceEqual(Kernel(node)),
            $"a convolution of {WeightTensor.Format(x.Shape)} by {WeightTensor.Format(weight.Shape)}");
        int channels = x.Shape[1], height = x.Shape[2], width = x.Shape[3], kernelHeight = weight.Shape[2], kernelWidth = weight.Shape[3];
        return Slide(node, x, weight.Shape[0], channels, window =>
        {
            double sum = bias[window.Channel];
            for (int tap = 0; tap < channels * kernelHeight * kernelWidth; tap++)
            {
                int channel = tap / (kernelHeight * kernelWidth), row = window.Top + (tap / kernelWidth % kernelHeight), column = window.Left + (tap % kernelWidth);
                if (row >= 0 && row < height && column >= 0 && column < width)
                {
                    sum += weight.Values[(window.Channel * channels * kernelHeight * kernelWidth) + tap] * x.Values[(((((window.Image * channels) + channel) * height) + row) * width) + column];
                }
            }
            return sum;
        });
    }

    private Tensor Pool(NodeProto node, Tensor x)
    {
        Require(x.Shape.Length == 4, $"windows over {WeightTensor.Format(x.Shape)}");
        int[] kernel = Kernel(node);
        int channels = x.Shape[1], height = x.Shape[2], width = x.Shape[3];
        return Slide(node, x, channels, 1, window =>
        {
            double largest = double.NegativeInfinity;
            for (int row = Math.Max(0, window.Top); row < Math.Min(height, window.Top + kernel[0]); row++)
            {
                for (int column = Math.Max(0, window.Left); column < Math.Min(width, window.Left + kernel[1]); column++)
                {
                    largest = Math.Max(largest, x.Values[(((((window.Image * channels) + window.Channel) * height) + row) * width) + column]);
                }
            }
            return largest;
        });
    }

    /// <summary>erf(x) = 2 / √π · exp(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n + 1)), whose terms have one sign.</summary>
    private static double Erf(double x)
    {
        if (Math.Abs(x) >= 6)
        {
            return Math.Sign(x);
        }
        double term = x, sum = x;
        for (int n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
        {
            sum += term *= 2 * x * x / ((2 * n) + 1);
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private Tensor Normalize(NodeProto node, Tensor x)
    {
        Require(x.Shape.Length >= 2 && node.Input.Count == 5, $"a normalization of {WeightTensor.Format(x.Shape)}");
        double[][] operands = [.. node.Input.Skip(1).Select(name => Value(name).Values)];
        double epsilon = Number(node, "epsilon");
        Require(operands.All(each => each.Length == x.Shape[1]), $"a normalization of {WeightTensor.Format(x.Shape)}");
        int channels = x.Shape[1], plane = x.Values.Length / (x.Shape[0] * channels);
        double[] result = new double[x.Values.Length];
        for (int i = 0; i < result.Length; i++)
        {
            int channel = i / plane % channels;
            result[i] = ((x.Values[i] - operands[2][channel]) / Math.Sqrt(operands[3][channel] + epsilon) * operands[0][channel]) + operands[1][channel];
        }
        return new Tensor(x.Shape, result);
    }

    private static Tensor Unsqueeze(Tensor x, double[] axes)
    {
        Require(x.Shape.Length == 2 && axes is [2, 3], $"dimensions {string.Join(", ", axes.Take(FileLimits.Dimensions))} for {WeightTensor.Format(x.Shape)}");
        return new Tensor([.. x.Shape, 1, 1], x.Values);
    }

    private static Tensor Average(Tensor x)
    {
        Require(x.Shape.Length == 4, $"an average of {WeightTensor.Format(x.Shape)}");
        int planes = x.Shape[0] * x.Shape[1], size = x.Values.Length / planes;
        return new Tensor([x.Shape[0], x.Shape[1], 1, 1], [.. Enumerable.Range(0, planes).Select(plane => x.Values.AsSpan(plane * size, size).ToArray().Average())]);
    }

    /// <summary>Averages with padding counted as zeros, which the attribute must ask for.</summary>
    private Tensor AveragePool(NodeProto node, Tensor x)
    {
        Require(x.Shape.Length == 4, $"windows over {WeightTensor.Format(x.Shape)}");
        int[] kernel = Kernel(node);
        int channels = x.Shape[1], height = x.Shape[2], width = x.Shape[3];
        return Slide(node, x, channels, 1, window =>
        {
            double sum = 0;
            for (int row = Math.Max(0, window.Top); row < Math.Min(height, window.Top + kernel[0]); row++)
            {
                for (int column = Math.Max(0, window.Left); column < Math.Min(width, window.Left + kernel[1]); column++)
                {
                    sum += x.Values[(((((window.Image * channels) + window.Channel) * height) + row) * width) + column];
                }
            }
            return sum / (kernel[0] * kernel[1]);
        });
    }

    /// <summary>x times the transposed matrix, plus the bias.</summary>
    private Tensor Gemm(Tensor x, Tensor matrix, double[] bias)
    {
        Require(x.Shape.Length == 2 && matrix.Shape.Length == 2 && x.Shape[1] == matrix.Shape[1] && bias.Length == matrix.Shape[0],
            $"a product of {WeightTensor.Format(x.Shape)} and {WeightTensor.Format(matrix.Shape)}");
        int units = matrix.Shape[0], depth = matrix.Shape[1];
        int[] shape = Shape([x.Shape[0], units]);
        double[] result = Elements(shape);
        Spend(result.Length, depth);
        for (int i = 0; i < result.Length; i++)
        {
            double sum = bias[i % units];
            for (int k = 0; k < depth; k++)
            {
                sum += x.Values[(i / units * depth) + k] * matrix.Values[(i % units * depth) + k];
            }
            result[i] = sum;
        }
        return new Tensor(shape, result);
    }

    private static Tensor Softmax(Tensor x)
    {
        Require(x.Shape.Length == 2, $"a softmax of {WeightTensor.Format(x.Shape)}");
        int classes = x.Shape[1];
        double[] result = new double[x.Values.Length];
        for (int first = 0; first < result.Length; first += classes)
        {
            double max = x.Values.AsSpan(first, classes).ToArray().Max(), sum = 0;
            for (int i = first; i < first + classes; i++)
            {
                sum += result[i] = Math.Exp(x.Values[i] - max);
            }
            for (int i = first; i < first + classes; i++)
            {
                result[i] /= sum;
            }
        }
        return new Tensor(x.Shape, result);
    }
}
