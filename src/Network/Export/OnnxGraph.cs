using System.Runtime.InteropServices;
using Google.Protobuf;
using GpuCnn.Onnx;

namespace GpuCnn;

/// <summary>An ONNX graph that grows layer by layer.</summary>
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

    /// <summary>A graph of bytes that are scaled to [0, 1].</summary>
    public OnnxGraph(ModelDefinition model, IReadOnlyList<WeightTensor> weights)
    {
        tensors = weights.ToDictionary(tensor => tensor.Name);
        Graph.Name = model.Name;
        Graph.Input.Add(Value(Pixels, TensorProto.Types.DataType.Uint8, model.Input.Channels, model.Input.Height, model.Input.Width));
        Node("Cast", [], Attribute("to", (long)TensorProto.Types.DataType.Float));
        Node("Div", [Constant("divisor", 255)]);
    }

    /// <summary>The graph so far.</summary>
    public GraphProto Graph { get; } = new();

    /// <summary>The value that the next node reads, and whether it is a vector.</summary>
    public (string Name, bool IsFlat) Current { get; set; } = (Pixels, false);

    /// <summary>The layer whose nodes are appended: they and its constants are named after it.</summary>
    public string Layer { get; set; } = "scaling";

    /// <summary>Appends a node, which reads <see cref="Current"/> and gives the next.</summary>
    /// <param name="operation">ONNX's name of the operation.</param>
    /// <param name="operands">The names of its further operands.</param>
    /// <param name="attributes">Its settings.</param>
    public void Node(string operation, IReadOnlyList<string> operands, params IEnumerable<AttributeProto> attributes)
    {
        string name = $"{Layer}.{operation}";
        for (int number = 2; Graph.Node.Any(node => node.Name == name); number++)
        {
            name = $"{Layer}.{operation}{number}";
        }
        Graph.Node.Add(new NodeProto { OpType = operation, Name = name, Input = { Current.Name, operands }, Output = { name }, Attribute = { attributes } });
        Current = Current with { Name = name };
    }

    /// <summary>Makes vectors of images, where they are not yet.</summary>
    public void Flatten()
    {
        if (!Current.IsFlat)
        {
            Node("Flatten", []);
            Current = Current with { IsFlat = true };
        }
    }

    /// <summary>Makes images of one pixel of vectors, where they are such: convolutions and windows take nothing else.</summary>
    public void Unflatten()
    {
        if (Current.IsFlat)
        {
            Node("Unsqueeze", [Initializer($"{Layer}.axes", TensorProto.Types.DataType.Int64, [2], MemoryMarshal.AsBytes<long>([2, 3]))]);
            Current = Current with { IsFlat = false };
        }
    }

    /// <summary>A tensor of the model, for <see cref="Node"/>.</summary>
    public string Parameter(string name)
    {
        WeightTensor tensor = tensors[name];
        return Initializer(tensor.Name, TensorProto.Types.DataType.Float, tensor.Shape, MemoryMarshal.AsBytes<float>(tensor.Values));
    }

    /// <summary>A number, for <see cref="Node"/>.</summary>
    /// <param name="name">What it is to be called.</param>
    /// <param name="value">The number.</param>
    public string Constant(string name, float value) => Initializer($"{Layer}.{name}", TensorProto.Types.DataType.Float, [], MemoryMarshal.AsBytes<float>([value]));

    /// <summary>A setting of a node.</summary>
    /// <param name="name">ONNX's name of it.</param>
    /// <param name="value">Its value.</param>
    public static AttributeProto Attribute(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <inheritdoc cref="Attribute(string, long)"/>
    public static AttributeProto Attribute(string name, float value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    /// <inheritdoc cref="Attribute(string, long)"/>
    public static AttributeProto Attribute(string name, params IEnumerable<long> values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

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

    /// <summary>Gives the current value another name wherever it is written and read.</summary>
    public void Rename(string to)
    {
        string from = Current.Name;
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
        Current = Current with { Name = to };
    }

    /// <summary>Makes the current value an output of the graph.</summary>
    public void Output(string name, int classes)
    {
        Rename(name);
        Graph.Output.Add(Value(name, TensorProto.Types.DataType.Float, classes));
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
