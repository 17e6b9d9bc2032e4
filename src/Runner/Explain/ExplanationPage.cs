using System.Globalization;
using System.Xml.Linq;
using GpuCnn.Runner.Reports.Html;

namespace GpuCnn.Runner.Explain;

/// <summary>An explanation as one page.</summary>
internal static class ExplanationPage
{
    /// <summary>Grids with more columns have small cells.</summary>
    private const int WideGrid = 13;

    /// <summary>Makes the page.</summary>
    /// <param name="explanation">What to explain.</param>
    public static HtmlPage Of(Explanation explanation)
    {
        var page = new HtmlPage(explanation.Title, explanation.Summary);
        foreach (Step step in explanation.Steps)
        {
            page.LinkedSection(step.Name, step.Title, step.Link, [.. step.Blocks.Select(Element)]);
        }
        return page;
    }

    private static XElement Element(Block block) => block switch
    {
        Prose prose => Elements.Paragraph(prose.Text),
        Grids grids => Elements.SideBySide([.. grids.Items.SelectMany(grid => new[] { grid.Sign is null ? null : new XElement("p", Elements.Class("sign"), grid.Sign), Grid(grid) })]),
        Listing listing => Elements.Table(listing.Caption, listing.Columns, listing.Rows),
        Bars bars => Elements.Table(bars.Caption, ["", "", ">share"], bars.Shares.Select(share => (IReadOnlyList<object>)
            [share.Name, new XElement("td", new XElement("meter", new XAttribute("min", 0), new XAttribute("max", 1), new XAttribute("value", Number(share.Value)))), Number(share.Value)])),
        _ => throw new InvalidOperationException($"a page has no {block.GetType().Name}"),
    };

    private static XElement Grid(NumberGrid grid)
    {
        XElement table = Elements.Grid(grid.Caption, grid.Values.Select(row => row.Select(value => Cell(grid, value))));
        string? size = !grid.HasNumbers ? grid.Values[0].Count > WideGrid ? "picture" : "picture coarse" : grid.Values[0].Count > WideGrid ? "small" : null;
        if (size is not null)
        {
            table.SetAttributeValue("class", $"grid {size}");
        }
        return table;
    }

    private static XElement Cell(NumberGrid grid, double value)
    {
        XElement cell = Elements.Heat(grid.HasNumbers ? grid.Text(value) : "", grid.Level(value));
        if (grid.Format == NumberFormat.Shades)
        {
            cell.SetAttributeValue("class", "shade");
        }
        return cell;
    }

    private static string Number(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
