using System.Text;

namespace GpuCnn.Runner.Reports;

/// <summary>Columns of text, each as wide as its widest cell: the same on a terminal and in a file.</summary>
internal static class TextTable
{
    /// <summary>Lays out rows.</summary>
    /// <param name="headings">The columns' names; one that starts with <c>&gt;</c> has its column flush right.</param>
    /// <param name="rows">As many cells each.</param>
    /// <returns>Lines that end with a line feed.</returns>
    public static string Format(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var lines = new List<IReadOnlyList<string>> { headings.Select(heading => heading.TrimStart('>')).ToArray() };
        lines.AddRange(rows);
        int[] widths = [.. headings.Select((_, column) => lines.Max(line => line[column].Length))];
        var text = new StringBuilder();
        foreach (IReadOnlyList<string> line in lines)
        {
            IEnumerable<string> cells = line.Select((cell, column) => headings[column].StartsWith('>') ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            text.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }
        return text.ToString();
    }
}
