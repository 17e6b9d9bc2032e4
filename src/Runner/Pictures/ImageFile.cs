using SkiaSharp;

namespace GpuCnn.Runner.Pictures;

/// <summary>Image files: PNG, JPEG and what else SkiaSharp reads.</summary>
internal static class ImageFile
{
    /// <summary>The most pixels that are read: a picture of 10,000 by 10,000.</summary>
    private const long MostPixels = 100_000_000;

    /// <summary>Reads a file as a grey picture in its own size: colours by their luminance (Rec. 709), transparent places as black.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is missing, unreadable, damaged, no image, or too large.</exception>
    public static GreyImage Read(string path)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidFileException(path, "it is a folder; give image files");
        }
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidFileException(path, "there is no such file", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidFileException(path, $"it cannot be read ({exception.Message.Split('\n')[0]})", exception);
        }
        using SKData data = SKData.CreateCopy(bytes);
        using SKCodec codec = SKCodec.Create(data) ?? throw new InvalidFileException(path, "it is no image that can be read; give PNG or JPEG files");
        if ((long)codec.Info.Width * codec.Info.Height > MostPixels)
        {
            throw new InvalidFileException(path, $"it has {codec.Info.Width}x{codec.Info.Height} pixels, more than the {MostPixels} that are read");
        }
        using var bitmap = new SKBitmap(new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        SKCodecResult result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        return result == SKCodecResult.Success ? Grey(bitmap) : throw new InvalidFileException(path, $"the image is damaged or cut off ({result})");
    }

    private static GreyImage Grey(SKBitmap bitmap)
    {
        var pixels = new byte[bitmap.Width * bitmap.Height];
        ReadOnlySpan<byte> source = bitmap.GetPixelSpan();
        for (int i = 0; i < pixels.Length; i++)
        {
            int at = (i / bitmap.Width * bitmap.RowBytes) + (i % bitmap.Width * 4);
            // The weights add up to 65536, so that a grey pixel keeps its value.
            pixels[i] = (byte)(((13933 * source[at]) + (46871 * source[at + 1]) + (4732 * source[at + 2]) + 32768) >> 16);
        }
        return new GreyImage(bitmap.Width, bitmap.Height, pixels);
    }
}
