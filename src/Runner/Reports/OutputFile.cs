namespace GpuCnn.Runner.Reports;

/// <summary>A file that the user named with <c>--output</c> or the like, to be written by a command.</summary>
internal static class OutputFile
{
    /// <summary>Says, before anything is computed, whether a file may be written; one that is there is replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="extension">What its name must end with, the dot included.</param>
    /// <exception cref="OutputPathException">It ends otherwise, is a folder, or its folder is missing.</exception>
    public static void Check(string path, string extension)
    {
        if (!path.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new OutputPathException(path, $"only {extension} files are written; give a name that ends with {extension}");
        }
        if (Directory.Exists(path))
        {
            throw new OutputPathException(path, $"it is a folder; give a file that ends with {extension}");
        }
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
        {
            throw new OutputPathException(path, File.Exists(folder) ? $"{folder} is a file, not a folder" : $"there is no folder {folder}; create it first");
        }
    }

    /// <summary>Writes the file whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">What it will hold.</param>
    /// <exception cref="OutputPathException">It cannot be written.</exception>
    public static void Write(string path, byte[] content) => Write(path, () => AtomicFile.Write(path, stream => stream.Write(content)));

    /// <summary>Lets something write the file whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    /// <exception cref="OutputPathException">It cannot be written.</exception>
    public static void Write(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputPathException(path, $"cannot be written to: {exception.Message}", exception);
        }
    }
}
