namespace GpuCnn;

/// <summary>A dense (fully connected) layer.</summary>
/// <param name="Units">Outputs, at least 1.</param>
/// <param name="Bias">Whether each unit has a bias.</param>
public sealed record Dense(int Units, bool Bias = true) : Layer
{
    /// <inheritdoc/>
    public override string Kind => "dense";

    /// <inheritdoc/>
    public override string Description => $"{Units}{(Bias ? "" : " no bias")}";

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
    public override bool HasBias => Bias;

    /// <inheritdoc/>
    public override long MultiplyAdds(TensorShape input) => (long)Units * input.Count;

    internal override Stage CreateStage(StageContext context) => new DenseStage(this, context, relu: false);

    internal override void Export(OnnxGraph graph)
    {
        graph.Flatten();
        graph.Node("Gemm", graph.WeightAndBias(Bias), OnnxGraph.Attribute("transB", 1));
    }

    internal override ParameterBlock CreateBlock(string name, int offset, TensorShape input) =>
        new(name, offset, input.Height, input.Width, input.Channels, Units, WeightShape(input)) { HasBias = Bias };
}
