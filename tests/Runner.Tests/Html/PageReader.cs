using System.Xml.Linq;
using Xunit;

namespace GpuCnn.Runner.Tests.Html;

/// <summary>What must hold of every page, whatever is in it.</summary>
internal static class PageReader
{
    /// <summary>Reads a page as XML after checking that it is self-contained and accessible.</summary>
    /// <param name="text">The whole page.</param>
    public static XElement Read(string text)
    {
        const string Doctype = "<!DOCTYPE html>\n";
        Assert.StartsWith(Doctype, text, StringComparison.Ordinal);
        XElement page = XElement.Parse(text[Doctype.Length..], LoadOptions.PreserveWhitespace);
        Assert.Equal("en", page.Attribute("lang")?.Value);
        Assert.NotEmpty(page.Element("head")!.Element("title")!.Value);
        Assert.Empty(page.Descendants("script"));
        Assert.Contains(page.Descendants("meta"), meta => meta.Attribute("http-equiv")?.Value == "Content-Security-Policy"
            && meta.Attribute("content")!.Value.StartsWith("default-src 'none';", StringComparison.Ordinal));
        string[] ids = [.. page.Descendants().Attributes("id").Select(id => id.Value)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(page.Descendants().Attributes().Where(each => each.Name.LocalName is "src" or "href" or "srcset" or "action" or "data" or "poster"), address =>
            Assert.True(address.Value.StartsWith("data:", StringComparison.Ordinal) || (address.Value[0] == '#' && ids.Contains(address.Value[1..])), address.ToString()));
        Assert.DoesNotContain("url(", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", text, StringComparison.OrdinalIgnoreCase);
        Assert.All(page.Descendants("img"), image => Assert.NotEmpty(image.Attribute("alt")?.Value ?? ""));
        Assert.All(page.Descendants("svg"), image => Assert.NotEmpty(image.Element("title")?.Value ?? ""));
        Assert.All(page.Descendants("table"), table => Assert.NotEmpty(table.Element("caption")?.Value ?? ""));
        Assert.All(page.Descendants("th").Where(cell => cell.Attribute("class")?.Value != "axis"), cell => Assert.Contains(cell.Attribute("scope")?.Value, (string[])["col", "row"]));
        // Headings go down one level at a time.
        int[] levels = [.. page.Descendants().Select(each => each.Name.LocalName).Where(name => name is "h1" or "h2" or "h3" or "h4").Select(name => name[1] - '0')];
        Assert.Equal(1, levels[0]);
        Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.InRange(pair.Second, 2, pair.First + 1));
        // HTML knows no other elements without an end tag: <td/> would be an open cell.
        Assert.DoesNotContain(page.Descendants().Where(each => each.IsEmpty), each => each.Name.LocalName is not ("br" or "hr" or "img" or "link" or "meta" or "source" or "wbr"));
        return page;
    }

    /// <summary>The rows of a table as text, headings first.</summary>
    public static string[][] Rows(XElement table) => [.. table.Descendants("tr").Select(row => row.Elements().Select(cell => cell.Value).ToArray())];
}
