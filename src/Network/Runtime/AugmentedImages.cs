namespace GpuCnn;

/// <summary>Images as a training sees them, for people who want to look at what <see cref="Augmentation"/> does.</summary>
internal sealed class AugmentedImages : IDisposable
{
    private readonly Device device;
    private readonly ImageSet source;
    private readonly DeviceImages images;
    private readonly DeviceBuffer<float> pixels;
    private readonly DeviceBuffer<int> labels;

    /// <summary>Puts images on a device.</summary>
    /// <param name="device">The device; it must live longer than this.</param>
    /// <param name="images">The images of a training; an image's number among them decides with seed and step what happens to it.</param>
    /// <param name="augmentation">How they are changed.</param>
    /// <param name="seed">The training's seed.</param>
    /// <exception cref="ArgumentException">The augmentation is out of range, or moves images by their whole height or width.</exception>
    /// <exception cref="DeviceException">The device has not the memory.</exception>
    public AugmentedImages(Device device, ImageSet images, Augmentation augmentation, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(images);
        augmentation.Validate();
        augmentation.RequireFit(images.Shape);
        this.device = device;
        source = images;
        this.images = new DeviceImages(device, images, augmentation, seed);
        pixels = device.Allocate<float>(images.Shape.Count);
        labels = device.Allocate<int>(1);
    }

    /// <summary>An image as a step sees it.</summary>
    /// <param name="index">The image's number.</param>
    /// <param name="step">The step, from 1.</param>
    /// <returns>[height, width, channels], 0 to 255.</returns>
    public byte[] At(int index, int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, source.Count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        images.Take(pixels.View, labels.View, index, new Pass(1, null, (uint)step, Training: true));
        var values = new float[source.Shape.Count];
        device.Read(pixels.View, values);
        return [.. values.Select(value => (byte)MathF.Round(value * 255))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        images.Dispose();
        pixels.Dispose();
        labels.Dispose();
    }
}
