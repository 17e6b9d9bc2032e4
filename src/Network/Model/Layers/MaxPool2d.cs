using System.Runtime.CompilerServices;
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
        Pool2dShape shape = Shape(input);
        return new TensorShape(input.Channels, shape.OutputHeight, shape.OutputWidth);
    }

    internal override bool NeedsChannelsLast => true;

    /// <summary>The sizes of its windows over an input.</summary>
    internal Pool2dShape Shape(TensorShape input) => PoolShape(input, Window, Stride, Padding, CeilMode, Kind);

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

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("max_pool", "The largest value of each window.",
        [
            LayerKind.Window, LayerKind.PoolStride, LayerKind.PoolPadding,
            new("ceil_mode", SettingForm.Switch, "Whether a window that hangs over the lower or right edge counts.", Preset: "false"),
        ],
        values => new MaxPool2d(values.Whole("window"), values.Whole("stride", values.Whole("window")), values.Switch("ceil_mode"), values.Whole("padding")),
        (MaxPool2d pool) => new SettingValues().With("window", pool.Window).With("stride", pool.Stride).With("padding", pool.Padding).With("ceil_mode", pool.CeilMode));
}
