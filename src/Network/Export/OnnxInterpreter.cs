using System.Runtime.InteropServices;
using GpuCnn.Onnx;

namespace GpuCnn;

/// <summary>Runs an ONNX graph node by node in double precision, by ONNX's definitions and nothing of this library: what an exported file says, not what was meant.</summary>
internal sealed class OnnxInterpreter
{
    private readonly GraphProto graph;
    private readonly Dictionary<string, Tensor> values = [];

    private OnnxInterpreter(GraphProto graph) => this.graph = graph;

    /// <summary>Runs the graph of a model on images.</summary>
    /// <param name="model">The model, as read from its file.</param>
    /// <param name="pixels">[count, channels, height, width].</param>
    /// <param name="count">The number of images.</param>
    /// <returns>The graph's outputs by name, each [count, elements].</returns>
    public static IReadOnlyDictionary<string, double[]> Run(ModelProto model, ReadOnlySpan<byte> pixels, int count)
    {
        var run = new OnnxInterpreter(model.Graph);
        ValueInfoProto input = model.Graph.Input.Single();
        int[] shape = [count, .. input.Type.TensorType.Shape.Dim.Skip(1).Select(dimension => (int)dimension.DimValue)];
        double[] bytes = new double[pixels.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = pixels[i];
        }
        run.values[input.Name] = new Tensor(shape, bytes);
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            ReadOnlySpan<float> floats = MemoryMarshal.Cast<byte, float>(tensor.RawData.Span);
            double[] elements = new double[floats.Length];
            for (int i = 0; i < elements.Length; i++)
            {
                elements[i] = floats[i];
            }
            run.values[tensor.Name] = new Tensor([.. tensor.Dims.Select(size => (int)size)], elements);
        }
        foreach (NodeProto node in run.graph.Node)
        {
            run.values[node.Output.Single()] = run.Evaluate(node);
        }
        return model.Graph.Output.ToDictionary(output => output.Name, output => run.values[output.Name].Values);
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

    private Tensor Evaluate(NodeProto node)
    {
        Tensor x = values[node.Input[0]];
        return node.OpType switch
        {
            "Cast" => x,
            "Div" => x.With(values[node.Input[1]], (a, b) => a / b),
            "Relu" => x.Map(value => Math.Max(value, 0)),
            "LeakyRelu" => x.Map(value => value >= 0 ? value : value * node.Attribute.Single(attribute => attribute.Name == "alpha").F),
            "Erf" => x.Map(Erf),
            "Add" => x.With(values[node.Input[1]], (a, b) => a + b),
            "Mul" => x.With(values[node.Input[1]], (a, b) => a * b),
            "BatchNormalization" => Normalize(node, x),
            "GlobalAveragePool" => Average(x),
            "AveragePool" => AveragePool(node, x),
            "Flatten" => new Tensor([x.Shape[0], x.Values.Length / x.Shape[0]], x.Values),
            "Conv" => Conv(node, x, values[node.Input[1]], Bias(node)),
            "MaxPool" => Pool(node, x),
            "Gemm" => Gemm(x, values[node.Input[1]], Bias(node)),
            "Softmax" => Softmax(x),
            _ => throw new NotSupportedException($"operation {node.OpType}"),
        };
    }

    /// <summary>The third operand, which a node may leave away.</summary>
    private double[] Bias(NodeProto node) => node.Input.Count > 2 ? values[node.Input[2]].Values : new double[values[node.Input[1]].Shape[0]];

    private static int[] Ints(NodeProto node, string name) => [.. node.Attribute.Single(attribute => attribute.Name == name).Ints.Select(value => (int)value)];

    /// <summary>Visits every window of every plane that there is an output for: the output's index, and the rows and columns of the input that the window covers.</summary>
    private static Tensor Slide(NodeProto node, Tensor x, int channels, Func<Window, double> function)
    {
        int[] kernel = Ints(node, "kernel_shape"), strides = Ints(node, "strides"), pads = Ints(node, "pads");
        int height = x.Shape[2], width = x.Shape[3];
        int outputHeight = ((height + pads[0] + pads[2] - kernel[0]) / strides[0]) + 1, outputWidth = ((width + pads[1] + pads[3] - kernel[1]) / strides[1]) + 1;
        double[] result = new double[x.Shape[0] * channels * outputHeight * outputWidth];
        for (int i = 0; i < result.Length; i++)
        {
            int column = i % outputWidth, row = i / outputWidth % outputHeight, plane = i / (outputWidth * outputHeight);
            result[i] = function(new Window(plane / channels, plane % channels, (row * strides[0]) - pads[0], (column * strides[1]) - pads[1]));
        }
        return new Tensor([x.Shape[0], channels, outputHeight, outputWidth], result);
    }

    /// <summary>A window of an output: its image, its channel, and its upper left corner in the input.</summary>
    private readonly record struct Window(int Image, int Channel, int Top, int Left);

    private static Tensor Conv(NodeProto node, Tensor x, Tensor weight, double[] bias)
    {
        int channels = x.Shape[1], height = x.Shape[2], width = x.Shape[3], kernelHeight = weight.Shape[2], kernelWidth = weight.Shape[3];
        return Slide(node, x, weight.Shape[0], window =>
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

    private static Tensor Pool(NodeProto node, Tensor x)
    {
        int[] kernel = Ints(node, "kernel_shape");
        int channels = x.Shape[1], height = x.Shape[2], width = x.Shape[3];
        return Slide(node, x, channels, window =>
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
        double[][] operands = [.. node.Input.Skip(1).Select(name => values[name].Values)];
        double epsilon = node.Attribute.Single(attribute => attribute.Name == "epsilon").F;
        int channels = x.Shape[1], plane = x.Values.Length / (x.Shape[0] * channels);
        double[] result = new double[x.Values.Length];
        for (int i = 0; i < result.Length; i++)
        {
            int channel = i / plane % channels;
            result[i] = ((x.Values[i] - operands[2][channel]) / Math.Sqrt(operands[3][channel] + epsilon) * operands[0][channel]) + operands[1][channel];
        }
        return new Tensor(x.Shape, result);
    }

    private static Tensor Average(Tensor x)
    {
        int planes = x.Shape[0] * x.Shape[1], size = x.Values.Length / planes;
        return new Tensor([x.Shape[0], x.Shape[1], 1, 1], [.. Enumerable.Range(0, planes).Select(plane => x.Values.AsSpan(plane * size, size).ToArray().Average())]);
    }

    /// <summary>Averages with padding counted as zeros, which the attribute must ask for.</summary>
    private static Tensor AveragePool(NodeProto node, Tensor x)
    {
        if (node.Attribute.All(attribute => attribute.Name != "count_include_pad" || attribute.I != 1))
        {
            throw new NotSupportedException("an average without its padding");
        }
        int[] kernel = Ints(node, "kernel_shape");
        int channels = x.Shape[1], height = x.Shape[2], width = x.Shape[3];
        return Slide(node, x, channels, window =>
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
    private static Tensor Gemm(Tensor x, Tensor matrix, double[] bias)
    {
        int units = matrix.Shape[0], depth = matrix.Shape[1];
        double[] result = new double[x.Shape[0] * units];
        for (int i = 0; i < result.Length; i++)
        {
            double sum = bias[i % units];
            for (int k = 0; k < depth; k++)
            {
                sum += x.Values[(i / units * depth) + k] * matrix.Values[(i % units * depth) + k];
            }
            result[i] = sum;
        }
        return new Tensor([x.Shape[0], units], result);
    }

    private static Tensor Softmax(Tensor x)
    {
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
