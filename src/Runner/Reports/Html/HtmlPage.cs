using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace GpuCnn.Runner.Reports.Html;

/// <summary>One self-contained page: styles and images lie in it, it has no script and asks no network for anything; for light and dark screens and for paper.</summary>
/// <remarks>Content is made of elements, so that text is escaped and tags are closed by construction. The page is XML too, which tests read it as.</remarks>
/// <param name="title">Its heading, and the window's title.</param>
/// <param name="summary">A sentence below the heading.</param>
internal sealed class HtmlPage(string title, string summary)
{
    /// <summary>Forbids every request: images come from data: addresses, styles from the page itself.</summary>
    private const string ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

    /// <summary>Elements that HTML writes without an end tag; all others must have one even when they are empty.</summary>
    private static readonly HashSet<string> WithoutEnd = ["br", "hr", "img", "link", "meta", "source", "wbr"];

    private readonly List<(string Id, string Heading, string Link, object?[] Content)> sections = [];

    /// <summary>The styles, read once.</summary>
    private static string Styles { get; } = ReadStyles();

    /// <summary>Adds a section at the end; the page's contents link to it.</summary>
    /// <param name="id">Its anchor, for links.</param>
    /// <param name="heading">Its heading.</param>
    /// <param name="content">Elements, text, or sequences of them.</param>
    public void Section(string id, string heading, params object?[] content) => LinkedSection(id, heading, heading, content);

    /// <summary>Adds a section at the end whose link in the page's contents has a text of its own.</summary>
    /// <param name="id">Its anchor, for links.</param>
    /// <param name="heading">Its heading.</param>
    /// <param name="link">The link's text.</param>
    /// <param name="content">Elements, text, or sequences of them.</param>
    public void LinkedSection(string id, string heading, string link, params object?[] content) => sections.Add((id, heading, link, content));

    /// <summary>The page.</summary>
    public override string ToString()
    {
        var head = new XElement("head",
            new XElement("meta", new XAttribute("charset", "utf-8")),
            Meta("viewport", "width=device-width, initial-scale=1"),
            Meta("color-scheme", "light dark"),
            new XElement("meta", new XAttribute("http-equiv", "Content-Security-Policy"), new XAttribute("content", ContentSecurityPolicy)),
            new XElement("title", title),
            // Without it a browser asks the server for an icon.
            new XElement("link", new XAttribute("rel", "icon"), new XAttribute("href", "data:,")),
            new XElement("style", Styles));
        var body = new XElement("body",
            new XElement("header", new XElement("h1", title), new XElement("p", new XAttribute("class", "lead"), summary)), "\n",
            sections.Count > 1 ? Contents() : null, "\n",
            new XElement("main", sections.Select(section => new object[]
            {
                new XElement("section", new XAttribute("id", section.Id), new XElement("h2", section.Heading), section.Content), "\n",
            })), "\n",
            new XElement("footer", new XElement("p", $"Written by GpuCnn {ProgramVersion.Text}. The page needs no network: everything is in this one file.")));
        return $"<!DOCTYPE html>\n{Serialize(new XElement("html", new XAttribute("lang", "en"), "\n", head, "\n", body, "\n"))}\n";
    }

    /// <summary>Writes the page to a file.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(ToString())));

    private static XElement Meta(string name, string content) => new("meta", new XAttribute("name", name), new XAttribute("content", content));

    private XElement Contents() => new("nav", new XAttribute("aria-label", "Contents"),
        new XElement("ul", sections.Select(section => new XElement("li", new XElement("a", new XAttribute("href", $"#{section.Id}"), section.Link)))));

    private static string Serialize(XElement page)
    {
        foreach (XElement element in page.DescendantsAndSelf().Where(each => each.IsEmpty && !WithoutEnd.Contains(each.Name.LocalName)))
        {
            element.Value = "";
        }
        foreach (XText text in page.DescendantNodes().OfType<XText>())
        {
            text.Value = Printable(text.Value);
        }
        foreach (XAttribute attribute in page.DescendantsAndSelf().Attributes())
        {
            attribute.Value = Printable(attribute.Value);
        }
        using var result = new StringWriter(CultureInfo.InvariantCulture);
        using (var writer = XmlWriter.Create(result, new XmlWriterSettings { OmitXmlDeclaration = true, NewLineHandling = NewLineHandling.None }))
        {
            page.Save(writer);
        }
        return result.ToString();
    }

    /// <summary>The text without what no page can hold: a path or a class name may have control characters and halves of surrogate pairs.</summary>
    private static string Printable(string text)
    {
        if (text.All(XmlConvert.IsXmlChar))
        {
            return text;
        }
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            result.Append(rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? "\uFFFD" : rune.ToString());
        }
        return result.ToString();
    }

    private static string ReadStyles()
    {
        using Stream stream = typeof(HtmlPage).Assembly.GetManifestResourceStream("page.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
