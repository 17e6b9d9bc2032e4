using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>The second half of a batch's statistics: mean and variance of each channel out of those of the chunks; and the running ones move towards them.</summary>
/// <remarks>partials [chunks, 2, C] as <see cref="BatchNormStatistics"/> left them; moments [2, C], overwritten: mean, and variance with the number of rows as divisor; running
/// [2, C], changed: mean, and variance with one less as divisor, as PyTorch has them. A single row has no such variance: it counts as 0.</remarks>
internal readonly struct BatchNormMoments : IOp
{
    private readonly ArrayView<float> partials, moments, running;
    private readonly int rows, channels, size, chunks;
    private readonly float momentum;

    private BatchNormMoments(ArrayView<float> partials, ArrayView<float> moments, ArrayView<float> running, int rows, int channels, float momentum)
    {
        this.partials = partials;
        this.moments = moments;
        this.running = running;
        this.rows = rows;
        this.channels = channels;
        this.momentum = momentum;
        size = BatchNormChunks.Size(rows);
        chunks = BatchNormChunks.Count(rows);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="partials">[<see cref="BatchNormChunks.Count"/>, 2, channels].</param>
    /// <param name="moments">[2, channels].</param>
    /// <param name="running">[2, channels].</param>
    /// <param name="rows">Pixels of all images of the batch.</param>
    /// <param name="channels">C.</param>
    /// <param name="momentum">The batch's share in the running values, from 0 to 1.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, or the momentum lies outside.</exception>
    public static void Run(Device device, ArrayView<float> partials, ArrayView<float> moments, ArrayView<float> running, int rows, int channels, double momentum)
    {
        Require.Positive(rows);
        Require.Positive(channels);
        Require.Length(partials, 2L * BatchNormChunks.Count(rows) * channels);
        Require.Length(moments, 2L * channels);
        Require.Length(running, 2L * channels);
        if (momentum is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "a momentum lies in [0, 1]");
        }
        device.Run(new BatchNormMoments(partials, moments, running, rows, channels, (float)momentum));
    }

    KernelConfig IOp.GpuShape => (channels, GroupSum.Threads);

    /// <remarks>A group for each channel, a thread for each chunk.</remarks>
    void IOp.Gpu()
    {
        ArrayView<float> room = SharedMemory.Allocate<float>(GroupSum.Threads);
        int channel = Grid.IdxX, chunk = Group.IdxX;
        float origin = partials[channel], difference = 0f, squares = 0f, count = 0f;
        if (chunk < chunks)
        {
            long place = (2L * chunk * channels) + channel;
            difference = partials[place] - origin;
            squares = partials[place + channels];
            count = RowsOf(chunk);
        }
        float shift = GroupSum.Of(room, difference * count, GroupSum.Threads) / rows;
        difference -= shift;
        squares = GroupSum.Of(room, squares + (difference * difference * count), GroupSum.Threads);
        if (chunk == 0)
        {
            Store(channel, origin + shift, squares);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IOp.Cpu(in CpuWorker worker)
    {
        (int from, int to) = worker.Share(channels, CpuWorker.Line);
        for (int channel = from; channel < to; channel++)
        {
            Channel(channel);
        }
    }

    /// <remarks>Means are added as differences from the first chunk's, which are small where the mean is large.</remarks>
    private void Channel(int channel)
    {
        float origin = partials[channel], shift = 0f;
        for (int chunk = 1; chunk < chunks; chunk++)
        {
            shift += (partials[(2L * chunk * channels) + channel] - origin) * RowsOf(chunk);
        }
        shift /= rows;
        float squares = 0f;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            long place = (2L * chunk * channels) + channel;
            float difference = partials[place] - origin - shift;
            squares += partials[place + channels] + (difference * difference * RowsOf(chunk));
        }
        Store(channel, origin + shift, squares);
    }

    private void Store(int channel, float mean, float squares)
    {
        moments[channel] = mean;
        moments[channels + channel] = squares / rows;
        running[channel] += momentum * (mean - running[channel]);
        running[channels + channel] += momentum * ((squares / Math.Max(1, rows - 1)) - running[channels + channel]);
    }

    private float RowsOf(int chunk) => Math.Min(size, rows - (chunk * size));
}
