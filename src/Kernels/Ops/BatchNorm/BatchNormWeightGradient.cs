using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradients of <see cref="BatchNormForward"/>'s weight and bias, for each chunk of rows: the sums of gradOutput x normalized input and of gradOutput.</summary>
/// <remarks>partials [chunks, 2, C], overwritten; <see cref="SumRows"/> adds them up. With ReLU, gradients count where the output was positive, which the input tells.</remarks>
internal readonly struct BatchNormWeightGradient : IOp
{
    private readonly ArrayView<float> input, gradOutput, parameters, moments, partials;
    private readonly int rows, channels, size, chunks, relu;
    private readonly float epsilon;
    private readonly GroupColumns columns;

    private BatchNormWeightGradient(ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> parameters, ArrayView<float> moments, ArrayView<float> partials, int rows,
        int channels, float epsilon, bool relu)
    {
        this.input = input;
        this.gradOutput = gradOutput;
        this.parameters = parameters;
        this.moments = moments;
        this.partials = partials;
        this.rows = rows;
        this.channels = channels;
        this.epsilon = epsilon;
        this.relu = relu ? 1 : 0;
        size = BatchNormChunks.Size(rows);
        chunks = BatchNormChunks.Count(rows);
        columns = new GroupColumns(channels,
            Float4.Fits(input, channels) & Float4.Fits(gradOutput, channels) & Float4.Fits(parameters, channels) & Float4.Fits(moments, channels) & Float4.Fits(partials, channels));
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[rows, channels].</param>
    /// <param name="gradOutput">[rows, channels].</param>
    /// <param name="parameters">[2, channels], those of the forward operation.</param>
    /// <param name="moments">[2, channels], the batch's.</param>
    /// <param name="partials">[<see cref="BatchNormChunks.Count"/>, 2, channels].</param>
    /// <param name="rows">Pixels of all images of the batch.</param>
    /// <param name="channels">C.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <param name="relu">Whether the forward operation set negative values to zero.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, or ε is not positive.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> parameters, ArrayView<float> moments, ArrayView<float> partials, int rows,
        int channels, double epsilon, bool relu = false)
    {
        Require.Positive(rows);
        Require.Positive(channels);
        BatchNormValue.RequireEpsilon(epsilon);
        Require.Length(input, (long)rows * channels);
        Require.Length(gradOutput, (long)rows * channels);
        Require.Length(parameters, 2L * channels);
        Require.Length(moments, 2L * channels);
        Require.Length(partials, 2L * BatchNormChunks.Count(rows) * channels);
        device.Run(new BatchNormWeightGradient(input, gradOutput, parameters, moments, partials, rows, channels, (float)epsilon, relu));
    }

    KernelConfig IOp.GpuShape => columns.Shape(chunks);

    void IOp.Gpu()
    {
        ArrayView<float> room = SharedMemory.Allocate<Float4>(GroupColumns.Threads).Cast<float>();
        int channel = columns.Column, chunk = columns.Chunk;
        (Float4 products, Float4 sum) = channel < channels ? Sums(chunk, channel) : default;
        products = columns.Sum(room, products);
        sum = columns.Sum(room, sum);
        if (columns.Lane == 0 && channel < channels)
        {
            long place = (2L * chunk * channels) + channel;
            columns.Store(products * BatchNormValue.Inverse(columns.Load(moments, channels + channel), epsilon), partials, place);
            columns.Store(sum, partials, place + channels);
        }
    }

    private (Float4 Products, Float4 Sum) Sums(int chunk, int channel)
    {
        int first = chunk * size, count = Math.Min(size, rows - first);
        Float4 mean = columns.Load(moments, channel), bias = columns.Load(parameters, channels + channel);
        Float4 scale = columns.Load(parameters, channel) * BatchNormValue.Inverse(columns.Load(moments, channels + channel), epsilon);
        Float4 products = default, sum = default;
        for (int row = columns.Lane; row < count; row += columns.Lanes)
        {
            long at = (((long)first + row) * channels) + channel;
            Float4 x = columns.Load(input, at), gradient = columns.Load(gradOutput, at);
            if (relu != 0)
            {
                gradient = BatchNormValue.Open(BatchNormValue.Of(x, mean, scale, bias), gradient);
            }
            products = Float4.MultiplyAdd(gradient, x - mean, products);
            sum += gradient;
        }
        return (products, sum);
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
        float mean = moments[channel], inverse = BatchNormValue.Inverse(moments[channels + channel], epsilon), products = 0f, sum = 0f;
        float scale = parameters[channel] * inverse, bias = parameters[channels + channel];
        for (int row = first; row < first + count; row++)
        {
            long i = ((long)row * channels) + channel;
            float gradient = relu != 0 ? BatchNormValue.Open(BatchNormValue.Of(input[i], mean, scale, bias), gradOutput[i]) : gradOutput[i];
            products += gradient * (input[i] - mean);
            sum += gradient;
        }
        long place = (2L * chunk * channels) + channel;
        partials[place] = products * inverse;
        partials[place + channels] = sum;
    }

    /// <summary>Sixteen channels; two sums of every other row each, which need not wait for one another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Line(int chunk, int channel)
    {
        int first = chunk * size, count = Math.Min(size, rows - first);
        nint stride = channels, at = ((nint)first * channels) + channel;
        float* x = CpuWorker.Pointer(input) + at, dy = CpuWorker.Pointer(gradOutput) + at, weight = CpuWorker.Pointer(parameters) + channel;
        Vector512<float> mean = Vector512.Load(CpuWorker.Pointer(moments) + channel), bias = Vector512.Load(weight + stride);
        Vector512<float> inverse = Vector512<float>.One / Vector512.Sqrt(Vector512.Load(CpuWorker.Pointer(moments) + channels + channel) + Vector512.Create(epsilon));
        Vector512<float> scale = Vector512.Load(weight) * inverse;
        Vector512<float> even = Vector512<float>.Zero, odd = even, productsEven = even, productsOdd = even;
        int i = 0;
        for (; i + 2 <= count; i += 2, x += 2 * stride, dy += 2 * stride)
        {
            Vector512<float> one = Vector512.Load(dy), other = Vector512.Load(dy + stride), xOne = Vector512.Load(x), xOther = Vector512.Load(x + stride);
            if (relu != 0)
            {
                one = BatchNormValue.Open(BatchNormValue.Of(xOne, mean, scale, bias), one);
                other = BatchNormValue.Open(BatchNormValue.Of(xOther, mean, scale, bias), other);
            }
            even += one;
            odd += other;
            productsEven = Vector512.FusedMultiplyAdd(one, xOne - mean, productsEven);
            productsOdd = Vector512.FusedMultiplyAdd(other, xOther - mean, productsOdd);
        }
        if (i < count)
        {
            Vector512<float> last = Vector512.Load(dy), xLast = Vector512.Load(x);
            last = relu != 0 ? BatchNormValue.Open(BatchNormValue.Of(xLast, mean, scale, bias), last) : last;
            even += last;
            productsEven = Vector512.FusedMultiplyAdd(last, xLast - mean, productsEven);
        }
        float* result = CpuWorker.Pointer(partials) + (2 * (nint)chunk * channels) + channel;
        ((productsEven + productsOdd) * inverse).Store(result);
        (even + odd).Store(result + stride);
    }
}
