using System.Runtime.CompilerServices;
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
        Pool2dShape shape = Shape(input);
        return new TensorShape(input.Channels, shape.OutputHeight, shape.OutputWidth);
    }

    /// <summary>The sizes of its windows over an input.</summary>
    internal Pool2dShape Shape(TensorShape input) => MaxPool2d.PoolShape(input, Window, Stride, Padding, false, Kind);

    internal override bool NeedsChannelsLast => true;

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("average_pool", "The average of each window; padding counts as zeros.",
        [LayerKind.Window, LayerKind.PoolStride, LayerKind.PoolPadding],
        values => new AveragePool2d(values.Whole("window"), values.Whole("stride", values.Whole("window")), values.Whole("padding")),
        (AveragePool2d pool) => new SettingValues().With("window", pool.Window).With("stride", pool.Stride).With("padding", pool.Padding));
}
