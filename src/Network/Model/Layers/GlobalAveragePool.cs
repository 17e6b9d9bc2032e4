using System.Runtime.CompilerServices;
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

    /// <summary>The sizes of its one window.</summary>
    internal static Pool2dShape Shape(TensorShape input) => new(input.Channels, input.Height, input.Width, input.Height, input.Width, 1);

    internal override bool NeedsChannelsLast => true;

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("global_average_pool", "The average of each channel over all pixels, which makes a vector of an image.", [],
        _ => new GlobalAveragePool(), (GlobalAveragePool _) => new SettingValues());
}
