using System.Text;
using Microsoft.Win32.SafeHandles;

namespace GpuCnn;

/// <summary>Writes a file so that its name never stands for half a file, not even after a power cut: whole under another name, flushed to the disk, renamed,
/// and the folder flushed.</summary>
internal static class AtomicFile
{
    /// <summary>Replaces or creates a file. When anything fails, what stood under the name before still does; only when the flush of the folder fails, the new file may.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The folder is missing, the disk is full, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(write);
        IFileCalls calls = FileCalls.Now;
        string whole = Path.GetFullPath(path);
        // In the same folder: a rename across file systems would be a copy.
        string temporary = TemporaryFiles.NameFor(whole);
        try
        {
            SafeFileHandle file = calls.Open(temporary, FileMode.Create, FileShare.None);
            try
            {
                var stream = new BufferedStream(new FileCallStream(calls, file), 1 << 16);
                write(stream);
                stream.Flush();
                calls.Flush(file);
            }
            finally
            {
                calls.Close(file);
            }
            calls.Rename(temporary, whole);
        }
        catch
        {
            TemporaryFiles.TryDelete(temporary);
            throw;
        }
        calls.FlushFolder(Path.GetDirectoryName(whole)!);
    }

    /// <summary>Replaces or creates a file with a text, in UTF-8.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">What it will hold.</param>
    /// <exception cref="IOException">The folder is missing, the disk is full, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static void Write(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Renames a file in its folder, in one step.</summary>
    /// <param name="from">The file.</param>
    /// <param name="to">Its new name; a file that has it is replaced.</param>
    /// <exception cref="IOException">There is no such file, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static void Rename(string from, string to)
    {
        FileCalls.Now.Rename(from, to);
        FileCalls.Now.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    /// <summary>Deletes a file; one that is not there is no error. After a power cut it may be there again.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It is in use, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static void Delete(string path) => FileCalls.Now.Delete(path);
}
