using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Max-pooling with a square window.</summary>
/// <param name="Window">Height and width of the window, at least 1.</param>
/// <param name="Stride">Pixels between neighbouring windows, in both directions.</param>
/// <param name="CeilMode">Whether a window that hangs over the lower or right edge counts; else it is dropped.</param>
public sealed record MaxPool2d(int Window, int Stride, bool CeilMode = false) : Layer
{
    /// <summary>A pooling whose windows lie side by side.</summary>
    /// <param name="window">Height, width and stride.</param>
    public MaxPool2d(int window) : this(window, window)
    {
    }

    /// <inheritdoc/>
    public override string Kind => "pool";

    /// <inheritdoc/>
    public override string Description => $"max {Window}x{Window}{(Stride == Window ? "" : $" stride {Stride}")}{(CeilMode ? " ceil" : "")}";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input)
    {
        ModelException.Positive(Window, Kind, "the window");
        ModelException.Positive(Stride, Kind, "the stride");
        if (!CeilMode && (Window > input.Height || Window > input.Width))
        {
            throw new ModelException($"{Kind}: a {Window}x{Window} window does not fit an input of {input}");
        }
        var shape = new Pool2dShape(input.Channels, input.Height, input.Width, Window, Window, Stride, CeilMode);
        return new TensorShape(input.Channels, shape.OutputHeight, shape.OutputWidth);
    }

    /// <summary>Windows that hang over become padding, which never wins: runtimes disagree about the number of windows in ceil mode.</summary>
    internal override void Export(OnnxGraph graph)
    {
        int Over(int input, int output) => Math.Max(0, ((output - 1) * Stride) + Window - input);
        graph.Node("MaxPool", [], OnnxGraph.Attribute("kernel_shape", [Window, Window]), OnnxGraph.Attribute("strides", [Stride, Stride]),
            OnnxGraph.Attribute("pads", [0, 0, Over(graph.Input.Height, graph.Output.Height), Over(graph.Input.Width, graph.Output.Width)]));
    }

    internal override Stage CreateStage(StageContext context) => new MaxPool2dStage(this, context);
}
