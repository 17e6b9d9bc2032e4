using System.Buffers.Binary;
using System.IO.Compression;

namespace GpuCnn.Runner.Data;

/// <summary>An IDX file of bytes, gzipped or not: the format of MNIST and its relatives.</summary>
/// <param name="Path">The file.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Values">Its elements, the last dimension fastest.</param>
public sealed record IdxFile(string Path, IReadOnlyList<int> Shape, byte[] Values)
{
    /// <summary>The most elements that are read: 2 GiB of images would not fit an array.</summary>
    private const long MostElements = 1L << 30;

    /// <summary>Gzip cannot shrink more than about 1,030 times, so a longer claim is known to be wrong before anything is allocated.</summary>
    private const long LargestRatio = 1032;

    /// <summary>Reads a file of unsigned bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dimensions">How many dimensions it must have: 3 for images (count, height, width), 1 for labels.</param>
    /// <returns>Its content.</returns>
    /// <exception cref="InvalidFileException">It is missing, unreadable, damaged, or not that kind of file.</exception>
    public static IdxFile Read(string path, int dimensions) => Open(path, (file, content, isZipped) => Read(path, dimensions, file, content, isZipped));

    /// <summary>Reads only what a file of unsigned bytes says of its dimensions.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dimensions">How many dimensions it must have.</param>
    /// <returns>The dimensions, each at least 1.</returns>
    /// <exception cref="InvalidFileException">It is missing, unreadable, damaged, or not that kind of file.</exception>
    public static IReadOnlyList<int> ReadShape(string path, int dimensions) => Open(path, (file, content, isZipped) => ReadHead(path, dimensions, file, content, isZipped).Shape);

    private static T Open<T>(string path, Func<FileStream, Stream, bool, T> read)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using FileStream file = File.OpenRead(path);
            // What gzip writes starts with these two bytes, IDX with two zeros; whatever starts otherwise is taken for gzip, which says what is wrong.
            bool isZipped = !(file.ReadByte() == 0 && file.ReadByte() == 0);
            file.Position = 0;
            using Stream content = isZipped ? new GZipStream(file, CompressionMode.Decompress) : new BufferedStream(file);
            return read(file, content, isZipped);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidFileException(path, "there is no such file", exception);
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidFileException(path, "it ends too early; it is cut off or damaged", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidFileException(path, "its gzip data is damaged", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidFileException(path, $"it cannot be read ({exception.Message.Split('\n')[0]})", exception);
        }
    }

    private static (int[] Shape, int Count) ReadHead(string path, int dimensions, FileStream file, Stream content, bool isZipped)
    {
        Span<byte> word = stackalloc byte[4];
        content.ReadExactly(word);
        int magic = BinaryPrimitives.ReadInt32BigEndian(word), expected = 0x800 + dimensions;
        if (magic != expected)
        {
            throw new InvalidFileException(path, $"it starts with 0x{magic:x8}, an IDX file of bytes with {dimensions} dimension{(dimensions == 1 ? "" : "s")} starts with 0x{expected:x8}");
        }
        var shape = new int[dimensions];
        Int128 count = 1;
        for (int i = 0; i < dimensions; i++)
        {
            content.ReadExactly(word);
            uint size = BinaryPrimitives.ReadUInt32BigEndian(word);
            count *= size;
            shape[i] = (int)Math.Min(size, int.MaxValue);
        }
        return count == 0 || count > MostElements || count > (isZipped ? (Int128)file.Length * LargestRatio : file.Length)
            ? throw new InvalidFileException(path, $"it claims {count} elements, which a file of {file.Length} bytes cannot hold")
            : (shape, (int)count);
    }

    private static IdxFile Read(string path, int dimensions, FileStream file, Stream content, bool isZipped)
    {
        (int[] shape, int count) = ReadHead(path, dimensions, file, content, isZipped);
        var values = new byte[count];
        content.ReadExactly(values);
        if (content.ReadByte() >= 0)
        {
            throw new InvalidFileException(path, $"it has more than the {count} elements that it claims");
        }
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
}
