using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Images kept on a device as bytes, and the order in which batches take them.</summary>
internal sealed class DeviceImages : IDisposable
{
    /// <summary>The stream that sets shuffling's random numbers apart from those of dropout and initial weights.</summary>
    private const uint ShuffleStream = 2;

    private readonly int[] order;

    public DeviceImages(Device device, ImageSet images) : this(device, images.Count, images.Shape.Count)
    {
        Pixels.CopyFrom(images.Pixels.Span);
        Labels.CopyFrom(images.Labels.Span);
    }

    /// <summary>Room for images, in file order, all black and of class 0.</summary>
    public DeviceImages(Device device, int count, int pixels)
    {
        Count = count;
        order = new int[count];
        Pixels = device.Allocate<byte>((long)count * pixels);
        Labels = device.Allocate<byte>(count);
        Order = device.Allocate<int>(count);
        KeepOrder();
    }

    public int Count { get; }

    public DeviceBuffer<byte> Pixels { get; }

    public DeviceBuffer<byte> Labels { get; }

    public DeviceBuffer<int> Order { get; }

    /// <summary>The order of the files.</summary>
    public void KeepOrder()
    {
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }
        Order.CopyFrom(order);
    }

    /// <summary>A random order that depends on seed and epoch alone (Fisher and Yates).</summary>
    public void Shuffle(ulong seed, int epoch)
    {
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }
        for (int i = order.Length - 1; i > 0; i--)
        {
            // The high word of random x bound is uniform but for 2^-32 x bound.
            int j = (int)(((ulong)Philox.At((uint)i, (uint)epoch, 0, ShuffleStream, seed).X0 * (ulong)(i + 1)) >> 32);
            (order[i], order[j]) = (order[j], order[i]);
        }
        Order.CopyFrom(order);
    }

    public void Dispose()
    {
        Pixels.Dispose();
        Labels.Dispose();
        Order.Dispose();
    }
}

/// <summary>Mean loss and hits of each batch of a pass over a set, kept on the device until the host asks.</summary>
internal sealed class MetricTables(Device device, int batches) : IDisposable
{
    private readonly float[] meanLosses = new float[batches];
    private readonly int[] correct = new int[batches];

    public DeviceBuffer<float> MeanLosses { get; } = device.Allocate<float>(batches);

    public DeviceBuffer<int> Correct { get; } = device.Allocate<int>(batches);

    /// <summary>Waits for the device; the mean losses of the first <paramref name="count"/> batches.</summary>
    public ReadOnlySpan<float> ReadLosses(int count)
    {
        MeanLosses.CopyTo(meanLosses.AsSpan(0, count));
        return meanLosses.AsSpan(0, count);
    }

    /// <summary>Mean loss and share of hits of the images in the first batches.</summary>
    /// <param name="batchSize">Images of a batch; the last may have fewer.</param>
    /// <param name="images">Images in all.</param>
    public (double Loss, double Accuracy) Read(int batchSize, int images)
    {
        int count = (images + batchSize - 1) / batchSize;
        ReadOnlySpan<float> losses = ReadLosses(count);
        Correct.CopyTo(correct.AsSpan(0, count));
        double loss = 0;
        long hits = 0;
        for (int i = 0; i < count; i++)
        {
            loss += (double)losses[i] * Math.Min(batchSize, images - (i * batchSize));
            hits += correct[i];
        }
        return (loss / images, (double)hits / images);
    }

    public void Dispose()
    {
        MeanLosses.Dispose();
        Correct.Dispose();
    }
}
