namespace GpuCnn;

/// <summary>Labelled images of one size, as bytes.</summary>
public sealed class ImageSet
{
    /// <summary>Creates a set; the arrays are kept, not copied.</summary>
    /// <param name="pixels">[count, height, width, channels], 0 to 255.</param>
    /// <param name="labels">[count], each the index of a class name.</param>
    /// <param name="shape">The shape of an image.</param>
    /// <param name="classNames">The classes' names.</param>
    /// <exception cref="ArgumentException">The lengths do not agree, or a label has no class name.</exception>
    public ImageSet(ReadOnlyMemory<byte> pixels, ReadOnlyMemory<byte> labels, TensorShape shape, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        if (shape.Channels < 1 || shape.Height < 1 || shape.Width < 1)
        {
            throw new ArgumentException($"images of {shape} have no pixels", nameof(shape));
        }
        if ((long)labels.Length * shape.Count != pixels.Length)
        {
            throw new ArgumentException($"{labels.Length} labels for {pixels.Length} bytes of {shape} images", nameof(pixels));
        }
        int wrong = classNames.Count > byte.MaxValue ? -1 : labels.Span.IndexOfAnyExceptInRange((byte)0, (byte)Math.Max(0, classNames.Count - 1));
        if (wrong >= 0 || classNames.Count == 0)
        {
            throw new ArgumentException($"label {labels.Span[Math.Max(0, wrong)]} of image {wrong}, but there are {classNames.Count} classes", nameof(labels));
        }
        Pixels = pixels;
        Labels = labels;
        Shape = shape;
        ClassNames = [.. classNames.Select(name => PlainText.Beginning(name, FileLimits.ClassNameCharacters))];
    }

    /// <summary>The number of images.</summary>
    public int Count => Labels.Length;

    /// <summary>The shape of an image.</summary>
    public TensorShape Shape { get; }

    /// <summary>[count, height, width, channels].</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>[count].</summary>
    public ReadOnlyMemory<byte> Labels { get; }

    /// <summary>The classes' names.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>A part of the set, which shares its memory.</summary>
    /// <param name="first">The first image.</param>
    /// <param name="count">How many.</param>
    /// <returns>The part.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie within the set.</exception>
    public ImageSet Slice(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count - first);
        return new ImageSet(Pixels.Slice(first * Shape.Count, count * Shape.Count), Labels.Slice(first, count), Shape, ClassNames);
    }
}
