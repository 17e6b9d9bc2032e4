using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>The first half of a batch's statistics: mean of each channel, and sum of squared differences from it, for each chunk of rows.</summary>
/// <remarks>input [rows, C]; partials [chunks, 2, C], overwritten. A second pass over the chunk takes the differences from the first pass's mean, so that neither a mean far
/// from zero nor a long sum costs precision.</remarks>
internal readonly struct BatchNormStatistics : IOp
{
    private readonly ArrayView<float> input, partials;
    private readonly int rows, channels, size, chunks;
    private readonly GroupColumns columns;

    private BatchNormStatistics(ArrayView<float> input, ArrayView<float> partials, int rows, int channels)
    {
        this.input = input;
        this.partials = partials;
        this.rows = rows;
        this.channels = channels;
        size = BatchNormChunks.Size(rows);
        chunks = BatchNormChunks.Count(rows);
        columns = new GroupColumns(channels, Float4.Fits(input, channels) & Float4.Fits(partials, channels));
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[rows, channels].</param>
    /// <param name="partials">[<see cref="BatchNormChunks.Count"/>, 2, channels].</param>
    /// <param name="rows">Pixels of all images of the batch.</param>
    /// <param name="channels">C.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> partials, int rows, int channels)
    {
        Require.Positive(rows);
        Require.Positive(channels);
        Require.Length(input, (long)rows * channels);
        Require.Length(partials, 2L * BatchNormChunks.Count(rows) * channels);
        device.Run(new BatchNormStatistics(input, partials, rows, channels));
    }

    KernelConfig IOp.GpuShape => columns.Shape(chunks);

    void IOp.Gpu()
    {
        ArrayView<float> room = SharedMemory.Allocate<Float4>(GroupColumns.Threads).Cast<float>(), means = SharedMemory.Allocate<Float4>(GroupColumns.Threads).Cast<float>();
        int channel = columns.Column, chunk = columns.Chunk, count = Math.Min(size, rows - (chunk * size));
        Float4 mean = columns.OfFirstLane(means, columns.Sum(room, channel < channels ? Sum(chunk, channel, count) : default) / count);
        (Float4 differences, Float4 squares) = channel < channels ? Deviations(chunk, channel, count, mean) : default;
        differences = columns.Sum(room, differences);
        squares = columns.Sum(room, squares);
        if (columns.Lane == 0 && channel < channels)
        {
            long place = (2L * chunk * channels) + channel;
            columns.Store(mean + (differences / count), partials, place);
            columns.Store(squares - (differences * differences / count), partials, place + channels);
        }
    }

    private Float4 Sum(int chunk, int channel, int count)
    {
        Float4 sum = default;
        for (int row = columns.Lane; row < count; row += columns.Lanes)
        {
            sum += columns.Load(input, Place(chunk, row, channel));
        }
        return sum;
    }

    private (Float4 Differences, Float4 Squares) Deviations(int chunk, int channel, int count, Float4 mean)
    {
        Float4 differences = default, squares = default;
        for (int row = columns.Lane; row < count; row += columns.Lanes)
        {
            Float4 difference = columns.Load(input, Place(chunk, row, channel)) - mean;
            differences += difference;
            squares = Float4.MultiplyAdd(difference, difference, squares);
        }
        return (differences, squares);
    }

    private long Place(int chunk, int row, int channel) => ((((long)chunk * size) + row) * channels) + channel;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        (int from, int to) = worker.Share(chunks);
        for (int chunk = from; chunk < to; chunk++)
        {
            int first = chunk * size, count = Math.Min(size, rows - first), channel = 0;
            float* x = CpuWorker.Pointer(input) + ((nint)first * channels), result = CpuWorker.Pointer(partials) + (2 * (nint)chunk * channels);
            for (; channel + CpuWorker.Line <= channels; channel += CpuWorker.Line)
            {
                Line(x + channel, result + channel, count);
            }
            if (channel < channels && channels >= CpuWorker.Line)
            {
                // The last sixteen once more: a channel's sums do not depend on its neighbours.
                channel = channels;
                Line(x + channels - CpuWorker.Line, result + channels - CpuWorker.Line, count);
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
        float sum = 0f, differences = 0f, squares = 0f;
        for (int row = first; row < first + count; row++)
        {
            sum += input[((long)row * channels) + channel];
        }
        float mean = sum / count;
        for (int row = first; row < first + count; row++)
        {
            float difference = input[((long)row * channels) + channel] - mean;
            differences += difference;
            squares += difference * difference;
        }
        long place = (2L * chunk * channels) + channel;
        partials[place] = mean + (differences / count);
        partials[place + channels] = squares - (differences * differences / count);
    }

    /// <summary>Sixteen channels; two sums of every other row each, which need not wait for one another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Line(float* x, float* result, int count)
    {
        nint stride = channels;
        Vector512<float> even = Vector512<float>.Zero, odd = Vector512<float>.Zero;
        float* row = x;
        int i = 0;
        for (; i + 2 <= count; i += 2, row += 2 * stride)
        {
            even += Vector512.Load(row);
            odd += Vector512.Load(row + stride);
        }
        even += i < count ? Vector512.Load(row) : Vector512<float>.Zero;
        Vector512<float> mean = (even + odd) / Vector512.Create((float)count), squaresEven = Vector512<float>.Zero, squaresOdd = squaresEven;
        even = odd = Vector512<float>.Zero;
        row = x;
        for (i = 0; i + 2 <= count; i += 2, row += 2 * stride)
        {
            Vector512<float> first = Vector512.Load(row) - mean, second = Vector512.Load(row + stride) - mean;
            even += first;
            odd += second;
            squaresEven = Vector512.FusedMultiplyAdd(first, first, squaresEven);
            squaresOdd = Vector512.FusedMultiplyAdd(second, second, squaresOdd);
        }
        if (i < count)
        {
            Vector512<float> last = Vector512.Load(row) - mean;
            even += last;
            squaresEven = Vector512.FusedMultiplyAdd(last, last, squaresEven);
        }
        Vector512<float> differences = even + odd;
        (mean + (differences / Vector512.Create((float)count))).Store(result);
        (squaresEven + squaresOdd - (differences * differences / Vector512.Create((float)count))).Store(result + stride);
    }
}
