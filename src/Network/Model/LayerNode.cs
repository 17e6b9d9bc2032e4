namespace GpuCnn;

/// <summary>A placed layer: its name, the shapes of one image that go in and come out, and its parameters.</summary>
internal sealed class LayerNode
{
    internal LayerNode(Layer layer, string name, int index, TensorShape input, TensorShape inputMemory, TensorShape output)
    {
        (Layer, Name, Index, Input, InputMemory, Output) = (layer, name, index, input, inputMemory, output);
        Parameters = [.. layer.ParameterShapes(input).Select(each => ($"{name}.{each.Name}", each.Shape))];
    }

    /// <summary>The layer.</summary>
    public Layer Layer { get; }

    /// <summary>Its kind and number, <c>conv1</c>; within a residual block after the block's name, <c>residual1.conv1</c>.</summary>
    public string Name { get; }

    /// <summary>The shape of what it gets.</summary>
    public TensorShape Input { get; }

    /// <summary>The shape of what it gives.</summary>
    public TensorShape Output { get; }

    /// <summary>Its tensors in a weights file, with PyTorch's names and shapes, running moments included.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> Parameters { get; }

    /// <summary>The number of trained parameters.</summary>
    public long ParameterCount => Parameters.Where(each => !ParameterNames.IsRunning(each.Name)).Sum(each => each.Shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>Multiply-adds for one image.</summary>
    public long MultiplyAdds => Layer.MultiplyAdds(Input);

    /// <summary>Its number among <see cref="ModelDefinition.Nodes"/>.</summary>
    internal int Index { get; }

    /// <summary>The shape of what it gets as it lies in memory: after a flatten layer still that of the image.</summary>
    internal TensorShape InputMemory { get; }

    /// <summary>The shape of what it gives as it lies in memory.</summary>
    internal TensorShape OutputMemory => Layer.KeepsMemory ? InputMemory : Output;

    /// <summary>The layers of a residual block.</summary>
    internal IReadOnlyList<LayerNode> Body { get; init; } = [];

    /// <summary>The layers of a residual block's shortcut.</summary>
    internal IReadOnlyList<LayerNode> Shortcut { get; init; } = [];
}
