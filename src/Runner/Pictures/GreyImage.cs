namespace GpuCnn.Runner.Pictures;

/// <summary>A grey picture: bytes row by row, 0 black to 255 white.</summary>
internal sealed class GreyImage
{
    /// <summary>Creates a picture; the bytes are kept, not copied.</summary>
    /// <param name="width">In pixels, at least 1.</param>
    /// <param name="height">In pixels, at least 1.</param>
    /// <param name="pixels">[height, width].</param>
    /// <exception cref="ArgumentException">The length is not height times width.</exception>
    public GreyImage(int width, int height, ReadOnlyMemory<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (pixels.Length != width * height)
        {
            throw new ArgumentException($"{pixels.Length} bytes for a picture of {width}x{height}", nameof(pixels));
        }
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>In pixels.</summary>
    public int Width { get; }

    /// <summary>In pixels.</summary>
    public int Height { get; }

    /// <summary>[height, width].</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>A pixel.</summary>
    /// <param name="x">Its column.</param>
    /// <param name="y">Its row.</param>
    public byte this[int x, int y] => Pixels.Span[(y * Width) + x];

    /// <summary>An image of a set: a grey one shares the set's memory, colours become grey by their luminance.</summary>
    /// <param name="images">The set, of one channel or three.</param>
    /// <param name="index">The image's place in it.</param>
    public static GreyImage Of(ImageSet images, int index)
    {
        ReadOnlyMemory<byte> pixels = images.Pixels.Slice(index * images.Shape.Count, images.Shape.Count);
        if (images.Shape.Channels == 1)
        {
            return new GreyImage(images.Shape.Width, images.Shape.Height, pixels);
        }
        var grey = new byte[images.Shape.Height * images.Shape.Width];
        for (int i = 0; i < grey.Length; i++)
        {
            grey[i] = Luminance(pixels.Span.Slice(i * images.Shape.Channels, 3));
        }
        return new GreyImage(images.Shape.Width, images.Shape.Height, grey);
    }

    /// <summary>How bright a colour is (Rec. 709). The weights add up to 65536, so that a grey keeps its value.</summary>
    /// <param name="colour">Red, green and blue.</param>
    public static byte Luminance(ReadOnlySpan<byte> colour) => (byte)(((13933 * colour[0]) + (46871 * colour[1]) + (4732 * colour[2]) + 32768) >> 16);

    /// <summary>Numbers as a picture: the least is black, the greatest white.</summary>
    /// <param name="values">[height, width].</param>
    /// <param name="width">In pixels.</param>
    /// <param name="least">What becomes black, and all below it.</param>
    /// <param name="greatest">What becomes white, and all above it.</param>
    public static GreyImage Of(ReadOnlySpan<float> values, int width, float least, float greatest)
    {
        var pixels = new byte[values.Length];
        float range = greatest > least ? greatest - least : 1;
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)MathF.Round(Math.Clamp((values[i] - least) / range, 0, 1) * 255);
        }
        return new GreyImage(width, values.Length / width, pixels);
    }

    /// <summary>The picture smaller by a whole factor, each pixel the mean of those it stands for; a part left over at the right and below counts too.</summary>
    /// <param name="factor">1 gives the picture itself.</param>
    public GreyImage Shrink(int factor)
    {
        if (factor == 1)
        {
            return this;
        }
        int width = (Width + factor - 1) / factor, height = (Height + factor - 1) / factor;
        var pixels = new byte[width * height];
        for (int i = 0; i < pixels.Length; i++)
        {
            int left = i % width * factor, top = i / width * factor;
            pixels[i] = Mean(left, top, Math.Min(Width, left + factor), Math.Min(Height, top + factor));
        }
        return new GreyImage(width, height, pixels);
    }

    /// <summary>The least factor by which the picture must shrink to have no side longer than a bound.</summary>
    /// <param name="mostWidth">In pixels.</param>
    /// <param name="mostHeight">In pixels.</param>
    public int FactorToFit(int mostWidth, int mostHeight) => Math.Max((Width + mostWidth - 1) / mostWidth, (Height + mostHeight - 1) / mostHeight);

    private byte Mean(int left, int top, int right, int bottom)
    {
        long sum = 0;
        for (int y = top; y < bottom; y++)
        {
            foreach (byte pixel in Pixels.Span[((y * Width) + left)..((y * Width) + right)])
            {
                sum += pixel;
            }
        }
        int count = (right - left) * (bottom - top);
        return (byte)((sum + (count / 2)) / count);
    }
}
