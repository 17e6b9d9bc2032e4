namespace GpuCnn;

/// <summary>Batch normalization: each channel is shifted and scaled to mean 0 and variance 1 over the batch, then by a bias and a weight that are trained.</summary>
/// <remarks>In evaluation the running mean and variance stand for those of the batch. Files hold them beside weight and bias, under PyTorch's names.</remarks>
/// <param name="Momentum">A batch's share in the running values, from 0 to 1, as PyTorch counts it.</param>
/// <param name="Epsilon">What is added to a variance before its root is taken, above 0.</param>
public sealed record BatchNorm(double Momentum = 0.1, double Epsilon = 1e-5) : Layer
{
    /// <inheritdoc/>
    public override string Kind => "norm";

    /// <inheritdoc/>
    public override string Description => "batch";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => Momentum is not (>= 0 and <= 1)
        ? throw new ModelException($"{Kind}: the momentum must lie in [0, 1], it is {Momentum}")
        : Epsilon is > 0 and <= 1 ? input : throw new ModelException($"{Kind}: epsilon must be above 0 and at most 1, it is {Epsilon}");

    /// <inheritdoc/>
    public override IReadOnlyList<int> WeightShape(TensorShape input) => [input.Channels];

    /// <inheritdoc/>
    public override bool HasRunningMoments => true;

    /// <inheritdoc/>
    public override long MultiplyAdds(TensorShape input) => input.Count;

    internal override bool NeedsChannelsLast => true;

    internal override void Export(OnnxGraph graph) => graph.Node("BatchNormalization",
        [graph.Parameter("weight"), graph.Parameter("bias"), graph.Parameter("running_mean"), graph.Parameter("running_var")], OnnxGraph.Attribute("epsilon", (float)Epsilon));

    internal override Stage CreateStage(StageContext context) => new BatchNormStage(this, context, relu: false);

    internal override ParameterBlock CreateBlock(string name, int offset, TensorShape input) => new(name, offset, 1, 1, 1, input.Channels, WeightShape(input));
}
