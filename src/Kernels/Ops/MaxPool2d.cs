using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>The sizes of a max-pooling: input [N, H, W, C], output [N, Ho, Wo, C].</summary>
public readonly struct MaxPool2dShape
{
    private readonly int ceilMode;

    /// <summary>Creates a shape.</summary>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="windowHeight">Height of the window.</param>
    /// <param name="windowWidth">Width of the window.</param>
    /// <param name="stride">Pixels between neighbouring windows, in both directions.</param>
    /// <param name="ceilMode">Whether a window that hangs over the lower or right edge counts, as long as it starts inside; else it is dropped.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the window does not fit.</exception>
    public MaxPool2dShape(int channels, int height, int width, int windowHeight, int windowWidth, int stride, bool ceilMode = false)
    {
        Require.Positive(channels);
        Require.Positive(height);
        Require.Positive(width);
        Require.Positive(windowHeight);
        Require.Positive(windowWidth);
        Require.Positive(stride);
        this.ceilMode = ceilMode ? 1 : 0;
        Channels = channels;
        Height = height;
        Width = width;
        WindowHeight = windowHeight;
        WindowWidth = windowWidth;
        Stride = stride;
        OutputHeight = Outputs(height, windowHeight, stride, ceilMode);
        OutputWidth = Outputs(width, windowWidth, stride, ceilMode);
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

    private static int Outputs(int size, int window, int stride, bool ceilMode)
    {
        int slack = size - window;
        if (slack < 0 && !ceilMode)
        {
            throw new ArgumentOutOfRangeException(nameof(window), $"a window of {window} does not fit {size} pixels");
        }
        if (!ceilMode)
        {
            return (slack / stride) + 1;
        }
        int outputs = slack <= 0 ? 1 : ((slack + stride - 1) / stride) + 1;
        return (outputs - 1) * stride < size ? outputs : outputs - 1;
    }
}

/// <summary>Max-pooling.</summary>
/// <remarks>input [N, H, W, C], output [N, Ho, Wo, C], winners [N, Ho, Wo, C] (y * W + x of the largest value of each window, the first of equals; NaN wins),
/// both overwritten.</remarks>
public readonly struct MaxPool2d : IOp
{
    private readonly MaxPool2dShape shape;
    private readonly ArrayView<float> input, output;
    private readonly ArrayView<int> winners;
    private readonly int batch;

    private MaxPool2d(in MaxPool2dShape shape, ArrayView<float> input, ArrayView<float> output, ArrayView<int> winners, int batch)
    {
        this.shape = shape;
        this.input = input;
        this.output = output;
        this.winners = winners;
        this.batch = batch;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="input">[batch, H, W, C].</param>
    /// <param name="output">[batch, Ho, Wo, C].</param>
    /// <param name="winners">[batch, Ho, Wo, C].</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, in MaxPool2dShape shape, ArrayView<float> input, ArrayView<float> output, ArrayView<int> winners, int batch)
    {
        Require.Positive(batch);
        Require.Length(input, (long)batch * shape.InputCount);
        Require.Length(output, (long)batch * shape.OutputCount);
        Require.Length(winners, (long)batch * shape.OutputCount);
        device.Run(new MaxPool2d(shape, input, output, winners, batch));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(batch * shape.OutputCount);

    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i >= batch * shape.OutputCount)
        {
            return;
        }
        int channel = i % shape.Channels, pixel = i / shape.Channels;
        int x0 = pixel % shape.OutputWidth * shape.Stride, line = pixel / shape.OutputWidth;
        int y0 = line % shape.OutputHeight * shape.Stride;
        long image = (long)(line / shape.OutputHeight) * shape.InputCount;
        int winner = (y0 * shape.Width) + x0;
        float best = input[image + ((long)winner * shape.Channels) + channel];
        for (int y = y0; y < Math.Min(y0 + shape.WindowHeight, shape.Height); y++)
        {
            for (int x = x0; x < Math.Min(x0 + shape.WindowWidth, shape.Width); x++)
            {
                int at = (y * shape.Width) + x;
                float value = input[image + ((long)at * shape.Channels) + channel];
                if (value > best || float.IsNaN(value))
                {
                    best = value;
                    winner = at;
                }
            }
        }
        output[i] = best;
        winners[i] = winner;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        MaxPool2dShape s = shape;
        int lines = batch * s.OutputHeight, channels = s.Channels;
        (int from, int to) = worker.Share(lines);
        for (int line = from; line < to; line++)
        {
            int y0 = line % s.OutputHeight * s.Stride, endY = Math.Min(y0 + s.WindowHeight, s.Height);
            float* image = CpuWorker.Pointer(input) + ((nint)(line / s.OutputHeight) * s.InputCount);
            float* best = CpuWorker.Pointer(output) + ((nint)line * s.OutputWidth * channels);
            int* winner = CpuWorker.Pointer(winners) + ((nint)line * s.OutputWidth * channels);
            for (int x0 = 0, column = 0; column < s.OutputWidth; column++, x0 += s.Stride, best += channels, winner += channels)
            {
                int first = (y0 * s.Width) + x0, endX = Math.Min(x0 + s.WindowWidth, s.Width);
                new ReadOnlySpan<float>(image + ((nint)first * channels), channels).CopyTo(new Span<float>(best, channels));
                new Span<int>(winner, channels).Fill(first);
                for (int y = y0; y < endY; y++)
                {
                    for (int x = x0; x < endX; x++)
                    {
                        int at = (y * s.Width) + x;
                        float* values = image + ((nint)at * channels);
                        for (int c = 0; c < channels; c++)
                        {
                            if (values[c] > best[c] || float.IsNaN(values[c]))
                            {
                                best[c] = values[c];
                                winner[c] = at;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// <summary>Gradient of <see cref="MaxPool2d"/>: each output's gradient goes to its window's winner; where windows overlap, gradients add up.</summary>
/// <remarks>gradOutput [N, Ho, Wo, C], winners as <see cref="MaxPool2d"/> left them, gradInput [N, H, W, C], overwritten.</remarks>
public readonly struct MaxPool2dGradient : IOp
{
    private readonly MaxPool2dShape shape;
    private readonly ArrayView<float> gradOutput, gradInput;
    private readonly ArrayView<int> winners;
    private readonly int batch;

    private MaxPool2dGradient(in MaxPool2dShape shape, ArrayView<float> gradOutput, ArrayView<int> winners, ArrayView<float> gradInput, int batch)
    {
        this.shape = shape;
        this.gradOutput = gradOutput;
        this.winners = winners;
        this.gradInput = gradInput;
        this.batch = batch;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="gradOutput">[batch, Ho, Wo, C].</param>
    /// <param name="winners">[batch, Ho, Wo, C].</param>
    /// <param name="gradInput">[batch, H, W, C].</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, in MaxPool2dShape shape, ArrayView<float> gradOutput, ArrayView<int> winners, ArrayView<float> gradInput, int batch)
    {
        Require.Positive(batch);
        Require.Length(gradOutput, (long)batch * shape.OutputCount);
        Require.Length(winners, (long)batch * shape.OutputCount);
        Require.Length(gradInput, (long)batch * shape.InputCount);
        device.Run(new MaxPool2dGradient(shape, gradOutput, winners, gradInput, batch));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(batch * shape.InputCount);

    /// <remarks>Gathered: a thread looks through the windows that hold its input pixel, in their order.</remarks>
    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i >= batch * shape.InputCount)
        {
            return;
        }
        int channel = i % shape.Channels, pixel = i / shape.Channels;
        int x = pixel % shape.Width, line = pixel / shape.Width, y = line % shape.Height, image = line / shape.Height;
        int firstY = Math.Max(0, y - shape.WindowHeight + shape.Stride) / shape.Stride, firstX = Math.Max(0, x - shape.WindowWidth + shape.Stride) / shape.Stride;
        float sum = 0f;
        for (int oy = firstY; oy < shape.OutputHeight && oy * shape.Stride <= y; oy++)
        {
            for (int ox = firstX; ox < shape.OutputWidth && ox * shape.Stride <= x; ox++)
            {
                long at = ((((((long)image * shape.OutputHeight) + oy) * shape.OutputWidth) + ox) * shape.Channels) + channel;
                if (winners[at] == (y * shape.Width) + x)
                {
                    sum += gradOutput[at];
                }
            }
        }
        gradInput[i] = sum;
    }

    /// <remarks>An image has one worker, which may therefore scatter.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        MaxPool2dShape s = shape;
        int channels = s.Channels, outputs = s.OutputHeight * s.OutputWidth;
        (int from, int to) = worker.Share(batch);
        for (int image = from; image < to; image++)
        {
            float* dx = CpuWorker.Pointer(gradInput) + ((nint)image * s.InputCount), dy = CpuWorker.Pointer(gradOutput) + ((nint)image * s.OutputCount);
            int* winner = CpuWorker.Pointer(winners) + ((nint)image * s.OutputCount);
            new Span<float>(dx, s.InputCount).Clear();
            for (int i = 0; i < outputs; i++, dy += channels, winner += channels)
            {
                for (int c = 0; c < channels; c++)
                {
                    dx[((nint)winner[c] * channels) + c] += dy[c];
                }
            }
        }
    }
}
