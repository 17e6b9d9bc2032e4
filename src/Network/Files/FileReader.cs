namespace GpuCnn;

/// <summary>Reads files, and says in one line what is wrong with one that cannot be read.</summary>
internal static class FileReader
{
    private const int SmallestBuffer = 4096;

    /// <summary>Reads a file, or a pipe or device, and closes it.</summary>
    /// <typeparam name="T">What is read.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="read">Reads it.</param>
    /// <returns>What was read.</returns>
    /// <exception cref="InvalidFileException">It is missing, a folder or unreadable.</exception>
    public static T Read<T>(string path, Func<FileStream, T> read)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            return read(stream);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidFileException(path, "there is no such file", exception);
        }
        catch (UnauthorizedAccessException exception) when (Directory.Exists(path))
        {
            throw new InvalidFileException(path, "it is a folder; give a file", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Not supported is what a pipe says that is asked for its length.
            throw new InvalidFileException(path, $"it cannot be read ({exception.Message.Split('\n')[0]})", exception);
        }
    }

    /// <summary>Reads a file, or a pipe or device as long as it ends in time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="max">The largest number of bytes it may have; see <see cref="FileLimits"/>.</param>
    /// <returns>Its content.</returns>
    /// <exception cref="InvalidFileException">It is missing, a folder, unreadable, or has more bytes.</exception>
    public static ReadOnlyMemory<byte> ReadAll(string path, int max) => Read(path, stream => ReadAll(path, stream, max));

    private static ReadOnlyMemory<byte> ReadAll(string path, FileStream stream, int max)
    {
        long said = stream.CanSeek ? stream.Length : 0;
        if (said > max)
        {
            throw new InvalidFileException(path, $"it has {said} bytes, more than the {max} that are read");
        }
        // A byte more than it says shows in one go that it ends there.
        var bytes = new byte[Math.Max(said + 1, SmallestBuffer)];
        int length = 0;
        while (stream.Read(bytes.AsSpan(length)) is > 0 and int read)
        {
            length += read;
            if (length > max)
            {
                throw new InvalidFileException(path, $"it has more than the {max} bytes that are read");
            }
            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * length, max + 1L));
            }
        }
        return bytes.AsMemory(0, length);
    }

    /// <summary>Opens a file that another process may be writing, without hindering it.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
#pragma warning disable RS0030 // It only reads.
    public static FileStream OpenShared(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
#pragma warning restore RS0030
}
