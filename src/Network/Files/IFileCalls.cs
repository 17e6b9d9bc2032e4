using Microsoft.Win32.SafeHandles;

namespace GpuCnn;

/// <summary>The calls to the system that change files and folders; each may throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</summary>
/// <remarks>Everything that a training or a command writes goes through them, so that tests can make each of them fail, and know what a power cut after each would leave.</remarks>
internal interface IFileCalls
{
    /// <summary>Creates one folder, whose parent is there.</summary>
    void CreateFolder(string path);

    /// <summary>Opens a file to write to: an empty one, new or cut, or one that is there.</summary>
    SafeFileHandle Open(string path, FileMode mode, FileShare share);

    /// <summary>Writes bytes at a place of a file.</summary>
    void Write(SafeFileHandle file, ReadOnlySpan<byte> content, long offset);

    /// <summary>Cuts a file.</summary>
    void Cut(SafeFileHandle file, long length);

    /// <summary>Waits until a file's content is on the disk; its name may still not be.</summary>
    void Flush(SafeFileHandle file);

    /// <summary>Closes a file.</summary>
    void Close(SafeFileHandle file);

    /// <summary>Gives a file another name in its folder, in one step; a file that has the name is replaced.</summary>
    void Rename(string from, string to);

    /// <summary>Gives a folder another name in its parent; that there is something of that name is an error.</summary>
    void RenameFolder(string from, string to);

    /// <summary>Deletes a file; one that is not there is no error, unless its folder is missing too.</summary>
    void Delete(string path);

    /// <summary>Deletes an empty folder.</summary>
    void DeleteFolder(string path);

    /// <summary>Waits until the names in a folder are on the disk, where the system can.</summary>
    void FlushFolder(string path);
}

/// <summary>Which calls are used.</summary>
internal static class FileCalls
{
    private static readonly SystemFileCalls System = new();

    /// <summary>Tests' way to stand between: what is set here is used by this thread, and by threads and tasks that it starts from here on.</summary>
    internal static AsyncLocal<IFileCalls?> Substitute { get; } = new();

    /// <summary>The calls.</summary>
    public static IFileCalls Now => Substitute.Value ?? System;
}
