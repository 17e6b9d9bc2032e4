using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Average-pooling. Padding counts as zeros, as PyTorch has it: every sum is divided by the window's size.</summary>
/// <remarks>input [N, H, W, C], output [N, Ho, Wo, C], overwritten.</remarks>
internal readonly struct AveragePool2d : IOp
{
    private readonly Pool2dShape shape;
    private readonly ArrayView<float> input, output;
    private readonly int batch, vector;

    private AveragePool2d(in Pool2dShape shape, ArrayView<float> input, ArrayView<float> output, int batch)
    {
        this.shape = shape;
        this.input = input;
        this.output = output;
        this.batch = batch;
        vector = Float4.Fits(input, shape.Channels) & Float4.Fits(output, shape.Channels);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="shape">The sizes, without ceil mode.</param>
    /// <param name="input">[batch, H, W, C].</param>
    /// <param name="output">[batch, Ho, Wo, C].</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, or the shape has ceil mode.</exception>
    public static void Run(Device device, in Pool2dShape shape, ArrayView<float> input, ArrayView<float> output, int batch)
    {
        Require.Positive(batch);
        RequireFloor(shape);
        Require.Length(input, (long)batch * shape.InputCount);
        Require.Length(output, (long)batch * shape.OutputCount);
        device.Run(new AveragePool2d(shape, input, output, batch));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(batch * shape.OutputCount, vector);

    /// <remarks>A thread adds up a window for one channel, or for four neighbouring ones.</remarks>
    void IOp.Gpu()
    {
        int i = (vector != 0 ? Float4.Count : 1) * Grid.GlobalIndex.X;
        if (i >= batch * shape.OutputCount)
        {
            return;
        }
        int channel = i % shape.Channels, pixel = i / shape.Channels;
        int x0 = (pixel % shape.OutputWidth * shape.Stride) - shape.Padding, line = pixel / shape.OutputWidth;
        int y0 = (line % shape.OutputHeight * shape.Stride) - shape.Padding;
        long image = (long)(line / shape.OutputHeight) * shape.InputCount;
        Float4 sum = default;
        for (int y = Math.Max(0, y0); y < Math.Min(y0 + shape.WindowHeight, shape.Height); y++)
        {
            for (int x = Math.Max(0, x0); x < Math.Min(x0 + shape.WindowWidth, shape.Width); x++)
            {
                long at = image + ((((long)y * shape.Width) + x) * shape.Channels) + channel;
                sum += vector != 0 ? Float4.Load(input, at) : new(input[at], 0f, 0f, 0f);
            }
        }
        sum /= shape.WindowHeight * shape.WindowWidth;
        if (vector != 0)
        {
            sum.Store(output, i);
            return;
        }
        output[i] = sum.X;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        Pool2dShape s = shape;
        int lines = batch * s.OutputHeight, channels = s.Channels;
        float size = s.WindowHeight * s.WindowWidth;
        (int from, int to) = worker.Share(lines);
        for (int line = from; line < to; line++)
        {
            int y0 = (line % s.OutputHeight * s.Stride) - s.Padding, endY = Math.Min(y0 + s.WindowHeight, s.Height);
            float* image = CpuWorker.Pointer(input) + ((nint)(line / s.OutputHeight) * s.InputCount);
            float* sums = CpuWorker.Pointer(output) + ((nint)line * s.OutputWidth * channels);
            for (int column = 0; column < s.OutputWidth; column++, sums += channels)
            {
                int x0 = (column * s.Stride) - s.Padding, endX = Math.Min(x0 + s.WindowWidth, s.Width);
                new Span<float>(sums, channels).Clear();
                for (int y = Math.Max(0, y0); y < endY; y++)
                {
                    for (int x = Math.Max(0, x0); x < endX; x++)
                    {
                        Elements.Add(sums, image + ((((nint)y * s.Width) + x) * channels), channels);
                    }
                }
                Elements.Divide(sums, size, channels);
            }
        }
    }

    internal static void RequireFloor(in Pool2dShape shape)
    {
        if (shape.CeilMode)
        {
            throw new ArgumentException("an average has no window that hangs over the edge", nameof(shape));
        }
    }
}

/// <summary>Gradient of <see cref="AveragePool2d"/>: each output's gradient goes in equal parts to its window; where windows overlap, gradients add up.</summary>
/// <remarks>gradOutput [N, Ho, Wo, C], gradInput [N, H, W, C], overwritten.</remarks>
internal readonly struct AveragePool2dGradient : IOp
{
    private readonly Pool2dShape shape;
    private readonly ArrayView<float> gradOutput, gradInput;
    private readonly int batch, vector;

    private AveragePool2dGradient(in Pool2dShape shape, ArrayView<float> gradOutput, ArrayView<float> gradInput, int batch)
    {
        this.shape = shape;
        this.gradOutput = gradOutput;
        this.gradInput = gradInput;
        this.batch = batch;
        vector = Float4.Fits(gradOutput, shape.Channels) & Float4.Fits(gradInput, shape.Channels);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="shape">The sizes, without ceil mode.</param>
    /// <param name="gradOutput">[batch, Ho, Wo, C].</param>
    /// <param name="gradInput">[batch, H, W, C].</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, or the shape has ceil mode.</exception>
    public static void Run(Device device, in Pool2dShape shape, ArrayView<float> gradOutput, ArrayView<float> gradInput, int batch)
    {
        Require.Positive(batch);
        AveragePool2d.RequireFloor(shape);
        Require.Length(gradOutput, (long)batch * shape.OutputCount);
        Require.Length(gradInput, (long)batch * shape.InputCount);
        device.Run(new AveragePool2dGradient(shape, gradOutput, gradInput, batch));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(batch * shape.InputCount, vector);

    /// <remarks>Gathered: a thread adds the gradients of the windows that hold its input pixel, in their order, for one channel or for four.</remarks>
    void IOp.Gpu()
    {
        int i = (vector != 0 ? Float4.Count : 1) * Grid.GlobalIndex.X;
        if (i >= batch * shape.InputCount)
        {
            return;
        }
        int channel = i % shape.Channels, pixel = i / shape.Channels;
        int x = (pixel % shape.Width) + shape.Padding, line = pixel / shape.Width, y = (line % shape.Height) + shape.Padding, image = line / shape.Height;
        int firstY = Math.Max(0, y - shape.WindowHeight + shape.Stride) / shape.Stride, firstX = Math.Max(0, x - shape.WindowWidth + shape.Stride) / shape.Stride;
        Float4 sum = default;
        for (int oy = firstY; oy < shape.OutputHeight && oy * shape.Stride <= y; oy++)
        {
            for (int ox = firstX; ox < shape.OutputWidth && ox * shape.Stride <= x; ox++)
            {
                long at = ((((((long)image * shape.OutputHeight) + oy) * shape.OutputWidth) + ox) * shape.Channels) + channel;
                sum += vector != 0 ? Float4.Load(gradOutput, at) : new(gradOutput[at], 0f, 0f, 0f);
            }
        }
        sum /= shape.WindowHeight * shape.WindowWidth;
        if (vector != 0)
        {
            sum.Store(gradInput, i);
            return;
        }
        gradInput[i] = sum.X;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        Pool2dShape s = shape;
        int lines = batch * s.Height, channels = s.Channels;
        float size = s.WindowHeight * s.WindowWidth;
        (int from, int to) = worker.Share(lines);
        for (int line = from; line < to; line++)
        {
            int y = (line % s.Height) + s.Padding, firstY = Math.Max(0, y - s.WindowHeight + s.Stride) / s.Stride, endY = Math.Min(s.OutputHeight, (y / s.Stride) + 1);
            float* image = CpuWorker.Pointer(gradOutput) + ((nint)(line / s.Height) * s.OutputCount);
            float* sums = CpuWorker.Pointer(gradInput) + ((nint)line * s.Width * channels);
            for (int column = 0; column < s.Width; column++, sums += channels)
            {
                int x = column + s.Padding, firstX = Math.Max(0, x - s.WindowWidth + s.Stride) / s.Stride, endX = Math.Min(s.OutputWidth, (x / s.Stride) + 1);
                new Span<float>(sums, channels).Clear();
                for (int oy = firstY; oy < endY; oy++)
                {
                    for (int ox = firstX; ox < endX; ox++)
                    {
                        Elements.Add(sums, image + ((((nint)oy * s.OutputWidth) + ox) * channels), channels);
                    }
                }
                Elements.Divide(sums, size, channels);
            }
        }
    }
}
