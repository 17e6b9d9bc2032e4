using System.Buffers.Binary;
using System.IO.Compression;

namespace GpuCnn.Runner.Data;

/// <summary>A gzipped IDX file of bytes: the format of MNIST and its relatives.</summary>
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
    public static IdxFile Read(string path, int dimensions)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using FileStream file = File.OpenRead(path);
            using var content = new GZipStream(file, CompressionMode.Decompress);
            return Read(path, dimensions, file, content);
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

    private static IdxFile Read(string path, int dimensions, FileStream file, GZipStream content)
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
        if (count == 0 || count > MostElements || count > (Int128)file.Length * LargestRatio)
        {
            throw new InvalidFileException(path, $"it claims {count} elements, which a file of {file.Length} bytes cannot hold");
        }
        var values = new byte[(int)count];
        content.ReadExactly(values);
        if (content.ReadByte() >= 0)
        {
            throw new InvalidFileException(path, $"it has more than the {count} elements that it claims");
        }
        // The decompressor takes a missing end for an end; gzip's last four bytes are the length of what was compressed.
        file.Seek(-4, SeekOrigin.End);
        file.ReadExactly(word);
        return BinaryPrimitives.ReadUInt32LittleEndian(word) == (uint)(4 * (dimensions + 1)) + (uint)count
            ? new IdxFile(path, shape, values)
            : throw new EndOfStreamException();
    }
}
