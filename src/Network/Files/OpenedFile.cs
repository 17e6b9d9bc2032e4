namespace GpuCnn;

/// <summary>Opens files to read them, and says in one line what the system says of those that it does not open or read.</summary>
internal static class OpenedFile
{
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
}
