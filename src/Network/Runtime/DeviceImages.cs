using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>Images kept on a device as bytes, and the order in which batches take them.</summary>
internal sealed class DeviceImages : IDisposable
{
    private readonly Device device;
    private readonly int pixels;
    private readonly DeviceAugmentation? augmentation;

    public DeviceImages(Device device, ImageSet images) : this(device, images.Count, images.Shape.Count)
    {
        Pixels.CopyFrom(images.Pixels.Span);
        Labels.CopyFrom(images.Labels.Span);
    }

    /// <summary>Images that are changed whenever a batch takes them.</summary>
    public DeviceImages(Device device, ImageSet images, Augmentation augmentation, ulong seed) : this(device, images) =>
        this.augmentation = augmentation.IsNone ? null : new DeviceAugmentation(device, images, augmentation, seed);

    /// <summary>Room for images, in file order, all black and of class 0.</summary>
    public DeviceImages(Device device, int count, int pixels)
    {
        this.device = device;
        this.pixels = pixels;
        Count = count;
        Pixels = device.Allocate<byte>((long)count * pixels);
        Labels = device.Allocate<byte>(count);
        Order = device.Allocate<int>(count);
        Order.CopyFrom([.. Enumerable.Range(0, count)]);
    }

    public int Count { get; }

    public DeviceBuffer<byte> Pixels { get; }

    public DeviceBuffer<byte> Labels { get; }

    public DeviceBuffer<int> Order { get; }

    /// <summary>A random order that depends on seed and epoch alone, made where it is used.</summary>
    public void Shuffle(ulong seed, int epoch) => ShuffleOrder.Run(device, Order.View, Count, seed, (uint)epoch);

    /// <summary>Takes a batch: pixels in [0, 1] and labels.</summary>
    /// <param name="batchImages">[batch, H, W, C], overwritten.</param>
    /// <param name="batchLabels">[batch], overwritten.</param>
    /// <param name="first">The first image's place in the order.</param>
    /// <param name="pass">Which pass it is for.</param>
    public void Take(ArrayView<float> batchImages, ArrayView<int> batchLabels, int first, in Pass pass)
    {
        if (augmentation is null)
        {
            GatherImages.Run(device, Pixels.View, Labels.View, Order.View, batchImages, batchLabels, pixels, first, pass.Batch);
        }
        else
        {
            AugmentImages.Run(device, Pixels.View, Labels.View, Order.View, batchImages, batchLabels, augmentation.Draw, first, pass.Batch, augmentation.Seed, pass.Step);
        }
    }

    public void Dispose()
    {
        augmentation?.Dispose();
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

    /// <summary>Mean loss and share of hits of the images in the batches whose losses were read.</summary>
    /// <param name="batchSize">Images of a batch; the last may have fewer.</param>
    /// <param name="images">Images in all.</param>
    public (double Loss, double Accuracy) Summarize(int batchSize, int images)
    {
        int count = (images + batchSize - 1) / batchSize;
        Correct.CopyTo(correct.AsSpan(0, count));
        double loss = 0;
        long hits = 0;
        for (int i = 0; i < count; i++)
        {
            loss += (double)meanLosses[i] * Math.Min(batchSize, images - (i * batchSize));
            hits += correct[i];
        }
        return (loss / images, (double)hits / images);
    }

    /// <summary>The hits of the first batches.</summary>
    public int[] ReadCorrect(int count)
    {
        if (count > 0)
        {
            Correct.CopyTo(correct.AsSpan(0, count));
        }
        return correct[..count];
    }

    /// <summary>Puts back what the first batches gave.</summary>
    public void Restore(ReadOnlySpan<float> losses, ReadOnlySpan<int> hits)
    {
        losses.CopyTo(meanLosses);
        hits.CopyTo(correct);
        MeanLosses.CopyFrom(meanLosses);
        Correct.CopyFrom(correct);
    }

    public void Dispose()
    {
        MeanLosses.Dispose();
        Correct.Dispose();
    }
}
