namespace GpuCnn.Kernels;

/// <summary>The sizes of a pooling: input [N, H, W, C], output [N, Ho, Wo, C].</summary>
internal readonly struct Pool2dShape
{
    private readonly int ceilMode;

    /// <summary>Creates a shape.</summary>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="windowHeight">Height of the window.</param>
    /// <param name="windowWidth">Width of the window.</param>
    /// <param name="stride">Pixels between neighbouring windows, in both directions.</param>
    /// <param name="ceilMode">Whether a window that hangs over the lower or right edge counts, as long as it starts inside or in the padding before it; else it is dropped.</param>
    /// <param name="padding">Rows and columns around the image that windows may cover, at most half the window, so that each sees a pixel.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, the window does not fit, or the padding is too wide.</exception>
    public Pool2dShape(int channels, int height, int width, int windowHeight, int windowWidth, int stride, bool ceilMode = false, int padding = 0)
    {
        Require.Positive(channels);
        Require.Positive(height);
        Require.Positive(width);
        Require.Positive(windowHeight);
        Require.Positive(windowWidth);
        Require.Positive(stride);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(padding, Math.Min(windowHeight, windowWidth) / 2);
        this.ceilMode = ceilMode ? 1 : 0;
        Channels = channels;
        Height = height;
        Width = width;
        WindowHeight = windowHeight;
        WindowWidth = windowWidth;
        Stride = stride;
        Padding = padding;
        OutputHeight = Outputs(height, windowHeight, stride, ceilMode, padding);
        OutputWidth = Outputs(width, windowWidth, stride, ceilMode, padding);
    }

    /// <summary>Channels, C.</summary>
    public int Channels { get; }

    /// <summary>Input height, H.</summary>
    public int Height { get; }

    /// <summary>Input width, W.</summary>
    public int Width { get; }

    /// <summary>Height of the window.</summary>
    public int WindowHeight { get; }

    /// <summary>Width of the window.</summary>
    public int WindowWidth { get; }

    /// <summary>Pixels between neighbouring windows, in both directions.</summary>
    public int Stride { get; }

    /// <summary>Rows and columns around the image.</summary>
    public int Padding { get; }

    /// <summary>Output height, Ho.</summary>
    public int OutputHeight { get; }

    /// <summary>Output width, Wo.</summary>
    public int OutputWidth { get; }

    /// <summary>Whether windows may hang over the lower and right edge.</summary>
    public bool CeilMode => ceilMode != 0;

    /// <summary>Elements of one input image.</summary>
    public int InputCount => Height * Width * Channels;

    /// <summary>Elements of one output image.</summary>
    public int OutputCount => OutputHeight * OutputWidth * Channels;

    private static int Outputs(int size, int window, int stride, bool ceilMode, int padding)
    {
        int slack = size + (2 * padding) - window;
        if (slack < 0 && !ceilMode)
        {
            throw new ArgumentOutOfRangeException(nameof(window), $"a window of {window} does not fit {size} pixels");
        }
        if (!ceilMode)
        {
            return (slack / stride) + 1;
        }
        int outputs = slack <= 0 ? 1 : ((slack + stride - 1) / stride) + 1;
        return (outputs - 1) * stride < size + padding ? outputs : outputs - 1;
    }
}
