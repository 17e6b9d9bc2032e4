using GpuCnn.Runner.Pictures;

namespace GpuCnn.Runner.Data;

/// <summary>Pictures as a network takes them, all of one shape.</summary>
/// <param name="Pixels">[count, height, width, channels].</param>
/// <param name="Labels">[count].</param>
/// <param name="Damaged">The pictures that could not be read, in their order.</param>
internal sealed record DecodedPictures(byte[] Pixels, byte[] Labels, IReadOnlyList<SkippedFile> Damaged)
{
    /// <summary>Reads pictures, on all cores; the result does not depend on how many.</summary>
    /// <param name="pictures">The files.</param>
    /// <param name="shape">The shape that they are brought to.</param>
    public static DecodedPictures Decode(IReadOnlyList<Picture> pictures, TensorShape shape)
    {
        if ((long)pictures.Count * shape.Count > Array.MaxLength)
        {
            throw new InvalidFileException(pictures[0].File, $"with {pictures.Count - 1} others it makes more than {Array.MaxLength} bytes at {shape} each; use smaller images");
        }
        var pixels = new byte[pictures.Count * shape.Count];
        var problems = new string?[pictures.Count];
        Parallel.For(0, pictures.Count, i =>
        {
            try
            {
                ImageFile.ReadScaled(pictures[i].File, shape, pixels.AsSpan(i * shape.Count, shape.Count));
            }
            catch (InvalidFileException exception)
            {
                problems[i] = exception.Message[(exception.Path.Length + 2)..];
            }
        });
        int kept = 0;
        var labels = new byte[pictures.Count];
        var damaged = new List<SkippedFile>();
        for (int i = 0; i < pictures.Count; i++)
        {
            if (problems[i] is { } problem)
            {
                damaged.Add(new SkippedFile(pictures[i].File, SkippedFile.Damaged, problem));
                continue;
            }
            pixels.AsSpan(i * shape.Count, shape.Count).CopyTo(pixels.AsSpan(kept * shape.Count));
            labels[kept++] = pictures[i].Label;
        }
        return new DecodedPictures(kept == pictures.Count ? pixels : pixels[..(kept * shape.Count)], labels[..kept], damaged);
    }
}
