using System.Buffers.Binary;
using System.IO.Compression;

namespace GpuCnn;

/// <summary>An IDX file of bytes, gzipped or not: the format of MNIST and its relatives.</summary>
/// <param name="Path">The file.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Values">Its elements, the last dimension fastest.</param>
internal sealed record IdxFile(string Path, IReadOnlyList<int> Shape, byte[] Values)
{
    /// <summary>Gzip cannot shrink more than about 1,030 times, so a longer claim is known to be wrong before anything is unpacked.</summary>
    private const long LargestRatio = 1032;

    /// <summary>A claim of so much more than twice the file is not believed before all is unpacked once without being kept.</summary>
    private const long BelievedBytes = 15 << 20;

    /// <summary>Reads a file of unsigned bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dimensions">How many dimensions it must have: 3 for images (count, height, width), 1 for labels.</param>
    /// <returns>Its content.</returns>
    /// <exception cref="InvalidFileException">It is missing, unreadable, damaged, or not that kind of file.</exception>
    public static IdxFile Read(string path, int dimensions) => Open(path, file => Read(path, dimensions, file));

    /// <summary>Reads only what a file of unsigned bytes says of its dimensions.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dimensions">How many dimensions it must have.</param>
    /// <returns>The dimensions, each at least 1.</returns>
    /// <exception cref="InvalidFileException">It is missing, unreadable, damaged, or not that kind of file.</exception>
    public static IReadOnlyList<int> ReadShape(string path, int dimensions) => Open(path, file => ReadHead(path, dimensions, file, Unpack(file)).Shape);

    /// <summary>Reads images and their labels, which may not be the numbers of their classes.</summary>
    /// <param name="imagesPath">[images, height, width].</param>
    /// <param name="labelsPath">[images].</param>
    /// <param name="classNames">The classes' names.</param>
    /// <param name="classOf">The class of each of the 256 labels, 255 where it has none; null where labels are classes.</param>
    public static ImageSet ReadImages(string imagesPath, string labelsPath, IReadOnlyList<string> classNames, byte[]? classOf = null)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        Task<IdxFile> reading = Task.Run(() => Read(labelsPath, 1));
        IdxFile images = Read(imagesPath, 3), labels = reading.GetAwaiter().GetResult();
        if (images.Shape[0] != labels.Shape[0])
        {
            throw new InvalidFileException(labelsPath, $"it has {labels.Shape[0]} labels for {images.Shape[0]} images");
        }
        byte[] classes = labels.Values;
        for (int i = 0; i < classes.Length; i++)
        {
            int known = classOf is null ? classes[i] : classOf[classes[i]];
            if (known >= classNames.Count)
            {
                string there = classOf is null ? $"0 to {classNames.Count - 1}" : string.Join(", ", classNames);
                throw new InvalidFileException(labelsPath, $"label {classes[i]} of image {i}, but the classes are {there}");
            }
            classes[i] = (byte)known;
        }
        return new ImageSet(images.Values, classes, new TensorShape(1, images.Shape[1], images.Shape[2]), classNames);
    }

    private static T Open<T>(string path, Func<FileStream, T> read) => FileReader.Read(path, file =>
    {
        try
        {
            return read(file);
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidFileException(path, "it ends too early; it is cut off or damaged", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidFileException(path, "its gzip data is damaged", exception);
        }
    });

    /// <summary>Starts to read from the beginning, unpacked; the file is closed by whoever opened it.</summary>
    private static Stream Unpack(FileStream file)
    {
        bool isZipped = IsZipped(file);
        file.Position = 0;
        return isZipped ? new GZipStream(file, CompressionMode.Decompress, leaveOpen: true) : new BufferedStream(file);
    }

    /// <summary>IDX starts with two zeros; whatever starts otherwise is taken for gzip, which says what is wrong.</summary>
    private static bool IsZipped(FileStream file)
    {
        file.Position = 0;
        return !(file.ReadByte() == 0 && file.ReadByte() == 0);
    }

    private static IdxFile Read(string path, int dimensions, FileStream file)
    {
        bool isZipped = IsZipped(file);
        Stream content = Unpack(file);
        (int[] shape, int count) = ReadHead(path, dimensions, file, content);
        if (count > (2 * file.Length) + BelievedBytes)
        {
            RequireLength(path, content, count);
            content = Unpack(file);
            ReadHead(path, dimensions, file, content);
        }
        var values = new byte[count];
        content.ReadExactly(values);
        RequireEnd(path, content, count);
        if (!isZipped)
        {
            return new IdxFile(path, shape, values);
        }
        // The decompressor takes a missing end for an end; gzip's last four bytes are the length of what was compressed.
        Span<byte> word = stackalloc byte[4];
        file.Seek(-4, SeekOrigin.End);
        file.ReadExactly(word);
        return BinaryPrimitives.ReadUInt32LittleEndian(word) == (uint)(4 * (dimensions + 1)) + (uint)count
            ? new IdxFile(path, shape, values)
            : throw new EndOfStreamException();
    }

    private static (int[] Shape, int Count) ReadHead(string path, int dimensions, FileStream file, Stream content)
    {
        Span<byte> word = stackalloc byte[4];
        content.ReadExactly(word);
        int magic = BinaryPrimitives.ReadInt32BigEndian(word), expected = 0x800 + dimensions;
        if (magic != expected)
        {
            throw new InvalidFileException(path, $"it starts with 0x{magic:x8}, an IDX file of bytes with {dimensions} dimension{(dimensions == 1 ? "" : "s")} starts with 0x{expected:x8}");
        }
        var shape = new int[dimensions];
        for (int i = 0; i < dimensions; i++)
        {
            content.ReadExactly(word);
            shape[i] = BinaryPrimitives.ReadInt32BigEndian(word);
        }
        Int128 count = shape.Aggregate((Int128)1, (product, size) => product * (uint)size);
        return count == 0 || count > FileLimits.IdxElements || count > (Int128)file.Length * LargestRatio
            ? throw new InvalidFileException(path, $"it claims {count} elements, which a file of {file.Length} bytes cannot hold")
            : (shape, (int)count);
    }

    private static void RequireLength(string path, Stream content, long count)
    {
        var block = new byte[1 << 16];
        for (long left = count; left > 0;)
        {
            int part = (int)Math.Min(left, block.Length);
            content.ReadExactly(block.AsSpan(0, part));
            left -= part;
        }
        RequireEnd(path, content, count);
    }

    private static void RequireEnd(string path, Stream content, long count)
    {
        if (content.ReadByte() >= 0)
        {
            throw new InvalidFileException(path, $"it has more than the {count} elements that it claims");
        }
    }
}
