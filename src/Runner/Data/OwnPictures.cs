using GpuCnn.Runner.Pictures;

namespace GpuCnn.Runner.Data;

/// <summary>Whether pictures are turned from dark on light to light on dark, or back.</summary>
internal enum Inversion
{
    /// <summary>Each where its border is as bright as the training images' borders are dark, or the other way round.</summary>
    Auto,

    /// <summary>All.</summary>
    Yes,

    /// <summary>None.</summary>
    No,
}

/// <summary>Picture files brought to what a model takes.</summary>
internal static class OwnPictures
{
    /// <summary>A border is bright or dark when it is so far from the middle, of 255; between, nothing is inverted.</summary>
    private const double Clear = 32;

    /// <summary>Reads files on all cores.</summary>
    /// <param name="files">The files.</param>
    /// <param name="model">The model that they are for.</param>
    /// <param name="inversion">Whether they are inverted.</param>
    /// <returns>The pictures that can be read, each with its file, and what is wrong with the others.</returns>
    public static (ImageSet? Images, IReadOnlyList<string> Files, IReadOnlyList<InvalidFileException> Damaged) Read(IReadOnlyList<string> files, TrainedModel model, Inversion inversion)
    {
        TensorShape shape = model.Model.Input;
        if (shape.Channels is not (1 or 3))
        {
            throw new ModelException($"model {model.Model.Name} takes images of {shape.Channels} channels; pictures have 1 or 3");
        }
        var pixels = new byte[files.Count * shape.Count];
        var problems = new InvalidFileException?[files.Count];
        Parallel.For(0, files.Count, i =>
        {
            Span<byte> own = pixels.AsSpan(i * shape.Count, shape.Count);
            try
            {
                ImageFile.ReadScaled(files[i], shape, own);
                if (IsInverted(own, shape, model.BorderBrightness ?? 0, inversion))
                {
                    Invert(own);
                }
            }
            catch (InvalidFileException exception)
            {
                problems[i] = exception;
            }
        });
        int[] whole = [.. Enumerable.Range(0, files.Count).Where(i => problems[i] is null)];
        byte[] kept = whole.Length == files.Count ? pixels : [.. whole.SelectMany(i => pixels[(i * shape.Count)..((i + 1) * shape.Count)])];
        IReadOnlyList<string> names = model.ClassNames ?? [.. Enumerable.Range(0, model.Model.Classes).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        return (whole.Length == 0 ? null : new ImageSet(kept, new byte[whole.Length], shape, names), [.. whole.Select(i => files[i])], [.. problems.OfType<InvalidFileException>()]);
    }

    /// <summary>The mean of the outermost pixels of images, 0 for black to 1 for white.</summary>
    /// <param name="images">The images.</param>
    public static double BorderOf(ImageSet images)
    {
        double sum = 0;
        for (int i = 0; i < images.Count; i++)
        {
            sum += BorderOf(images.Pixels.Span.Slice(i * images.Shape.Count, images.Shape.Count), images.Shape);
        }
        return sum / images.Count / 255;
    }

    private static bool IsInverted(ReadOnlySpan<byte> pixels, TensorShape shape, double usual, Inversion inversion)
    {
        if (inversion != Inversion.Auto)
        {
            return inversion == Inversion.Yes;
        }
        // A colour's opposite is another colour, not the same thing on another ground.
        double own = BorderOf(pixels, shape) - 127.5, wanted = (usual * 255) - 127.5;
        return shape.Channels == 1 && Math.Abs(own) > Clear && Math.Abs(wanted) > Clear && Math.Sign(own) != Math.Sign(wanted);
    }

    private static void Invert(Span<byte> pixels)
    {
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)(255 - pixels[i]);
        }
    }

    private static double BorderOf(ReadOnlySpan<byte> pixels, TensorShape shape)
    {
        long sum = 0;
        int count = 0, row = shape.Width * shape.Channels;
        for (int y = 0; y < shape.Height; y++)
        {
            for (int i = 0; i < row; i++)
            {
                if (y == 0 || y == shape.Height - 1 || i < shape.Channels || i >= row - shape.Channels)
                {
                    sum += pixels[(y * row) + i];
                    count++;
                }
            }
        }
        return (double)sum / count;
    }
}
