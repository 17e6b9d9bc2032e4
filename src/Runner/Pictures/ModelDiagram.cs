using System.Globalization;
using System.Text;
using System.Xml;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Pictures;

/// <summary>A model as an SVG drawing: its layers as boxes from top to bottom, what goes from one to the next beside the arrows.</summary>
/// <remarks>It follows the reader's light or dark setting, and has a title and a description for those who hear it.</remarks>
internal static class ModelDiagram
{
    private const string Svg = "http://www.w3.org/2000/svg";

    private const int Width = 460, Left = 24, BoxWidth = Width - (2 * Left), BoxHeight = 44, ArrowHeight = 34, Top = 64;

    private const string Style = """

        svg { --paper: #fafaf8; --ink: #202020; --aside: #5c5c58; --box: #ffffff; --edge: #b8b8b2; --conv: #2f6db5; --pool: #7a4fa3; --dense: #2b7a4b; --relu: #b5651d; --other: #77776f; }
        @media (prefers-color-scheme: dark) {
          svg { --paper: #1a1b1e; --ink: #ececec; --aside: #a8a8a8; --box: #26282c; --edge: #50535a; --conv: #6ea8e8; --pool: #b792dc; --dense: #6cc08d; --relu: #e0a267; --other: #9a9a92; }
        }
        text { font: 14px "DejaVu Sans", system-ui, sans-serif; fill: var(--ink); }
        .head { font-size: 18px; font-weight: bold; }
        .name { font-weight: bold; }
        .aside { font-size: 12px; fill: var(--aside); }
        .paper { fill: var(--paper); }
        .box { fill: var(--box); stroke: var(--edge); }
        .arrow { stroke: var(--aside); fill: none; stroke-width: 1.5; }
        .tip { fill: var(--aside); }
        .conv { fill: var(--conv); } .pool { fill: var(--pool); } .dense { fill: var(--dense); } .relu { fill: var(--relu); } .other { fill: var(--other); }

        """;

    /// <summary>Draws a model.</summary>
    /// <param name="model">The model.</param>
    /// <returns>An SVG file's bytes.</returns>
    public static byte[] Draw(ModelDefinition model)
    {
        int steps = model.Summary.Count + 1, height = Top + (steps * (BoxHeight + ArrowHeight)) + 28;
        using var stream = new MemoryStream();
        using (var svg = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n" }))
        {
            Start(svg, "svg", ("viewBox", $"0 0 {Width} {height}"), ("width", Text(Width)), ("height", Text(height)), ("role", "img"), ("aria-labelledby", "title description"));
            Element(svg, "title", $"Model {model.Name}", ("id", "title"));
            Element(svg, "desc", Describe(model), ("id", "description"));
            Element(svg, "style", Style);
            Element(svg, "rect", null, ("class", "paper"), ("width", Text(Width)), ("height", Text(height)));
            Element(svg, "text", model.Name, ("class", "head"), ("x", Text(Left)), ("y", "30"));
            Element(svg, "text", $"{Summaries.Thousands(model.Parameters)} parameters, {Summaries.Thousands(model.Summary.Sum(layer => layer.MultiplyAdds))} multiply-adds an image",
                ("class", "aside"), ("x", Text(Left)), ("y", "50"));
            Box(svg, Top, "other", "input", "pixels 0 to 1", "");
            Arrow(svg, Top + BoxHeight, model.Input.ToString());
            for (int i = 0; i < model.Summary.Count; i++)
            {
                LayerSummary layer = model.Summary[i];
                int y = Top + ((i + 1) * (BoxHeight + ArrowHeight));
                string kind = layer.Layer.Kind is "conv" or "pool" or "dense" or "relu" ? layer.Layer.Kind : "other";
                Box(svg, y, kind, layer.Name, layer.Description, layer.Parameters == 0 ? "" : $"{Summaries.Thousands(layer.Parameters)} parameters");
                Arrow(svg, y + BoxHeight, layer.Output.ToString());
            }
            Element(svg, "text", "logits, one a class", ("class", "aside"), ("x", Text((Width / 2) - 8)), ("y", Text(height - 10)), ("text-anchor", "middle"));
            svg.WriteEndElement();
        }
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void Box(XmlWriter svg, int y, string kind, string name, string settings, string parameters)
    {
        Start(svg, "g", ("transform", $"translate({Left} {y})"));
        Element(svg, "rect", null, ("class", "box"), ("width", Text(BoxWidth)), ("height", Text(BoxHeight)), ("rx", "6"));
        Element(svg, "rect", null, ("class", kind), ("width", "8"), ("height", Text(BoxHeight)), ("rx", "4"));
        Element(svg, "text", name, ("class", "name"), ("x", "22"), ("y", "28"));
        Element(svg, "text", settings, ("x", "112"), ("y", "28"));
        Element(svg, "text", parameters, ("class", "aside"), ("x", Text(BoxWidth - 14)), ("y", "28"), ("text-anchor", "end"));
        svg.WriteEndElement();
    }

    private static void Arrow(XmlWriter svg, int y, string shape)
    {
        const int Middle = Width / 2;
        Element(svg, "path", null, ("class", "arrow"), ("d", $"M{Middle} {y} v{ArrowHeight - 8}"));
        Element(svg, "path", null, ("class", "tip"), ("d", $"M{Middle - 5} {y + ArrowHeight - 9} h10 l-5 8 z"));
        Element(svg, "text", shape, ("class", "aside"), ("x", Text(Middle + 12)), ("y", Text(y + 21)));
    }

    private static string Describe(ModelDefinition model) => $"{Summaries.Thousands(model.Parameters)} parameters. Input {model.Input}. "
        + string.Join(' ', model.Summary.Select(layer => $"{layer.Name}{(layer.Description.Length == 0 ? "" : $" {layer.Description}")} gives {layer.Output}."));

    private static void Start(XmlWriter svg, string name, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        svg.WriteStartElement(name, Svg);
        foreach ((string attribute, string value) in attributes)
        {
            svg.WriteAttributeString(attribute, value);
        }
    }

    /// <summary>An element with text or nothing in it; one whose text is empty is left out.</summary>
    private static void Element(XmlWriter svg, string name, string? text, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        if (text is "")
        {
            return;
        }
        Start(svg, name, attributes);
        svg.WriteString(text);
        svg.WriteEndElement();
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
