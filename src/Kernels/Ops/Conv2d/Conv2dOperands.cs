using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>What the GPU bodies of the three convolution operations share.</summary>
internal static class Conv2dOperands
{
    /// <summary>2 x 2 max-pooling stores which of a window's four values won, or this where ReLU closed the window.</summary>
    public const byte Closed = 4;

    /// <summary>Up to four gradients of neighbouring filters before ReLU and pooling: those whose window this position of it won.</summary>
    public static Float4 Won(ArrayView<float> gradOutput, ArrayView<byte> winners, int vector, int position, long at, int count)
    {
        if (vector == 0)
        {
            return new(Won(gradOutput, winners, position, at, count > 0), Won(gradOutput, winners, position, at + 1, count > 1),
                Won(gradOutput, winners, position, at + 2, count > 2), Won(gradOutput, winners, position, at + 3, count > 3));
        }
        if (count <= 0)
        {
            return default;
        }
        uint codes = winners.SubView(at, Float4.Count).Cast<uint>()[0];
        Float4 values = Float4.Load(gradOutput, at);
        return new((codes & 255) == position ? values.X : 0f, ((codes >> 8) & 255) == position ? values.Y : 0f,
            ((codes >> 16) & 255) == position ? values.Z : 0f, codes >> 24 == position ? values.W : 0f);
    }

    /// <summary>1 when gradients and winners of four neighbouring filters can be read at once.</summary>
    public static int Fits(in Conv2dShape shape, ArrayView<float> gradOutput, ArrayView<byte> winners) =>
        !shape.IsPooled || Float4.StartsAligned(winners) ? Float4.Fits(gradOutput, shape.Filters) : 0;

    private static float Won(ArrayView<float> gradOutput, ArrayView<byte> winners, int position, long at, bool inside) =>
        inside && winners[at] == position ? gradOutput[at] : 0f;
}

/// <summary>A depth that runs over kernel lines, taps of a line and the channels (or filters) of a tap.</summary>
internal struct TapWalk
{
    private readonly int width, channels;

    /// <param name="width">Taps of a line.</param>
    /// <param name="channels">Channels of a tap.</param>
    /// <param name="k">Where to start.</param>
    public TapWalk(int width, int channels, int k)
    {
        this.width = width;
        this.channels = channels;
        int tap = k / channels;
        Channel = k - (tap * channels);
        // Compilers divide first and choose then.
        Line = width > 0 ? tap / Math.Max(1, width) : 0;
        Tap = tap - (Line * width);
    }

    public int Line { get; private set; }

    public int Tap { get; private set; }

    public int Channel { get; private set; }

    public void Advance(int count)
    {
        Channel += count;
        while (Channel >= channels)
        {
            Channel -= channels;
            NextTap();
        }
    }

    /// <summary>One further, without a loop.</summary>
    public void Next()
    {
        Channel++;
        if (Channel == channels)
        {
            Channel = 0;
            NextTap();
        }
    }

    private void NextTap()
    {
        Tap++;
        if (Tap == width)
        {
            Tap = 0;
            Line++;
        }
    }
}
