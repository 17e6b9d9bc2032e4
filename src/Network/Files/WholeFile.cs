namespace GpuCnn;

/// <summary>Reads a file that is small enough to be held whole.</summary>
public static class WholeFile
{
    private const int SmallestBuffer = 4096;

    /// <summary>Reads a file, or a pipe or device as long as it ends in time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The most bytes it may have; see <see cref="FileLimits"/>.</param>
    /// <returns>Its content.</returns>
    /// <exception cref="InvalidFileException">It is missing, a folder, unreadable, or has more bytes.</exception>
    public static ReadOnlyMemory<byte> Read(string path, int most) => OpenedFile.Read(path, stream => Read(path, stream, most));

    private static ReadOnlyMemory<byte> Read(string path, FileStream stream, int most)
    {
        long said = stream.CanSeek ? stream.Length : 0;
        if (said > most)
        {
            throw new InvalidFileException(path, $"it has {said} bytes, more than the {most} that are read");
        }
        // A byte more than it says shows in one go that it ends there.
        var bytes = new byte[Math.Max(said + 1, SmallestBuffer)];
        int length = 0;
        while (stream.Read(bytes.AsSpan(length)) is > 0 and int read)
        {
            length += read;
            if (length > most)
            {
                throw new InvalidFileException(path, $"it has more than the {most} bytes that are read");
            }
            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * length, most + 1L));
            }
        }
        return bytes.AsMemory(0, length);
    }
}
