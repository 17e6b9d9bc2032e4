using System.Text;
using Microsoft.Win32.SafeHandles;

namespace GpuCnn;

/// <summary>A text file that grows by whole lines while others read it. Its owner has all of its text in memory, so whatever happens to the file, it becomes whole again.</summary>
/// <remarks>The file is open only while it is written: were it open all the time, what is appended after somebody deleted it would be lost without a word.
/// Appended lines are not flushed to the disk, so after a power cut the last ones may be missing or torn.</remarks>
/// <param name="path">The file.</param>
/// <param name="whole">Writes all lines that the file shall have now, those about to be appended too.</param>
internal sealed class AppendedFile(string path, Action<TextWriter> whole)
{
    private static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>The length that the last write left; negative when it failed, or before the first.</summary>
    private long length = -1;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Whether the file has all lines, as far as this process knows.</summary>
    public bool IsWhole => length >= 0;

    /// <summary>Replaces the file, or creates it, with all lines.</summary>
    /// <exception cref="IOException">The disk is full, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public void WriteWhole()
    {
        length = -1;
        long written = 0;
        AtomicFile.Write(path, stream =>
        {
            using (var writer = new StreamWriter(stream, Encoding, leaveOpen: true) { NewLine = "\n" })
            {
                whole(writer);
            }
            stream.Flush();
            written = stream.Length;
        });
        length = written;
    }

    /// <summary>Appends lines. When the file is not as this process left it, all lines are written anew.</summary>
    /// <param name="lines">The new lines, each with its line feed.</param>
    /// <exception cref="IOException">The disk is full, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The file or its folder is not writable.</exception>
    public void Append(string lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var file = new FileInfo(path);
        if (!IsWhole || !file.Exists || file.Length != length)
        {
            WriteWhole();
            return;
        }
        long before = length;
        byte[] bytes = Encoding.GetBytes(lines);
        // Until all is written, and if it never is.
        length = -1;
        IFileCalls calls = FileCalls.Now;
        SafeFileHandle handle = calls.Open(path, FileMode.Open, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            try
            {
                calls.Write(handle, bytes, before);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Half a line is worse than none.
                calls.Cut(handle, before);
                throw;
            }
        }
        finally
        {
            calls.Close(handle);
        }
        length = before + bytes.Length;
    }
}
