using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>What the device needs to change images at random.</summary>
internal sealed class DeviceAugmentation : IDisposable
{
    private readonly DeviceBuffer<int>? rectangles;
    private readonly DeviceBuffer<byte>? mean;

    /// <summary>Puts the rectangles to erase, and the images' mean colour to fill them with, on a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="images">The images.</param>
    /// <param name="augmentation">How they are changed.</param>
    /// <param name="seed">Seeds the changes.</param>
    public DeviceAugmentation(Device device, ImageSet images, Augmentation augmentation, ulong seed)
    {
        Seed = seed;
        TensorShape shape = images.Shape;
        (int[] sizes, double found) = augmentation.Erase > 0 ? EraseRectangles.For(shape.Height, shape.Width) : ([], 0);
        Draw = new AugmentationDraw(shape.Height, shape.Width, shape.Channels, augmentation.Shift, augmentation.Flip, augmentation.Erase * found, default, default);
        if (Draw.Erase > 0)
        {
            rectangles = device.Allocate<int>(sizes.Length);
            rectangles.CopyFrom(sizes);
            mean = device.Allocate<byte>(shape.Channels);
            mean.CopyFrom(MeanColour(images));
            Draw = Draw with { Rectangles = rectangles.View, Fill = mean.View };
        }
    }

    public ulong Seed { get; }

    public AugmentationDraw Draw { get; }

    public void Dispose()
    {
        rectangles?.Dispose();
        mean?.Dispose();
    }

    /// <summary>What zero is in normalized images, and what the least is lost with.</summary>
    private static byte[] MeanColour(ImageSet images)
    {
        int channels = images.Shape.Channels;
        ReadOnlySpan<byte> pixels = images.Pixels.Span;
        var sums = new long[channels];
        for (int i = 0; i < pixels.Length; i += channels)
        {
            for (int c = 0; c < channels; c++)
            {
                sums[c] += pixels[i + c];
            }
        }
        long count = pixels.Length / channels;
        return [.. sums.Select(sum => (byte)((sum + (count / 2)) / count))];
    }
}
