namespace GpuCnn;

/// <summary>A dense (fully connected) layer with bias.</summary>
/// <param name="Units">Outputs, at least 1.</param>
public sealed record Dense(int Units) : Layer
{
    /// <inheritdoc/>
    public override string Kind => "dense";

    /// <inheritdoc/>
    public override string Description => $"{Units}";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input)
    {
        ModelException.Positive(Units, Kind, "the number of units");
        return input.Height == 1 && input.Width == 1
            ? new TensorShape(Units, 1, 1)
            : throw new ModelException($"{Kind}: it takes a vector, not {input}; put a flatten layer before it");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> WeightShape(TensorShape input) => [Units, input.Count];

    /// <inheritdoc/>
    public override long MultiplyAdds(TensorShape input) => (long)Units * input.Count;

    internal override Stage CreateStage(StageContext context) => new DenseStage(this, context, relu: false);

    internal override void Export(OnnxGraph graph)
    {
        graph.Flatten();
        graph.Node("Gemm", [graph.Parameter("weight"), graph.Parameter("bias")], OnnxGraph.Attribute("transB", 1));
    }

    internal override ParameterBlock CreateBlock(string name, int offset, TensorShape input) =>
        new(name, offset, input.Height, input.Width, input.Channels, Units, [Units, input.Count]);
}
