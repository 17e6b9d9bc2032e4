using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradients of <see cref="BatchNormForward"/>'s weight and bias, for each chunk of rows: the sums of gradOutput x normalized input and of gradOutput.</summary>
/// <remarks>partials [chunks, 2, C], overwritten; <see cref="SumRows"/> adds them up. With ReLU, gradients count where the output is positive.</remarks>
public readonly struct BatchNormWeightGradient : IOp
{
    private readonly ArrayView<float> input, output, gradOutput, moments, partials;
    private readonly int rows, channels, size, chunks, relu;
    private readonly float epsilon;

    private BatchNormWeightGradient(ArrayView<float> input, ArrayView<float> output, ArrayView<float> gradOutput, ArrayView<float> moments, ArrayView<float> partials, int rows,
        int channels, float epsilon)
    {
        this.input = input;
        this.output = output;
        this.gradOutput = gradOutput;
        this.moments = moments;
        this.partials = partials;
        this.rows = rows;
        this.channels = channels;
        this.epsilon = epsilon;
        relu = output.Length > 0 ? 1 : 0;
        size = BatchNormChunks.Size(rows);
        chunks = BatchNormChunks.Count(rows);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[rows, channels].</param>
    /// <param name="output">[rows, channels], as the forward operation left it with ReLU; empty without ReLU.</param>
    /// <param name="gradOutput">[rows, channels].</param>
    /// <param name="moments">[2, channels], the batch's.</param>
    /// <param name="partials">[<see cref="BatchNormChunks.Count"/>, 2, channels].</param>
    /// <param name="rows">Pixels of all images of the batch.</param>
    /// <param name="channels">C.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, or ε is not positive.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> output, ArrayView<float> gradOutput, ArrayView<float> moments, ArrayView<float> partials, int rows,
        int channels, double epsilon)
    {
        Require.Positive(rows);
        Require.Positive(channels);
        BatchNormChunks.RequireEpsilon(epsilon);
        Require.Length(input, (long)rows * channels);
        Require.Length(output, output.Length > 0 ? (long)rows * channels : 0);
        Require.Length(gradOutput, (long)rows * channels);
        Require.Length(moments, 2L * channels);
        Require.Length(partials, 2L * BatchNormChunks.Count(rows) * channels);
        device.Run(new BatchNormWeightGradient(input, output, gradOutput, moments, partials, rows, channels, (float)epsilon));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(chunks * channels);

    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i < chunks * channels)
        {
            Channel(i / channels, i % channels);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        (int from, int to) = worker.Share(chunks);
        for (int chunk = from; chunk < to; chunk++)
        {
            int channel = 0;
            for (; channel + CpuWorker.Line <= channels; channel += CpuWorker.Line)
            {
                Line(chunk, channel);
            }
            if (channel < channels && channels >= CpuWorker.Line)
            {
                // The last sixteen once more, as in the statistics.
                channel = channels;
                Line(chunk, channels - CpuWorker.Line);
            }
            for (; channel < channels; channel++)
            {
                Channel(chunk, channel);
            }
        }
    }

    private void Channel(int chunk, int channel)
    {
        int first = chunk * size, count = Math.Min(size, rows - first);
        float mean = moments[channel], products = 0f, sum = 0f;
        for (int row = first; row < first + count; row++)
        {
            long i = ((long)row * channels) + channel;
            float gradient = relu != 0 && output[i] <= 0f ? 0f : gradOutput[i];
            products += gradient * (input[i] - mean);
            sum += gradient;
        }
        long place = (2L * chunk * channels) + channel;
        partials[place] = products * BatchNormChunks.Inverse(moments[channels + channel], epsilon);
        partials[place + channels] = sum;
    }

    /// <summary>Sixteen channels; two sums of every other row each, which need not wait for one another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Line(int chunk, int channel)
    {
        int first = chunk * size, count = Math.Min(size, rows - first);
        nint stride = channels, at = ((nint)first * channels) + channel;
        float* x = CpuWorker.Pointer(input) + at, dy = CpuWorker.Pointer(gradOutput) + at, y = relu != 0 ? CpuWorker.Pointer(output) + at : null;
        Vector512<float> mean = Vector512.Load(CpuWorker.Pointer(moments) + channel);
        Vector512<float> even = Vector512<float>.Zero, odd = even, productsEven = even, productsOdd = even;
        int i = 0;
        for (; i + 2 <= count; i += 2, x += 2 * stride, dy += 2 * stride)
        {
            Vector512<float> one = Vector512.Load(dy), other = Vector512.Load(dy + stride);
            if (relu != 0)
            {
                one = Open(y, one);
                other = Open(y + stride, other);
                y += 2 * stride;
            }
            even += one;
            odd += other;
            productsEven = Vector512.FusedMultiplyAdd(one, Vector512.Load(x) - mean, productsEven);
            productsOdd = Vector512.FusedMultiplyAdd(other, Vector512.Load(x + stride) - mean, productsOdd);
        }
        if (i < count)
        {
            Vector512<float> last = relu != 0 ? Open(y, Vector512.Load(dy)) : Vector512.Load(dy);
            even += last;
            productsEven = Vector512.FusedMultiplyAdd(last, Vector512.Load(x) - mean, productsEven);
        }
        Vector512<float> inverse = Vector512<float>.One / Vector512.Sqrt(Vector512.Load(CpuWorker.Pointer(moments) + channels + channel) + Vector512.Create(epsilon));
        float* result = CpuWorker.Pointer(partials) + (2 * (nint)chunk * channels) + channel;
        ((productsEven + productsOdd) * inverse).Store(result);
        (even + odd).Store(result + stride);
    }

    /// <summary>Gradients where ReLU's output is positive, else zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe Vector512<float> Open(float* output, Vector512<float> gradient) =>
        Vector512.ConditionalSelect(Vector512.LessThanOrEqual(Vector512.Load(output), Vector512<float>.Zero), Vector512<float>.Zero, gradient);
}
