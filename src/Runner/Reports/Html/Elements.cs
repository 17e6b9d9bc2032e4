using System.Globalization;
using System.Xml.Linq;

namespace GpuCnn.Runner.Reports.Html;

/// <summary>The elements that pages are made of.</summary>
internal static class Elements
{
    /// <summary>A paragraph.</summary>
    /// <param name="content">Text and elements.</param>
    public static XElement Paragraph(params object?[] content) => new("p", content);

    /// <summary>Text with its spaces and lines as they are.</summary>
    /// <param name="text">The text.</param>
    public static XElement Preformatted(string text) => new("pre", text);

    /// <summary>Headline figures, each in a box.</summary>
    /// <param name="figures">What each is, its value, and a remark or null.</param>
    public static XElement Figures(IEnumerable<(string Name, string Value, string? Remark)> figures) => new("dl", Class("figures"),
        figures.Select(each => new XElement("div", new XElement("dt", each.Name),
            new XElement("dd", each.Value, each.Remark is null ? null : new XElement("small", each.Remark)))));

    /// <summary>A table whose first cell of each row names the row.</summary>
    /// <param name="caption">What it shows.</param>
    /// <param name="headings">The columns' names; one that starts with <c>&gt;</c> has its column flush right.</param>
    /// <param name="rows">As many cells each: text, or a whole <c>td</c>.</param>
    /// <param name="feet">Rows below, set apart; for sums.</param>
    public static XElement Table(string caption, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<object>> rows, IEnumerable<IReadOnlyList<object>>? feet = null)
    {
        XElement Row(IReadOnlyList<object> cells) => new("tr", cells.Select((cell, column) =>
            column == 0 ? new XElement("th", new XAttribute("scope", "row"), Side(column), cell)
            : cell is XElement { Name.LocalName: "td" } whole ? whole : new XElement("td", Side(column), cell)));
        XAttribute? Side(int column) => headings[column].StartsWith('>') ? Class("number") : null;
        return new XElement("table", new XElement("caption", caption),
            new XElement("thead", new XElement("tr", headings.Select((heading, column) => new XElement("th", new XAttribute("scope", "col"), Side(column), heading.TrimStart('>'))))),
            new XElement("tbody", rows.Select(Row)),
            feet is null ? null : new XElement("tfoot", feet.Select(Row)));
    }

    /// <summary>A grid of cells without headings, such as pixels or a map of activations.</summary>
    /// <param name="caption">What it shows.</param>
    /// <param name="rows">Cells, from <see cref="Heat"/> or other <c>td</c>s.</param>
    public static XElement Grid(string caption, IEnumerable<IEnumerable<XElement>> rows) =>
        new("table", Class("grid"), new XElement("caption", caption), new XElement("tbody", rows.Select(row => new XElement("tr", row))));

    /// <summary>A grid of cells with names on both axes.</summary>
    /// <param name="caption">What it shows.</param>
    /// <param name="rowAxis">What rows stand for.</param>
    /// <param name="columnAxis">What columns stand for.</param>
    /// <param name="rowNames">One a row.</param>
    /// <param name="columnNames">One a column.</param>
    /// <param name="cell">The <c>td</c> of a row and a column.</param>
    public static XElement Grid(string caption, string rowAxis, string columnAxis, IReadOnlyList<string> rowNames, IReadOnlyList<string> columnNames, Func<int, int, XElement> cell) =>
        new("table", Class("grid"), new XElement("caption", caption),
            new XElement("thead",
                new XElement("tr", new XElement("th", Class("axis"), new XAttribute("rowspan", 2), rowAxis),
                    new XElement("th", Class("axis"), new XAttribute("colspan", columnNames.Count), columnAxis)),
                new XElement("tr", columnNames.Select(name => new XElement("th", new XAttribute("scope", "col"), name)))),
            new XElement("tbody", rowNames.Select((name, row) => new XElement("tr", new XElement("th", new XAttribute("scope", "row"), name),
                columnNames.Select((_, column) => cell(row, column))))));

    /// <summary>A cell whose colour tells how large its value is.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="level">From -1 to 1; negative ones have another colour. What lies outside, and NaN, is taken for the nearest bound, or 0.</param>
    /// <param name="hit">Whether it stands out, as the diagonal of a confusion matrix does.</param>
    public static XElement Heat(string text, double level, bool hit = false)
    {
        double bounded = double.IsNaN(level) ? 0 : Math.Clamp(level, -1, 1);
        return new XElement("td", Class(hit ? "hit" : bounded < 0 ? "cold" : "heat"),
            new XAttribute("style", string.Create(CultureInfo.InvariantCulture, $"--level:{Math.Abs(bounded):0.###}")), text);
    }

    /// <summary>A picture with its caption.</summary>
    /// <param name="picture">An image, an SVG, a table.</param>
    /// <param name="caption">Text and elements.</param>
    public static XElement Figure(XElement picture, params object?[] caption) => new("figure", picture, new XElement("figcaption", caption));

    /// <summary>An image that lies in the page.</summary>
    /// <param name="png">The PNG file's bytes.</param>
    /// <param name="alternative">What it shows, for those who do not see it.</param>
    /// <param name="width">Its width on the page in pixels; null for its own.</param>
    /// <param name="pixelated">Whether its pixels are to be seen when it is enlarged.</param>
    public static XElement Image(ReadOnlySpan<byte> png, string alternative, int? width = null, bool pixelated = false) => new("img",
        new XAttribute("src", $"data:image/png;base64,{Convert.ToBase64String(png)}"), new XAttribute("alt", alternative),
        width is null ? null : new XAttribute("width", width), pixelated ? Class("pixels") : null);

    /// <summary>Pictures side by side, as many in a row as there is room for.</summary>
    /// <param name="figures">The pictures, from <see cref="Figure"/>.</param>
    public static XElement Gallery(IEnumerable<XElement> figures) => new("ul", Class("gallery"), figures.Select(each => new XElement("li", each)));

    /// <summary>Elements side by side, each as wide as it is.</summary>
    /// <param name="elements">The elements.</param>
    public static XElement SideBySide(params object?[] elements) => new("div", Class("row"), elements);

    /// <summary>The style class of an element.</summary>
    /// <param name="name">One of those in page.css.</param>
    public static XAttribute Class(string name) => new("class", name);
}
