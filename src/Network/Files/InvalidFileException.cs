namespace GpuCnn;

/// <summary>A file that cannot be read as what it should be. The message is one line that starts with the file's path, and plain text whatever that path or the file has in it.</summary>
public sealed class InvalidFileException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">What is wrong with it.</param>
    public InvalidFileException(string path, string problem) : base(PlainText.Of($"{path}: {problem}")) => Path = path;

    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <param name="innerException">What the system said.</param>
    public InvalidFileException(string path, string problem, Exception innerException) : base(PlainText.Of($"{path}: {problem}"), innerException) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }
}
