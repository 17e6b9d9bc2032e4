using SkiaSharp;

namespace GpuCnn.Runner.Pictures;

/// <summary>Image files: PNG and JPEG.</summary>
internal static class ImageFile
{
    /// <summary>The most pixels that a byte of a file can stand for: deflate shrinks 1,032 times at best, and a PNG's pixel has at least a bit; a JPEG's block of 64 at least a bit too.</summary>
    private const long PngPixelsPerByte = 8 * 1032, JpegPixelsPerByte = 8 * 64;

    private static readonly byte[] PngStart = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a], JpegStart = [0xff, 0xd8, 0xff];

    private static readonly SKSamplingOptions Sampling = new(SKFilterMode.Linear, SKMipmapMode.Linear);

    /// <summary>Whether a file is named as a picture.</summary>
    /// <param name="path">The file.</param>
    public static bool HasImageName(string path) => Path.GetExtension(path).ToUpperInvariant() is ".PNG" or ".JPG" or ".JPEG";

    /// <summary>Reads a file as a grey picture in its own size: colours by their luminance (Rec. 709), transparent places as black.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is missing, unreadable, damaged, no PNG or JPEG, or too large.</exception>
    public static GreyImage Read(string path)
    {
        using SKBitmap bitmap = Decode(path, null);
        var pixels = new byte[bitmap.Width * bitmap.Height];
        Copy(bitmap, 1, pixels);
        return new GreyImage(bitmap.Width, bitmap.Height, pixels);
    }

    /// <summary>Reads a file and brings it to a size: whole, in its own proportions, in the middle of what has the mean colour of its border; turned as its camera says.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shape">The size, with one channel for grey or three for red, green and blue. A picture that has it is taken pixel by pixel.</param>
    /// <param name="pixels">[height, width, channels], overwritten.</param>
    /// <exception cref="InvalidFileException">It is missing, unreadable, damaged, no PNG or JPEG, or too large.</exception>
    /// <exception cref="ArgumentException">The shape has another number of channels.</exception>
    public static void ReadScaled(string path, TensorShape shape, Span<byte> pixels)
    {
        if (shape.Channels is not (1 or 3))
        {
            throw new ArgumentException($"pictures have 1 or 3 channels, not {shape.Channels}", nameof(shape));
        }
        using SKBitmap bitmap = Decode(path, shape);
        if (bitmap.Width == shape.Width && bitmap.Height == shape.Height)
        {
            Copy(bitmap, shape.Channels, pixels);
            return;
        }
        using var scaled = new SKBitmap(new SKImageInfo(shape.Width, shape.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(scaled);
        canvas.Clear(Border(bitmap));
        float scale = Math.Min((float)shape.Width / bitmap.Width, (float)shape.Height / bitmap.Height), width = bitmap.Width * scale, height = bitmap.Height * scale;
        using SKImage image = SKImage.FromBitmap(bitmap);
        canvas.DrawImage(image, SKRect.Create((shape.Width - width) / 2, (shape.Height - height) / 2, width, height), Sampling);
        canvas.Flush();
        Copy(scaled, shape.Channels, pixels);
    }

    /// <summary>Decodes a file, turned upright when it is to be scaled.</summary>
    private static SKBitmap Decode(string path, TensorShape? target)
    {
        ReadOnlySpan<byte> bytes = ReadBytes(path).Span;
        // SkiaSharp has decoders of a dozen formats, in native code: files from strangers reach two of them.
        bool isPng = bytes.StartsWith(PngStart);
        if (!isPng && !bytes.StartsWith(JpegStart))
        {
            throw new InvalidFileException(path, "it is no image that can be read; give PNG or JPEG files");
        }
        using SKData data = SKData.CreateCopy(bytes);
        using SKCodec codec = SKCodec.Create(data) ?? throw new InvalidFileException(path, "it is no image that can be read; give PNG or JPEG files");
        (int width, int height) = (codec.Info.Width, codec.Info.Height);
        long most = Math.Min(FileLimits.ImagePixels, bytes.Length * (isPng ? PngPixelsPerByte : JpegPixelsPerByte));
        if ((long)width * height > most)
        {
            throw new InvalidFileException(path, $"it claims {width}x{height} pixels, more than the {most} that {(most < FileLimits.ImagePixels ? $"{bytes.Length} bytes can hold" : "are read")}");
        }
        SKSizeI size = target is { } shape ? SizeToDecode(codec, shape) : codec.Info.Size;
        var bitmap = new SKBitmap(new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        SKCodecResult result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
        {
            bitmap.Dispose();
            throw new InvalidFileException(path, $"the image is damaged or cut off ({result})");
        }
        return target is null ? bitmap : Upright(bitmap, codec.EncodedOrigin);
    }

    private static ReadOnlyMemory<byte> ReadBytes(string path)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidFileException(path, "it is a folder; give image files");
        }
        return FileReader.ReadAll(path, FileLimits.ImageBytes);
    }

    /// <summary>A photograph is many times larger than what a network takes; JPEG can be decoded at a half, a quarter or an eighth at once, in a fraction of the time.</summary>
    private static SKSizeI SizeToDecode(SKCodec codec, TensorShape target)
    {
        // Twice the size that is needed, so that the rest of the shrinking still averages.
        float scale = 2f * Math.Max(target.Width, target.Height) / Math.Max(1, Math.Min(codec.Info.Width, codec.Info.Height));
        return scale < 1 ? codec.GetScaledDimensions(scale) : codec.Info.Size;
    }

    private static SKBitmap Upright(SKBitmap bitmap, SKEncodedOrigin origin)
    {
        if (origin == SKEncodedOrigin.TopLeft)
        {
            return bitmap;
        }
        using (bitmap)
        {
            bool lies = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
            int width = bitmap.Width, height = bitmap.Height;
            var upright = new SKBitmap(new SKImageInfo(lies ? height : width, lies ? width : height, bitmap.ColorType, bitmap.AlphaType));
            using var canvas = new SKCanvas(upright);
            canvas.SetMatrix(origin switch
            {
                SKEncodedOrigin.TopRight => new SKMatrix(-1, 0, width, 0, 1, 0, 0, 0, 1),
                SKEncodedOrigin.BottomRight => new SKMatrix(-1, 0, width, 0, -1, height, 0, 0, 1),
                SKEncodedOrigin.BottomLeft => new SKMatrix(1, 0, 0, 0, -1, height, 0, 0, 1),
                SKEncodedOrigin.LeftTop => new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1),
                SKEncodedOrigin.RightTop => new SKMatrix(0, -1, height, 1, 0, 0, 0, 0, 1),
                SKEncodedOrigin.RightBottom => new SKMatrix(0, -1, height, -1, 0, width, 0, 0, 1),
                _ => new SKMatrix(0, 1, 0, -1, 0, width, 0, 0, 1),
            });
            canvas.DrawBitmap(bitmap, 0, 0);
            canvas.Flush();
            return upright;
        }
    }

    /// <summary>The mean colour of the outermost pixels.</summary>
    private static SKColor Border(SKBitmap bitmap)
    {
        long red = 0, green = 0, blue = 0, count = 0;
        ReadOnlySpan<byte> source = bitmap.GetPixelSpan();
        for (int y = 0; y < bitmap.Height; y++)
        {
            int step = y == 0 || y == bitmap.Height - 1 ? 1 : Math.Max(1, bitmap.Width - 1);
            for (int x = 0; x < bitmap.Width; x += step, count++)
            {
                int at = (y * bitmap.RowBytes) + (x * 4);
                red += source[at];
                green += source[at + 1];
                blue += source[at + 2];
            }
        }
        byte Mean(long sum) => (byte)((sum + (count / 2)) / count);
        return new SKColor(Mean(red), Mean(green), Mean(blue));
    }

    private static void Copy(SKBitmap bitmap, int channels, Span<byte> pixels)
    {
        ReadOnlySpan<byte> source = bitmap.GetPixelSpan();
        for (int i = 0; i < bitmap.Width * bitmap.Height; i++)
        {
            int at = (i / bitmap.Width * bitmap.RowBytes) + (i % bitmap.Width * 4);
            if (channels == 3)
            {
                source.Slice(at, 3).CopyTo(pixels[(i * 3)..]);
            }
            else
            {
                pixels[i] = GreyImage.Luminance(source[at..]);
            }
        }
    }
}
