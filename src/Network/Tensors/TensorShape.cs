namespace GpuCnn;

/// <summary>The shape of one image or of what a layer makes of it; a vector of n features is n x 1 x 1.</summary>
/// <param name="Channels">C.</param>
/// <param name="Height">H, in pixels.</param>
/// <param name="Width">W, in pixels.</param>
public readonly record struct TensorShape(int Channels, int Height, int Width)
{
    /// <summary>The number of elements.</summary>
    public int Count => Channels * Height * Width;

    /// <summary>The shape as channels x height x width.</summary>
    /// <returns>For example <c>32x13x13</c>; <c>128</c> for a vector.</returns>
    public override string ToString() => Height == 1 && Width == 1 ? $"{Channels}" : $"{Channels}x{Height}x{Width}";
}
