using SkiaSharp;

namespace GpuCnn.Runner.Pictures;

/// <summary>Bitmaps as PNG files.</summary>
internal static class PixelImage
{
    /// <summary>A picture in its own size, for pages that enlarge it.</summary>
    /// <param name="image">The picture.</param>
    public static byte[] Png(GreyImage image)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height, SKColorType.Gray8, SKAlphaType.Opaque));
        for (int y = 0; y < image.Height; y++)
        {
            image.Pixels.Span.Slice(y * image.Width, image.Width).CopyTo(bitmap.GetPixelSpan()[(y * bitmap.RowBytes)..]);
        }
        return Png(bitmap);
    }

    /// <summary>A bitmap.</summary>
    /// <param name="bitmap">The bitmap.</param>
    public static byte[] Png(SKBitmap bitmap)
    {
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
