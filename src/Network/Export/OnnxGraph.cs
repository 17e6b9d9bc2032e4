using System.Runtime.InteropServices;
using Google.Protobuf;
using GpuCnn.Onnx;

namespace GpuCnn;

/// <summary>An ONNX graph that grows layer by layer: each layer of a model appends the nodes that it is made of.</summary>
/// <remarks>Values of the graph are [batch, channels, height, width], behind a flatten layer [batch, elements]. What a layer gives is named after the layer, its
/// parameters as in weights files.</remarks>
internal sealed class OnnxGraph
{
    /// <summary>The version of ONNX's operators that the nodes are of: an old one that has all of them, so that old runtimes read the files too.</summary>
    public const int OperatorSet = 13;

    /// <summary>The name of the graph's input: bytes, so that a runtime refuses pixels that were scaled already.</summary>
    public const string Pixels = "pixels";

    /// <summary>The name of the output in front of the softmax.</summary>
    public const string Logits = "logits";

    /// <summary>The name of the softmax's output.</summary>
    public const string Probabilities = "probabilities";

    private readonly Dictionary<string, WeightTensor> tensors;
    private string layerName = "scaling";
    private bool isFlat;

    private OnnxGraph(ModelDefinition model, IReadOnlyList<WeightTensor> weights)
    {
        tensors = weights.ToDictionary(tensor => tensor.Name);
        Input = Output = model.Input;
        Graph.Name = model.Name;
        Graph.Input.Add(Value(Pixels, TensorProto.Types.DataType.Uint8, model.Input.Channels, model.Input.Height, model.Input.Width));
        Current = Pixels;
        Node("Cast", [], Attribute("to", (long)TensorProto.Types.DataType.Float));
        Node("Div", [Constant("divisor", 255)]);
    }

    /// <summary>The graph so far.</summary>
    public GraphProto Graph { get; } = new();

    /// <summary>The value that the next node reads: what comes into the layer, and after a node what that gives.</summary>
    public string Current { get; private set; }

    /// <summary>The shape of what comes into the layer.</summary>
    public TensorShape Input { get; private set; }

    /// <summary>The shape of what the layer gives.</summary>
    public TensorShape Output { get; private set; }

    /// <summary>The graph of a model: pixels and their scaling, the layers, logits and probabilities.</summary>
    /// <param name="model">The model.</param>
    /// <param name="weights">Its weights.</param>
    /// <exception cref="ModelException">A layer has no form in ONNX.</exception>
    public static GraphProto Of(ModelDefinition model, IReadOnlyList<WeightTensor> weights)
    {
        var graph = new OnnxGraph(model, weights);
        graph.Append(model.Placed);
        graph.Flatten();
        graph.Rename(graph.Current, Logits);
        (graph.layerName, graph.Current) = (Probabilities, Logits);
        graph.Node("Softmax", [], Attribute("axis", 1));
        graph.Rename(graph.Current, Probabilities);
        graph.Graph.Output.Add(Value(Logits, TensorProto.Types.DataType.Float, model.Classes));
        graph.Graph.Output.Add(Value(Probabilities, TensorProto.Types.DataType.Float, model.Classes));
        return graph.Graph;
    }

    /// <summary>Appends a node, which reads <see cref="Current"/> and gives the next.</summary>
    /// <param name="operation">ONNX's name of the operation.</param>
    /// <param name="operands">The names of its further operands.</param>
    /// <param name="attributes">Its settings.</param>
    public void Node(string operation, IReadOnlyList<string> operands, params IEnumerable<AttributeProto> attributes)
    {
        string name = $"{layerName}.{operation}";
        for (int number = 2; Graph.Node.Any(node => node.Name == name); number++)
        {
            name = $"{layerName}.{operation}{number}";
        }
        Graph.Node.Add(new NodeProto { OpType = operation, Name = name, Input = { Current, operands }, Output = { name }, Attribute = { attributes } });
        Current = name;
    }

    /// <summary>Makes vectors of images, where they are not yet.</summary>
    public void Flatten()
    {
        if (!isFlat)
        {
            Node("Flatten", []);
            isFlat = true;
        }
    }

