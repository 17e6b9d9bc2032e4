using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Max-pooling with a square window.</summary>
/// <param name="Window">Height and width of the window, at least 1.</param>
/// <param name="Stride">Pixels between neighbouring windows, in both directions.</param>
/// <param name="CeilMode">Whether a window that hangs over the lower or right edge counts; else it is dropped.</param>
/// <param name="Padding">Rows and columns on each side that windows may cover, at most half the window; they never win.</param>
public sealed record MaxPool2d(int Window, int Stride, bool CeilMode = false, int Padding = 0) : Layer
{
    /// <summary>A pooling whose windows lie side by side.</summary>
    /// <param name="window">Height, width and stride.</param>
    public MaxPool2d(int window) : this(window, window)
    {
    }

    /// <inheritdoc/>
    public override string Kind => "pool";

    /// <inheritdoc/>
    public override string Description => $"max {Window}x{Window}{(Stride == Window ? "" : $" stride {Stride}")}{(Padding == 0 ? "" : $" pad {Padding}")}{(CeilMode ? " ceil" : "")}";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input)
    {
        Pool2dShape shape = PoolShape(input, Window, Stride, Padding, CeilMode, Kind);
        return new TensorShape(input.Channels, shape.OutputHeight, shape.OutputWidth);
    }

    internal override bool NeedsChannelsLast => true;

    /// <summary>Windows that hang over become padding, which never wins: runtimes disagree about the number of windows in ceil mode.</summary>
    internal override void Export(OnnxGraph graph)
    {
        int Over(int input, int output) => Math.Max(0, ((output - 1) * Stride) + Window - Padding - input);
        graph.Unflatten();
        graph.Node("MaxPool", [], OnnxGraph.Attribute("kernel_shape", [Window, Window]), OnnxGraph.Attribute("strides", [Stride, Stride]),
            OnnxGraph.Attribute("pads", [Padding, Padding, Over(graph.Input.Height, graph.Output.Height), Over(graph.Input.Width, graph.Output.Width)]));
    }

    internal override Stage CreateStage(StageContext context) => new MaxPool2dStage(this, context);

    /// <summary>The sizes of a pooling whose settings and input a user chose.</summary>
    /// <exception cref="ModelException">They do not fit.</exception>
    internal static Pool2dShape PoolShape(TensorShape input, int window, int stride, int padding, bool ceilMode, string kind)
    {
        ModelException.Positive(window, kind, "the window");
        ModelException.Positive(stride, kind, "the stride");
        ModelException.Within(padding, 0, kind, "the padding");
        if (padding > window / 2)
        {
            throw new ModelException($"{kind}: a padding of {padding} is more than half of a {window}x{window} window");
        }
        if (!ceilMode && (window > input.Height + (2 * padding) || window > input.Width + (2 * padding)))
        {
            throw new ModelException($"{kind}: a {window}x{window} window does not fit an input of {input}{(padding == 0 ? "" : $" with padding {padding}")}");
        }
        return new Pool2dShape(input.Channels, input.Height, input.Width, window, window, stride, ceilMode, padding);
    }
}
