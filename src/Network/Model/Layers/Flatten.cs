namespace GpuCnn;

/// <summary>Makes a vector of an image, in files in the order channels, height, width.</summary>
public sealed record Flatten : Layer
{
    /// <inheritdoc/>
    public override string Kind => "flatten";

    /// <inheritdoc/>
    public override string Description => "";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => new(input.Count, 1, 1);

    internal override bool KeepsMemory => true;

    internal override bool WorksInPlace => false;

    internal override void Export(OnnxGraph graph) => graph.Flatten();

    /// <summary>Nothing runs: the memory is a vector already, and the first dense layer's parameters are kept in the order of that memory.</summary>
    internal override Stage? CreateStage(StageContext context) => null;
}
