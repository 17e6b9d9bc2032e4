namespace GpuCnn.Runner.Reports;

/// <summary>Held while a process trains in a run folder, so that no second one does. The system takes it from a process that ends, however it ends.</summary>
internal sealed class RunLock : IDisposable
{
    /// <summary>What the system calls a file that another has open alone: on Linux, on macOS, on Windows.</summary>
    private static readonly int[] InUse = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream file;

    private RunLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock of a folder; null when another has it.</summary>
    /// <param name="folder">The run folder.</param>
    /// <exception cref="IOException">The folder is missing, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static RunLock? TryTake(string folder)
    {
        try
        {
            // The file stays when the lock is given up: were it deleted, of two processes one could hold the deleted file and one a new one.
#pragma warning disable RS0030 // Nothing is written to it.
            return new RunLock(new FileStream(Path.Combine(folder, RunFiles.Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
#pragma warning restore RS0030
        }
        catch (IOException exception) when (InUse.Contains(exception.HResult))
        {
            return null;
        }
    }

    /// <summary>Whether the file of the lock is still there. Once it is deleted, with its folder perhaps, it keeps nobody away.</summary>
    public bool IsThere => File.GetLastWriteTimeUtc(file.Name) == File.GetLastWriteTimeUtc(file.SafeFileHandle);

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
