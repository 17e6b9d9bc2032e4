using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

#pragma warning disable RS0030 // Here, and nowhere else.

namespace GpuCnn;

/// <summary>The system's own calls.</summary>
internal sealed partial class SystemFileCalls : IFileCalls
{
    /// <summary>Access denied, in errno's numbers on Linux and macOS.</summary>
    private const int AccessDenied = 13;

    public void CreateFolder(string path) => Directory.CreateDirectory(path);

    public SafeFileHandle Open(string path, FileMode mode, FileShare share) => File.OpenHandle(path, mode, FileAccess.Write, share);

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> content, long offset)
    {
        try
        {
            RandomAccess.Write(file, content, offset);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // .NET's translation of the system's "file too large", which a limit on the size of files brings (ulimit -f).
            throw new IOException("File too large", exception);
        }
    }

    public void Cut(SafeFileHandle file, long length) => RandomAccess.SetLength(file, length);

    public void Flush(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    public void Close(SafeFileHandle file) => file.Dispose();

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void RenameFolder(string from, string to) => Directory.Move(from, to);

    public void Delete(string path) => File.Delete(path);

    public void DeleteFolder(string path) => Directory.Delete(path);

    public void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            // It has no such call: NTFS writes names to its journal in order.
            return;
        }
        int closeOnExec = OperatingSystem.IsLinux() ? 0x80000 : OperatingSystem.IsMacOS() ? 0x1000000 : 0;
        using SafeFileHandle folder = OpenFolder(path, closeOnExec);
        int error = Marshal.GetLastPInvokeError();
        if (!folder.IsInvalid)
        {
            // File systems that cannot flush a folder say so, and FlushToDisk then does nothing.
            RandomAccess.FlushToDisk(folder);
        }
        else if (error != AccessDenied)
        {
            // A folder may be writable without being readable, and then cannot be opened to be flushed; any other failure means that it is gone or out of reach.
            throw new IOException($"{Marshal.GetPInvokeErrorMessage(error)} : '{path}'", error);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFolder(string path, int flags);
}
