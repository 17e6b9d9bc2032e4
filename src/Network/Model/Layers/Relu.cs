namespace GpuCnn;

/// <summary>ReLU: negative values become zero.</summary>
public sealed record Relu : Layer
{
    /// <inheritdoc/>
    public override string Kind => "relu";

    /// <inheritdoc/>
    public override string Description => "";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => input;

    internal override bool KeepsMemory => true;

    internal override void Export(OnnxGraph graph) => graph.Node("Relu", []);

    internal override Stage CreateStage(StageContext context) => new ReluStage(context);
}
