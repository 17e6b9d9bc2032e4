namespace GpuCnn.Runner.Reports;

/// <summary>A file that another process may be writing.</summary>
internal static class SharedFile
{
    /// <summary>Opens it to read, without being in its writer's way.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It is not there, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
#pragma warning disable RS0030 // It only reads.
    public static FileStream OpenRead(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
#pragma warning restore RS0030
}
