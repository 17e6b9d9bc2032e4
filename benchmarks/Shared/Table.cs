using System.Globalization;

namespace GpuCnn.Benchmarks;

/// <summary>A table in Markdown whose columns are aligned, so that it reads in a terminal too.</summary>
/// <param name="headers">The columns' headers.</param>
internal sealed class Table(params string[] headers)
{
    private readonly List<string[]> rows = [headers, [.. headers.Select(_ => "-")]];

    /// <summary>Adds a row.</summary>
    public void Add(params object?[] cells) => rows.Add([.. cells.Select(cell => Convert.ToString(cell, CultureInfo.InvariantCulture) ?? "")]);

    /// <inheritdoc/>
    public override string ToString()
    {
        int[] widths = [.. headers.Select((_, column) => rows.Max(row => row[column].Length))];
        return string.Concat(rows.Select((row, number) =>
            $"| {string.Join(" | ", row.Select((cell, column) => number == 1 ? new string('-', widths[column]) : cell.PadRight(widths[column])))} |\n"));
    }

    /// <summary>A number with three significant digits, and all of those before the point.</summary>
    public static string Number(double value) => value.ToString(Math.Abs(value) switch { >= 100 => "0", >= 10 => "0.0", >= 1 => "0.00", _ => "0.000" }, CultureInfo.InvariantCulture);

    /// <summary>Seconds in the unit that suits them.</summary>
    public static string Time(double seconds) => seconds switch
    {
        >= 1 => $"{Number(seconds)} s",
        >= 1e-3 => $"{Number(seconds * 1e3)} ms",
        _ => $"{Number(seconds * 1e6)} us",
    };
}
