using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>How the GPU bodies of the three convolution operations read their operands as matrices.</summary>
internal static class Conv2dOperands
{
    /// <summary>2 x 2 max-pooling stores which of a window's four values won, or this where ReLU closed the window.</summary>
    public const byte Closed = 4;

    /// <summary>Element (row, k) of the unrolled input: what tap k sees at an output pixel.</summary>
    public static float Input(in Conv2dShape s, ArrayView<float> input, int row, int k)
    {
        int rows = s.RowsPerImage, image = row / rows;
        (int y, int x) = s.Corner(row - (image * rows));
        int channel = k % s.Channels, tap = k / s.Channels;
        y += tap / s.KernelWidth;
        x += tap % s.KernelWidth;
        return y >= 0 && y < s.Height && x >= 0 && x < s.Width
            ? input[((((((long)image * s.Height) + y) * s.Width) + x) * s.Channels) + channel]
            : 0f;
    }

    /// <summary>The gradient of filter f's output at a row, before ReLU and pooling.</summary>
    public static float GradConv(in Conv2dShape s, ArrayView<float> gradOutput, ArrayView<byte> winners, int row, int filter)
    {
        if (!s.IsPooled)
        {
            return gradOutput[((long)row * s.Filters) + filter];
        }
        long at = ((long)(row / 4) * s.Filters) + filter;
        return winners[at] == row % 4 ? gradOutput[at] : 0f;
    }
}
