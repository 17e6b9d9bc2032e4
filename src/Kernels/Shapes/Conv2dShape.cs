namespace GpuCnn.Kernels;

/// <summary>The sizes of a two-dimensional convolution; "convolution" means cross-correlation, as in every CNN library.</summary>
/// <remarks>
/// input [N, H, W, C], weight [Kh, Kw, C, F] with the bias, where there is one, as one more row, output [N, Ho, Wo, F].
/// With <see cref="IsPooled"/> the layer is convolution, ReLU and 2 x 2 max-pooling in one: output [N, Ho/2, Wo/2, F], and only the
/// convolution's values that a window reads are computed. The convolution is seen as a matrix of <see cref="RowsPerImage"/> rows for each image, one an output pixel, times
/// <see cref="Depth"/> columns; for pooled layers the four pixels of a window are neighbouring rows: upper left, upper right, lower left, lower right.
/// </remarks>
internal readonly record struct Conv2dShape
{
    /// <summary>Input channels, C.</summary>
    public int Channels { get; }

    /// <summary>Input height, H.</summary>
    public int Height { get; }

    /// <summary>Input width, W.</summary>
    public int Width { get; }

    /// <summary>Output channels, F.</summary>
    public int Filters { get; }

    /// <summary>Kernel height, Kh.</summary>
    public int KernelHeight { get; }

    /// <summary>Kernel width, Kw.</summary>
    public int KernelWidth { get; }

    /// <summary>Pixels between neighbouring windows, in both directions.</summary>
    public int Stride { get; }

    /// <summary>Rows and columns of zeros on each side.</summary>
    public int Padding { get; }

    /// <summary>The convolution's output height before pooling, Ho.</summary>
    public int ConvHeight { get; }

    /// <summary>The convolution's output width before pooling, Wo.</summary>
    public int ConvWidth { get; }

    private readonly int pooled, bias;

    /// <summary>The most partial sums: enough to keep as many cores busy, few enough that adding them up costs little.</summary>
    internal const int MaxChunks = 16;

    /// <summary>Creates a shape.</summary>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="filters">F.</param>
    /// <param name="kernelHeight">Kh.</param>
    /// <param name="kernelWidth">Kw.</param>
    /// <param name="stride">At least 1.</param>
    /// <param name="padding">At least 0.</param>
    /// <param name="pooled">Whether ReLU and 2 x 2 max-pooling (stride 2, an odd last row or column dropped) are part of it.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the kernel or pooling window does not fit.</exception>
    public Conv2dShape(int channels, int height, int width, int filters, int kernelHeight, int kernelWidth, int stride = 1, int padding = 0, bool pooled = false, bool bias = true)
    {
        Require.Positive(channels);
        Require.Positive(height);
        Require.Positive(width);
        Require.Positive(filters);
        Require.Positive(kernelHeight);
        Require.Positive(kernelWidth);
        Require.Positive(stride);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        Channels = channels;
        Height = height;
        Width = width;
        Filters = filters;
        KernelHeight = kernelHeight;
        KernelWidth = kernelWidth;
        Stride = stride;
        Padding = padding;
        int slackHeight = height + (2 * padding) - kernelHeight, slackWidth = width + (2 * padding) - kernelWidth;
        if (slackHeight < 0 || slackWidth < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernelHeight), $"a {kernelHeight}x{kernelWidth} kernel does not fit a {height}x{width} input with padding {padding}");
        }
        ConvHeight = (slackHeight / stride) + 1;
        ConvWidth = (slackWidth / stride) + 1;
        this.pooled = pooled ? 1 : 0;
        this.bias = bias ? 1 : 0;
        if (pooled && (ConvHeight < 2 || ConvWidth < 2))
        {
            throw new ArgumentOutOfRangeException(nameof(pooled), $"a 2x2 pooling window does not fit a {ConvHeight}x{ConvWidth} output");
        }
    }

    /// <summary>Whether ReLU and 2 x 2 max-pooling are part of the operation.</summary>
    public bool IsPooled => pooled != 0;

    /// <summary>Whether a bias is added to each output.</summary>
    public bool HasBias => bias != 0;

    /// <summary>Height of the output.</summary>
    public int OutputHeight => IsPooled ? ConvHeight / 2 : ConvHeight;

    /// <summary>Width of the output.</summary>
    public int OutputWidth => IsPooled ? ConvWidth / 2 : ConvWidth;

    /// <summary>Weights of one filter: Kh Kw C.</summary>
    public int Depth => KernelHeight * KernelWidth * Channels;

    /// <summary>Rows of the parameters' matrix: the weights of a filter and, where there is one, its bias.</summary>
    public int ParameterRows => Depth + bias;

    /// <summary>Elements of weight and bias together.</summary>
    public int ParameterCount => ParameterRows * Filters;

    /// <summary>Elements of one input image.</summary>
    public int InputCount => Height * Width * Channels;

    /// <summary>Elements of one output image.</summary>
    public int OutputCount => OutputHeight * OutputWidth * Filters;

    /// <summary>Convolution outputs of one image that are needed.</summary>
    public int RowsPerImage => IsPooled ? 4 * OutputHeight * OutputWidth : ConvHeight * ConvWidth;

    /// <summary>Whether a line of the kernel is shorter than a vector and no window hangs over the edge: the CPU bodies then read the image itself.</summary>
    internal bool HasShortLines => KernelWidth * Channels < CpuWorker.Line && Padding == 0;

    /// <summary>Where the window of a row starts.</summary>
    /// <param name="row">0 to <see cref="RowsPerImage"/> - 1.</param>
    /// <returns>The input row and column of the window's upper left corner, negative in the padding.</returns>
    internal (int Y, int X) Corner(int row)
    {
        int y, x;
        if (IsPooled)
        {
            int window = row / 4;
            y = (2 * (window / OutputWidth)) + (row / 2 % 2);
            x = (2 * (window % OutputWidth)) + (row % 2);
        }
        else
        {
            y = row / ConvWidth;
            x = row % ConvWidth;
        }
        return ((y * Stride) - Padding, (x * Stride) - Padding);
    }

    /// <summary>Images whose gradients are added up as one partial sum; it depends on the batch alone, so that results depend on nothing else.</summary>
    internal static int ImagesPerChunk(int batch) => (batch + MaxChunks - 1) / MaxChunks;

    /// <summary>The number of partial sums of a weight gradient.</summary>
    internal static int Chunks(int batch) => (batch + ImagesPerChunk(batch) - 1) / ImagesPerChunk(batch);
}
