using System.Text;

namespace GpuCnn.Runner.Reports;

/// <summary>Reads the lines that another process appends to a file, as they become whole.</summary>
internal sealed class CsvTail(string path)
{
    private long offset;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Begins at the top again.</summary>
    public void Rewind() => offset = 0;

    /// <summary>Whether the file became shorter than what was read of it.</summary>
    public bool WasCut => File.Exists(path) && new FileInfo(path).Length < offset;

    /// <summary>The whole lines that came since the last call, without the heading; what has no line feed yet stays for the next.</summary>
    public IReadOnlyList<string> Read()
    {
        if (!File.Exists(path))
        {
            return [];
        }
        using var stream = SharedFile.OpenRead(path);
        stream.Seek(offset, SeekOrigin.Begin);
        var bytes = new byte[Math.Max(0, stream.Length - offset)];
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false), end = bytes.AsSpan(0, read).LastIndexOf((byte)'\n') + 1;
        string[] lines = Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        bool atTop = offset == 0 && end > 0;
        offset += end;
        return atTop ? lines[1..] : lines;
    }
}
