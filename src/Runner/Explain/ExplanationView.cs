using System.Globalization;
using Spectre.Console;

namespace GpuCnn.Runner.Explain;

/// <summary>An explanation on a terminal, or as plain text where there is none.</summary>
internal sealed class ExplanationView(IAnsiConsole console)
{
    /// <summary>Blanks between the columns of a table.</summary>
    private const int Gap = 2;

    private const int ChartWidth = 80;

    private int Width => console.Profile.Width;

    /// <summary>Writes all steps.</summary>
    /// <param name="explanation">What to explain.</param>
    public void Write(Explanation explanation)
    {
        Line(explanation.Title, new Style(decoration: Decoration.Bold));
        Line(explanation.Summary);
        Step[] details = explanation.Steps.Count > 1 ? [.. explanation.Steps.Where(step => step.IsDetail)] : [];
        foreach (Step step in explanation.Steps)
        {
            if (details.Contains(step))
            {
                if (step == details[0])
                {
                    console.WriteLine();
                    Line("Layer by layer", new Style(decoration: Decoration.Bold | Decoration.Underline));
                    console.WriteLine();
                    Line($"{details.Length} steps, a layer each: --step {step.Name} to --step {details[^1].Name} show one, --output FILE.html and --json have them all.");
                }
                continue;
            }
            console.WriteLine();
            Line(step.Title, new Style(decoration: Decoration.Bold | Decoration.Underline), $"   --step {step.Name}");
            foreach (Block block in step.Blocks)
            {
                console.WriteLine();
                Write(block);
            }
        }
    }

    private void Write(Block block)
    {
        switch (block)
        {
            case Prose prose:
                Line(prose.Text);
                break;
            case Grids grids:
                new GridLayout(console).Write([.. grids.Items.Take(grids.OnTerminal)]);
                if (grids.Items.Count > grids.OnTerminal)
                {
                    Line(string.Create(CultureInfo.InvariantCulture, $"... {grids.Items.Count - grids.OnTerminal} more with --output FILE.html or --json"));
                }
                break;
            case Listing listing:
                Write(listing);
                break;
            case Bars bars:
                Write(bars);
                break;
        }
    }

    private void Write(Listing listing)
    {
        Line(listing.Caption);
        if (!Fits(listing))
        {
            Listing narrow = listing.Spare is { } spare ? new Listing(listing.Caption, Without(listing.Columns, spare), [.. listing.Rows.Select(row => Without(row, spare))]) : listing;
            if (!Fits(narrow))
            {
                WriteRecords(listing);
                return;
            }
            listing = narrow;
        }
        Table table = new Table().Border(TableBorder.None);
        foreach (string column in listing.Columns)
        {
            TableColumn header = new TableColumn(new Text(column.TrimStart('>'), new Style(decoration: Decoration.Underline))).PadLeft(0).PadRight(Gap);
            table.AddColumn(column.StartsWith('>') ? header.RightAligned() : header);
        }
        foreach (IReadOnlyList<string> row in listing.Rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }
        console.Write(table);
    }

    private bool Fits(Listing listing) => listing.Columns.Select((column, i) => Math.Max(column.TrimStart('>').Length, listing.Rows.Max(row => row[i].Length)) + Gap).Sum() - Gap <= Width;

    private static string[] Without(IReadOnlyList<string> cells, int column) => [.. cells.Where((_, i) => i != column)];

    /// <summary>A table that is wider than the terminal, as a paragraph a row.</summary>
    private void WriteRecords(Listing listing)
    {
        foreach (IReadOnlyList<string> row in listing.Rows)
        {
            Line($"{row[0]}: {string.Join(", ", row.Zip(listing.Columns).Skip(1).Where(cell => cell.First.Length > 0).Select(cell => $"{cell.Second.TrimStart('>')} {cell.First}"))}");
        }
    }

    private void Write(Bars bars)
    {
        Line(bars.Caption);
        if (!console.Profile.Capabilities.Unicode)
        {
            // The chart has blocks for bars whatever the terminal has.
            int name = bars.Shares.Max(share => share.Name.Length), room = Math.Max(1, Math.Min(Width, ChartWidth) - name - 9);
            foreach ((string label, double value) in bars.Shares)
            {
                Line(string.Create(CultureInfo.InvariantCulture, $"{label.PadLeft(name)} {new string('#', (int)Math.Round(value * room))} {value:0.0000}"));
            }
            return;
        }
        BarChart chart = new BarChart().Width(Math.Min(Width, ChartWidth)).WithMaxValue(1);
        chart.UseValueFormatter((value, culture) => value.ToString("0.0000", culture));
        chart.Culture = CultureInfo.InvariantCulture;
        foreach ((string name, double value) in bars.Shares)
        {
            chart.AddItem(Markup.Escape(name), value, Color.Blue);
        }
        console.Write(chart);
    }

    private void Line(string text, Style? style = null, string? remark = null)
    {
        var paragraph = new Paragraph(text, style);
        if (remark is not null)
        {
            paragraph.Append(remark, new Style(decoration: Decoration.Dim));
        }
        console.Write(paragraph);
        console.WriteLine();
    }
}
