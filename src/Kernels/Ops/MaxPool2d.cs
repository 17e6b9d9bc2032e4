using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Max-pooling.</summary>
/// <remarks>input [N, H, W, C], output [N, Ho, Wo, C], winners [N, Ho, Wo, C] (y * W + x of the largest value of each window, the first of equals; NaN wins),
/// both overwritten.</remarks>
internal readonly struct MaxPool2d : IOp
{
    private readonly Pool2dShape shape;
    private readonly ArrayView<float> input, output;
    private readonly ArrayView<int> winners;
    private readonly int batch, vector;

    private MaxPool2d(in Pool2dShape shape, ArrayView<float> input, ArrayView<float> output, ArrayView<int> winners, int batch)
    {
        this.shape = shape;
        this.input = input;
        this.output = output;
        this.winners = winners;
        this.batch = batch;
        vector = Float4.Fits(input, shape.Channels) & Float4.Fits(output, shape.Channels) & Float4.Fits(winners);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="input">[batch, H, W, C].</param>
    /// <param name="output">[batch, Ho, Wo, C].</param>
    /// <param name="winners">[batch, Ho, Wo, C].</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, in Pool2dShape shape, ArrayView<float> input, ArrayView<float> output, ArrayView<int> winners, int batch)
    {
        Require.Positive(batch);
        Require.Length(input, (long)batch * shape.InputCount);
        Require.Length(output, (long)batch * shape.OutputCount);
        Require.Length(winners, (long)batch * shape.OutputCount);
        device.Run(new MaxPool2d(shape, input, output, winners, batch));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(batch * shape.OutputCount, vector);

    /// <remarks>A thread looks through a window for one channel, or for four neighbouring ones.</remarks>
    void IOp.Gpu()
    {
        int width = vector != 0 ? Float4.Count : 1, i = width * Grid.GlobalIndex.X;
        if (i >= batch * shape.OutputCount)
        {
            return;
        }
        int channel = i % shape.Channels, pixel = i / shape.Channels;
        int x0 = (pixel % shape.OutputWidth * shape.Stride) - shape.Padding, line = pixel / shape.OutputWidth;
        int y0 = (line % shape.OutputHeight * shape.Stride) - shape.Padding;
        long image = (long)(line / shape.OutputHeight) * shape.InputCount;
        int winner = (Math.Max(0, y0) * shape.Width) + Math.Max(0, x0), winner1 = winner, winner2 = winner, winner3 = winner;
        Float4 first = Load(image + ((long)winner * shape.Channels) + channel);
        float best = first.X, best1 = first.Y, best2 = first.Z, best3 = first.W;
        for (int y = Math.Max(0, y0); y < Math.Min(y0 + shape.WindowHeight, shape.Height); y++)
        {
            for (int x = Math.Max(0, x0); x < Math.Min(x0 + shape.WindowWidth, shape.Width); x++)
            {
                int at = (y * shape.Width) + x;
                Float4 values = Load(image + ((long)at * shape.Channels) + channel);
                Take(values.X, at, ref best, ref winner);
                Take(values.Y, at, ref best1, ref winner1);
                Take(values.Z, at, ref best2, ref winner2);
                Take(values.W, at, ref best3, ref winner3);
            }
        }
        if (vector != 0)
        {
            new Float4(best, best1, best2, best3).Store(output, i);
            new Int4(winner, winner1, winner2, winner3).Store(winners, i);
            return;
        }
        output[i] = best;
        winners[i] = winner;
    }

    /// <summary>Four channels, or one and zeros.</summary>
    private Float4 Load(long at) => vector != 0 ? Float4.Load(input, at) : new(input[at], 0f, 0f, 0f);

    private static void Take(float value, int at, ref float best, ref int winner)
    {
        if (value > best || float.IsNaN(value))
        {
            best = value;
            winner = at;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        Pool2dShape s = shape;
        int lines = batch * s.OutputHeight, channels = s.Channels;
        (int from, int to) = worker.Share(lines);
        for (int line = from; line < to; line++)
        {
            int y0 = (line % s.OutputHeight * s.Stride) - s.Padding, endY = Math.Min(y0 + s.WindowHeight, s.Height);
            y0 = Math.Max(0, y0);
            float* image = CpuWorker.Pointer(input) + ((nint)(line / s.OutputHeight) * s.InputCount);
            float* best = CpuWorker.Pointer(output) + ((nint)line * s.OutputWidth * channels);
            int* winner = CpuWorker.Pointer(winners) + ((nint)line * s.OutputWidth * channels);
            for (int column = 0; column < s.OutputWidth; column++, best += channels, winner += channels)
            {
                int x0 = (column * s.Stride) - s.Padding, endX = Math.Min(x0 + s.WindowWidth, s.Width);
                Window(image, s.Width, channels, Math.Max(0, x0), endX, y0, endY, best, winner);
            }
        }
    }

    /// <summary>Pools one window, eight channels at a time: with a branch for each value the predictor would be wrong at every other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Window(float* image, int width, int channels, int x0, int endX, int y0, int endY, float* best, int* winner)
    {
        int first = (y0 * width) + x0, c = 0;
        for (; c + Vector256<float>.Count <= channels; c += Vector256<float>.Count)
        {
            Vector256<float> largest = Vector256.Load(image + ((nint)first * channels) + c);
            Vector256<int> at = Vector256.Create(first);
            for (int y = y0; y < endY; y++)
            {
                for (int pixel = (y * width) + x0; pixel < (y * width) + endX; pixel++)
                {
                    Vector256<float> value = Vector256.Load(image + ((nint)pixel * channels) + c);
                    Vector256<float> beats = Vector256.GreaterThan(value, largest) | ~Vector256.Equals(value, value);
                    largest = Vector256.ConditionalSelect(beats, value, largest);
                    at = Vector256.ConditionalSelect(beats.AsInt32(), Vector256.Create(pixel), at);
                }
            }
            largest.Store(best + c);
            at.Store(winner + c);
        }
        for (; c < channels; c++)
        {
            float largest = image[((nint)first * channels) + c];
            int at = first;
            for (int y = y0; y < endY; y++)
            {
                for (int pixel = (y * width) + x0; pixel < (y * width) + endX; pixel++)
                {
                    float value = image[((nint)pixel * channels) + c];
                    if (value > largest || float.IsNaN(value))
                    {
                        (largest, at) = (value, pixel);
                    }
                }
            }
            best[c] = largest;
            winner[c] = at;
        }
    }
}

/// <summary>Gradient of <see cref="MaxPool2d"/>: each output's gradient goes to its window's winner; where windows overlap, gradients add up.</summary>
/// <remarks>gradOutput [N, Ho, Wo, C], winners as <see cref="MaxPool2d"/> left them, gradInput [N, H, W, C], overwritten.</remarks>
internal readonly struct MaxPool2dGradient : IOp
{
    private readonly Pool2dShape shape;
    private readonly ArrayView<float> gradOutput, gradInput;
    private readonly ArrayView<int> winners;
    private readonly int batch, vector;

    private MaxPool2dGradient(in Pool2dShape shape, ArrayView<float> gradOutput, ArrayView<int> winners, ArrayView<float> gradInput, int batch)
    {
        this.shape = shape;
        this.gradOutput = gradOutput;
        this.winners = winners;
        this.gradInput = gradInput;
        this.batch = batch;
        vector = Float4.Fits(gradOutput, shape.Channels) & Float4.Fits(gradInput, shape.Channels) & Float4.Fits(winners);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="gradOutput">[batch, Ho, Wo, C].</param>
    /// <param name="winners">[batch, Ho, Wo, C].</param>
    /// <param name="gradInput">[batch, H, W, C].</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, in Pool2dShape shape, ArrayView<float> gradOutput, ArrayView<int> winners, ArrayView<float> gradInput, int batch)
    {
        Require.Positive(batch);
        Require.Length(gradOutput, (long)batch * shape.OutputCount);
        Require.Length(winners, (long)batch * shape.OutputCount);
        Require.Length(gradInput, (long)batch * shape.InputCount);
        device.Run(new MaxPool2dGradient(shape, gradOutput, winners, gradInput, batch));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(batch * shape.InputCount, vector);

    /// <remarks>Gathered: a thread looks through the windows that hold its input pixel, in their order, for one channel or for four.</remarks>
    void IOp.Gpu()
    {
        int width = vector != 0 ? Float4.Count : 1, i = width * Grid.GlobalIndex.X;
        if (i >= batch * shape.InputCount)
        {
            return;
        }
        int channel = i % shape.Channels, pixel = i / shape.Channels;
        int x = pixel % shape.Width, line = pixel / shape.Width, y = line % shape.Height, image = line / shape.Height, self = (y * shape.Width) + x;
        x += shape.Padding;
        y += shape.Padding;
        int firstY = Math.Max(0, y - shape.WindowHeight + shape.Stride) / shape.Stride, firstX = Math.Max(0, x - shape.WindowWidth + shape.Stride) / shape.Stride;
        Float4 sum = default;
        for (int oy = firstY; oy < shape.OutputHeight && oy * shape.Stride <= y; oy++)
        {
            for (int ox = firstX; ox < shape.OutputWidth && ox * shape.Stride <= x; ox++)
            {
                long at = ((((((long)image * shape.OutputHeight) + oy) * shape.OutputWidth) + ox) * shape.Channels) + channel;
                if (vector != 0)
                {
                    Int4 won = Int4.Load(winners, at);
                    Float4 gradient = Float4.Load(gradOutput, at);
                    sum = new(won.X == self ? sum.X + gradient.X : sum.X, won.Y == self ? sum.Y + gradient.Y : sum.Y,
                        won.Z == self ? sum.Z + gradient.Z : sum.Z, won.W == self ? sum.W + gradient.W : sum.W);
                }
                else if (winners[at] == self)
                {
                    sum = new(sum.X + gradOutput[at], 0f, 0f, 0f);
                }
            }
        }
        if (vector != 0)
        {
            sum.Store(gradInput, i);
            return;
        }
        gradInput[i] = sum.X;
    }

    /// <remarks>An image has one worker, which may therefore scatter.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        Pool2dShape s = shape;
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
