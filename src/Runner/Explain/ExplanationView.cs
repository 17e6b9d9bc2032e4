using System.Globalization;
using Spectre.Console;

namespace GpuCnn.Runner.Explain;

/// <summary>An explanation on a terminal, or as plain text where there is none.</summary>
internal sealed class ExplanationView(IAnsiConsole console)
{
    private int Width => console.Profile.Width;

    /// <summary>Writes all steps.</summary>
    /// <param name="explanation">What to explain.</param>
    public void Write(Explanation explanation)
    {
        Line(explanation.Title, new Style(decoration: Decoration.Bold));
        Line(explanation.Summary);
        for (int i = 0; i < explanation.Steps.Count; i++)
        {
            Step step = explanation.Steps[i];
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
        Table table = new Table().Border(TableBorder.None);
        foreach (string column in listing.Columns)
        {
            TableColumn header = new TableColumn(new Text(column.TrimStart('>'), new Style(decoration: Decoration.Underline))).PadLeft(0).PadRight(2);
            table.AddColumn(column.StartsWith('>') ? header.RightAligned() : header);
        }
        foreach (IReadOnlyList<string> row in listing.Rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }
        Line(listing.Caption);
        console.Write(table);
    }

    private void Write(Bars bars)
    {
        Line(bars.Caption);
        BarChart chart = new BarChart().Width(Math.Min(Width, 80)).WithMaxValue(1);
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
