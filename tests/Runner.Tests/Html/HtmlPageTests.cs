using System.Xml.Linq;
using GpuCnn.Runner.Reports.Html;
using Xunit;

namespace GpuCnn.Runner.Tests.Html;

/// <summary>The shell and the elements that all pages share.</summary>
public sealed class HtmlPageTests
{
    private const string Nasty = "<script>alert(\"1\")</script> & 'x' \u0001 \uD800 é";

    [Fact]
    public void Text_never_becomes_markup()
    {
        var page = new HtmlPage(Nasty, Nasty);
        page.Section("one", Nasty, Elements.Paragraph(Nasty), Elements.Preformatted(Nasty), Elements.Table(Nasty, [Nasty, Nasty], [[Nasty, Nasty]]));
        page.Section("two", "Two", Elements.Grid(Nasty, Nasty, Nasty, [Nasty], [Nasty], (_, _) => Elements.Heat(Nasty, 1)),
            Elements.Figure(Elements.Image([1, 2, 3], Nasty), Nasty));
        XElement read = PageReader.Read(page.ToString());
        const string Shown = "<script>alert(\"1\")</script> & 'x' \uFFFD \uFFFD é";
        Assert.Equal(Shown, read.Descendants("h1").Single().Value);
        Assert.Equal(Shown, read.Descendants("img").Single().Attribute("alt")!.Value);
        Assert.Equal(Shown, read.Descendants("pre").Single().Value);
        Assert.Equal("data:image/png;base64,AQID", read.Descendants("img").Single().Attribute("src")!.Value);
    }

    [Fact]
    public void Contents_link_to_every_section()
    {
        var page = new HtmlPage("A title", "A summary");
        page.Section("one", "One", "text");
        page.Section("two", "Two");
        XElement read = PageReader.Read(page.ToString());
        Assert.Equal(["#one", "#two"], read.Descendants("nav").Single().Descendants("a").Select(link => link.Attribute("href")!.Value));
        Assert.Equal(["one", "two"], read.Descendants("section").Select(section => section.Attribute("id")!.Value));
        Assert.Equal("A title", read.Descendants("title").Single().Value);
        Assert.Contains("GpuCnn ", read.Descendants("footer").Single().Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_and_spaces_stay_as_they_are()
    {
        var page = new HtmlPage("A title", "A summary");
        page.Section("one", "One", Elements.Preformatted("a   b\n\n  c\n"));
        Assert.Contains("<pre>a   b\n\n  c\n</pre>", page.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_name_rows_and_columns()
    {
        var page = new HtmlPage("A title", "A summary");
        page.Section("one", "One", Elements.Table("Cells", ["name", ">count"], [["a", "1"], ["b", Elements.Heat("2", 0.5)]], [["sum", "3"]]));
        XElement table = PageReader.Read(page.ToString()).Descendants("table").Single();
        Assert.Equal([["name", "count"], ["a", "1"], ["b", "2"], ["sum", "3"]], PageReader.Rows(table));
        Assert.Equal(["col", "col", "row", "row", "row"], table.Descendants("th").Select(cell => cell.Attribute("scope")!.Value));
        Assert.Equal(["number", "heat", "number"], table.Descendants("td").Select(cell => cell.Attribute("class")!.Value));
    }

    [Theory]
    [InlineData(0.25, false, "heat", "--level:0.25")]
    [InlineData(-0.5, false, "cold", "--level:0.5")]
    [InlineData(7, true, "hit", "--level:1")]
    [InlineData(double.NegativeInfinity, false, "cold", "--level:1")]
    [InlineData(double.NaN, false, "heat", "--level:0")]
    public void Colour_tells_the_level(double level, bool hit, string kind, string style)
    {
        XElement cell = Elements.Heat("x", level, hit);
        Assert.Equal((kind, style), (cell.Attribute("class")!.Value, cell.Attribute("style")!.Value));
    }

    [Fact]
    public void Styles_hold_no_character_that_xml_escapes()
    {
        string text = new HtmlPage("A title", "A summary").ToString();
        string styles = text.Split("<style>")[1].Split("</style>")[0];
        Assert.Contains("prefers-color-scheme: dark", styles, StringComparison.Ordinal);
        Assert.Contains("@media print", styles, StringComparison.Ordinal);
        Assert.DoesNotContain('&', styles);
    }
}
