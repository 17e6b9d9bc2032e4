using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>The average of each channel over all pixels: an image becomes a vector of its channels.</summary>
public sealed record GlobalAveragePool : Layer
{
    /// <inheritdoc/>
    public override string Kind => "pool";

    /// <inheritdoc/>
    public override string Description => "average, global";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => new(input.Channels, 1, 1);

    internal override bool NeedsChannelsLast => true;

    internal override void Export(OnnxGraph graph)
    {
        graph.Unflatten();
        graph.Node("GlobalAveragePool", []);
    }

    internal override Stage CreateStage(StageContext context)
    {
        TensorShape input = context.InputShape;
        return new AveragePool2dStage(new Pool2dShape(input.Channels, input.Height, input.Width, input.Height, input.Width, 1), context);
    }
}
