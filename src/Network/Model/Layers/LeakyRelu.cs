using System.Globalization;

namespace GpuCnn;

/// <summary>LeakyReLU: negative values are multiplied by a small slope.</summary>
/// <param name="Slope">From 0 to 1.</param>
public sealed record LeakyRelu(double Slope = 0.01) : Layer
{
    /// <inheritdoc/>
    public override string Kind => "relu";

    /// <inheritdoc/>
    public override string Description => $"leaky {Slope.ToString("0.####", CultureInfo.InvariantCulture)}";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => Slope is >= 0 and <= 1
        ? input
        : throw new ModelException($"{Kind}: the slope must lie in [0, 1], it is {Slope}");

    internal override bool KeepsMemory => true;

    internal override void Export(OnnxGraph graph) => graph.Node("LeakyRelu", [], OnnxGraph.Attribute("alpha", (float)Slope));

    internal override Stage CreateStage(StageContext context) => new LeakyReluStage(this, context);
}
