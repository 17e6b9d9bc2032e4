using System.Text;

namespace GpuCnn.Runner.Reports;

/// <summary>Columns of text, each as wide as its widest cell: the same on a terminal and in a file.</summary>
internal static class TextTable
{
    /// <summary>Lays out names and what they stand for, the latter broken between words where a line is short.</summary>
    /// <param name="pairs">The names and what they stand for.</param>
    /// <param name="width">Columns of a line.</param>
    /// <returns>Lines that end with a line feed.</returns>
    public static string Pairs(int width, params IReadOnlyList<(string Name, string Text)> pairs)
    {
        int indent = pairs.Max(pair => pair.Name.Length) + 2;
        var text = new StringBuilder();
        foreach ((string name, string words) in pairs)
        {
            int column = indent;
            text.Append(name.PadRight(indent));
            foreach (string word in PlainText.Of(words).Split(' '))
            {
                if (column > indent && column + 1 + word.Length >= width)
                {
                    text.Append('\n').Append(' ', indent);
                    column = indent;
                }
                else if (column > indent)
                {
                    text.Append(' ');
                    column++;
                }
                text.Append(word);
                column += word.Length;
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Lays out rows.</summary>
    /// <param name="headings">The columns' names; one that starts with <c>&gt;</c> has its column flush right.</param>
    /// <param name="rows">As many cells each.</param>
    /// <returns>Lines that end with a line feed.</returns>
    public static string Format(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var lines = new List<IReadOnlyList<string>> { headings.Select(heading => heading.TrimStart('>')).ToArray() };
        lines.AddRange(rows.Select(row => (string[])[.. row.Select(PlainText.Of)]));
        int[] widths = [.. headings.Select((_, column) => lines.Max(line => line[column].Length))];
        var text = new StringBuilder();
        foreach (IReadOnlyList<string> line in lines)
        {
            IEnumerable<string> cells = line.Select((cell, column) => headings[column].StartsWith('>') ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            text.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Lays out rows within a width: columns that have no room go into tables below, each of which has the first column again.</summary>
    /// <param name="headings">As for <see cref="Format(IReadOnlyList{string}, IEnumerable{IReadOnlyList{string}})"/>.</param>
    /// <param name="rows">As many cells each.</param>
    /// <param name="width">In characters.</param>
    /// <returns>Lines that end with a line feed; an empty one between tables.</returns>
    public static string Format(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, int width)
    {
        int[] widths = [.. headings.Select((heading, column) => Math.Max(heading.TrimStart('>').Length, rows.Max(row => row[column].Length)))];
        var tables = new List<string>();
        for (int next = 1; next < headings.Count;)
        {
            int used = widths[0];
            List<int> columns = [0];
            while (next < headings.Count && (columns.Count == 1 || used + 2 + widths[next] <= width))
            {
                used += 2 + widths[next];
                columns.Add(next++);
            }
            tables.Add(Format([.. columns.Select(column => headings[column])], rows.Select(row => (string[])[.. columns.Select(column => row[column])])));
        }
        return string.Join('\n', tables);
    }
}
