using System.Globalization;
using System.Text;

namespace GpuCnn.Runner.Reports;

/// <summary>Told of a row.</summary>
/// <param name="cells">Its numbers; null where a cell is empty.</param>
internal delegate void CsvRow(ReadOnlySpan<double?> cells);

/// <summary>Reads the rows of numbers that another process appends to a file, as they become whole.</summary>
/// <param name="path">The file.</param>
/// <param name="columns">How many columns it has; a row's first cell is never empty.</param>
internal sealed class CsvTail(string path, int columns)
{
    private long offset;

    /// <summary>Begins at the top again.</summary>
    public void Rewind() => offset = 0;

    /// <summary>Whether the file became shorter than what was read of it.</summary>
    public bool WasCut => File.Exists(path) && new FileInfo(path).Length < offset;

    /// <summary>Reads the whole rows that came since the last call, without the heading; what has no line feed yet stays for the next.</summary>
    /// <param name="row">Told of each.</param>
    /// <exception cref="InvalidFileException">A line is no row of the file.</exception>
    public void Read(CsvRow row)
    {
        if (!File.Exists(path))
        {
            return;
        }
        using var stream = FileReader.OpenShared(path);
        stream.Seek(offset, SeekOrigin.Begin);
        Span<double?> cells = new double?[columns];
        Span<byte> block = new byte[32 * FileLimits.LineCharacters];
        for (int kept = 0; stream.Read(block[kept..]) is > 0 and int read;)
        {
            Span<byte> rest = block[..(kept + read)];
            for (int end = rest.IndexOf((byte)'\n'); end >= 0; end = rest.IndexOf((byte)'\n'))
            {
                bool isRow = offset > 0 && end > 0;
                offset += end + 1;
                if (isRow)
                {
                    Parse(rest[..end], cells);
                    row(cells);
                }
                rest = rest[(end + 1)..];
            }
            if (rest.Length > FileLimits.LineCharacters)
            {
                throw new InvalidFileException(path, $"it has a line of more than {FileLimits.LineCharacters} characters");
            }
            rest.CopyTo(block);
            kept = rest.Length;
        }
    }

    private void Parse(ReadOnlySpan<byte> line, Span<double?> cells)
    {
        int column = 0;
        foreach (Range range in line.Split((byte)','))
        {
            ReadOnlySpan<byte> cell = line[range];
            bool isNumber = double.TryParse(cell, CultureInfo.InvariantCulture, out double value);
            if (column == columns || (!isNumber && (cell.Length > 0 || column == 0)))
            {
                column = -1;
                break;
            }
            cells[column++] = isNumber ? value : null;
        }
        if (column != columns)
        {
            throw new InvalidFileException(path, $"'{PlainText.Beginning(Encoding.UTF8.GetString(line[..Math.Min(line.Length, FileLimits.LineCharacters)]), 80)}' is no row of it");
        }
    }
}