    /// <summary>Makes images of one pixel of vectors, where they are such: convolutions and windows take nothing else.</summary>
    public void Unflatten()
    {
        if (isFlat)
        {
            Node("Unsqueeze", [Initializer($"{layerName}.axes", TensorProto.Types.DataType.Int64, [2], MemoryMarshal.AsBytes<long>([2, 3]))]);
            isFlat = false;
        }
    }

    /// <summary>A parameter of the layer, for <see cref="Node"/>.</summary>
    /// <param name="name">Its name without the layer's: <c>weight</c>.</param>
    public string Parameter(string name)
    {
        WeightTensor tensor = tensors[$"{layerName}.{name}"];
        return Initializer(tensor.Name, TensorProto.Types.DataType.Float, tensor.Shape, MemoryMarshal.AsBytes<float>(tensor.Values));
    }

    /// <summary>The layer's weight and, where it has one, its bias, for <see cref="Node"/>.</summary>
    /// <param name="hasBias">Whether it has one.</param>
    public IReadOnlyList<string> WeightAndBias(bool hasBias) => hasBias ? [Parameter("weight"), Parameter("bias")] : [Parameter("weight")];

    /// <summary>A number, for <see cref="Node"/>.</summary>
    /// <param name="name">What it is to be called.</param>
    /// <param name="value">The number.</param>
    public string Constant(string name, float value) => Initializer($"{layerName}.{name}", TensorProto.Types.DataType.Float, [], MemoryMarshal.AsBytes<float>([value]));

    /// <summary>A setting of a node.</summary>
    /// <param name="name">ONNX's name of it.</param>
    /// <param name="value">Its value.</param>
    public static AttributeProto Attribute(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <inheritdoc cref="Attribute(string, long)"/>
    public static AttributeProto Attribute(string name, float value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    /// <inheritdoc cref="Attribute(string, long)"/>
    public static AttributeProto Attribute(string name, params IEnumerable<long> values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    private void Append(IReadOnlyList<PlacedLayer> chain)
    {
        foreach (PlacedLayer placed in chain)
        {
            string before = Current;
            if (placed.Layer is Residual)
            {
                (TensorShape input, bool inputIsFlat) = (Output, isFlat);
                Append(placed.Shortcut);
                (string shortcut, bool shortcutIsFlat) = (Current, isFlat);
                (Current, Output, isFlat) = (before, input, inputIsFlat);
                Append(placed.Body);
                (layerName, Output) = (placed.Summary.Name, placed.Summary.Output);
                Add(shortcut, shortcutIsFlat);
            }
            else
            {
                (layerName, Input, Output) = (placed.Summary.Name, Output, placed.Summary.Output);
                placed.Layer.Export(this);
            }
            if (Current != before)
            {
                Rename(Current, layerName);
            }
        }
    }

    /// <summary>Adds another value. Where one of the two is a vector and the other an image of one pixel, which have the same elements, both become vectors: ONNX would repeat each along the other.</summary>
    private void Add(string other, bool otherIsFlat)
    {
        if (otherIsFlat && !isFlat)
        {
            Flatten();
        }
        else if (isFlat && !otherIsFlat)
        {
            (Current, other, isFlat) = (other, Current, false);
            Flatten();
        }
        Node("Add", [other]);
    }

    private string Initializer(string name, TensorProto.Types.DataType type, IReadOnlyList<int> shape, ReadOnlySpan<byte> elements)
    {
        Graph.Initializer.Add(new TensorProto
        {
            Name = name,
            DataType = type,
            Dims = { shape.Select(size => (long)size) },
            RawData = ByteString.CopyFrom(elements),
        });
        return name;
    }

    /// <summary>Gives a value another name wherever it is written and read.</summary>
    private void Rename(string from, string to)
    {
        foreach (NodeProto node in Graph.Node)
        {
            foreach (IList<string> names in (IList<string>[])[node.Input, node.Output])
            {
                for (int i = 0; i < names.Count; i++)
                {
                    names[i] = names[i] == from ? to : names[i];
                }
            }
        }
        Current = Current == from ? to : Current;
    }

    private static ValueInfoProto Value(string name, TensorProto.Types.DataType type, params IEnumerable<int> sizes) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = type,
                Shape = new TensorShapeProto
                {
                    Dim =
                    {
                        new TensorShapeProto.Types.Dimension { DimParam = "batch" },
                        sizes.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }),
                    },
                },
            },
        },
    };
}
