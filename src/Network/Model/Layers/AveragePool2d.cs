using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Average-pooling with a square window; padding counts as zeros, as in PyTorch.</summary>
/// <param name="Window">Height and width of the window, at least 1.</param>
/// <param name="Stride">Pixels between neighbouring windows, in both directions.</param>
/// <param name="Padding">Rows and columns of zeros on each side, at most half the window.</param>
public sealed record AveragePool2d(int Window, int Stride, int Padding = 0) : Layer
{
    /// <summary>A pooling whose windows lie side by side.</summary>
    /// <param name="window">Height, width and stride.</param>
    public AveragePool2d(int window) : this(window, window)
    {
    }

    /// <inheritdoc/>
    public override string Kind => "pool";

    /// <inheritdoc/>
    public override string Description => $"average {Window}x{Window}{(Stride == Window ? "" : $" stride {Stride}")}{(Padding == 0 ? "" : $" pad {Padding}")}";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input)
    {
        Pool2dShape shape = MaxPool2d.PoolShape(input, Window, Stride, Padding, false, Kind);
        return new TensorShape(input.Channels, shape.OutputHeight, shape.OutputWidth);
    }

    internal override bool NeedsChannelsLast => true;

    internal override void Export(OnnxGraph graph)
    {
        graph.Unflatten();
        graph.Node("AveragePool", [], OnnxGraph.Attribute("kernel_shape", [Window, Window]), OnnxGraph.Attribute("strides", [Stride, Stride]),
            OnnxGraph.Attribute("pads", [Padding, Padding, Padding, Padding]), OnnxGraph.Attribute("count_include_pad", 1));
    }

    internal override Stage CreateStage(StageContext context) => new AveragePool2dStage(MaxPool2d.PoolShape(context.InputShape, Window, Stride, Padding, false, Kind), context);
}
