using System.Globalization;
using System.Text;
using System.Xml;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Pictures;

/// <summary>A model as an SVG drawing: its layers as boxes from top to bottom, what goes from one to the next beside the arrows.</summary>
/// <remarks>In a residual block the way through its shortcut, or around its layers, goes down on the right and meets them where the two are added. It follows the reader's light or dark setting, and has a title and a description for those who hear it.</remarks>
internal static class ModelDiagram
{
    private const string Svg = "http://www.w3.org/2000/svg";

    private const int Left = 24, BoxWidth = 460, BoxHeight = 44, ArrowHeight = 34, Top = 64, Fork = 16, Lane = 36;

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
        int width = WidthOf(model.Layers) + (2 * Left), height = Top + BoxHeight + HeightOf(model.Layers) + ArrowHeight + 28;
        using var stream = new MemoryStream();
        using (var svg = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n" }))
        {
            Start(svg, "svg", ("viewBox", $"0 0 {width} {height}"), ("width", Text(width)), ("height", Text(height)), ("role", "img"), ("aria-labelledby", "title description"));
            Element(svg, "title", $"Model {model.Name}", ("id", "title"));
            Element(svg, "desc", Describe(model), ("id", "description"));
            Element(svg, "style", Style);
            Element(svg, "rect", null, ("class", "paper"), ("width", Text(width)), ("height", Text(height)));
            Element(svg, "text", model.Name, ("class", "head"), ("x", Text(Left)), ("y", "30"));
            Element(svg, "text", $"{Summaries.Thousands(model.ParameterCount)} parameters, {Summaries.Thousands(model.MultiplyAdds)} multiply-adds an image",
                ("class", "aside"), ("x", Text(Left)), ("y", "50"));
            Box(svg, Left, Top, "other", "input", "pixels 0 to 1", "");
            var lines = new Queue<LayerNode>(model.Nodes);
            (int end, TensorShape logits) = Chain(svg, model.Layers, Left, Top + BoxHeight, model.Input, lines);
            Arrow(svg, Left, end, end + ArrowHeight, logits.ToString());
            Element(svg, "text", "logits, one a class", ("class", "aside"), ("x", Text(Left + (BoxWidth / 2))), ("y", Text(height - 10)), ("text-anchor", "middle"));
            svg.WriteEndElement();
        }
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static int WidthOf(IReadOnlyList<Layer> layers) => layers.Select(layer => layer is Residual block
        ? WidthOf(block.Body) + Lane + (block.Shortcut.Count > 0 ? WidthOf(block.Shortcut) : 0) : BoxWidth).DefaultIfEmpty(BoxWidth).Max();

    private static int HeightOf(IReadOnlyList<Layer> layers) => layers.Sum(layer => BoxHeight + ArrowHeight
        + (layer is Residual block ? Fork + Math.Max(HeightOf(block.Body), HeightOf(block.Shortcut)) : 0));

    /// <summary>Draws layers one below the other.</summary>
    /// <param name="svg">Where to.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="x">The left edge of their boxes.</param>
    /// <param name="y">Where what goes into them comes from.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="lines">The lines of the model's summary that are not drawn yet.</param>
    /// <returns>The lower edge of the last box, and the shape of what comes out.</returns>
    private static (int Y, TensorShape Shape) Chain(XmlWriter svg, IReadOnlyList<Layer> layers, int x, int y, TensorShape shape, Queue<LayerNode> lines)
    {
        foreach (Layer layer in layers)
        {
            int from = y, side = 0, sideY = 0;
            TensorShape input = shape;
            if (layer is Residual block)
            {
                int fork = y + Fork, middle = x + (BoxWidth / 2), right = x + WidthOf(block.Body) + Lane;
                Element(svg, "path", null, ("class", "arrow"), ("d", $"M{middle} {y} V{fork}"));
                (from, input) = Chain(svg, block.Body, x, fork, shape, lines);
                (side, sideY) = block.Shortcut.Count > 0 ? (right + (BoxWidth / 2), Chain(svg, block.Shortcut, right, fork, shape, lines).Y) : (right - (Lane / 2), fork);
                Element(svg, "path", null, ("class", "arrow"), ("d", $"M{middle} {fork} H{side}"));
                y = Math.Max(from, sideY);
            }
            LayerNode line = lines.Dequeue();
            int top = y + ArrowHeight;
            Arrow(svg, x, from, top, input.ToString());
            string kind = layer.Kind is "conv" or "pool" or "dense" or "relu" ? layer.Kind : "other";
            Box(svg, x, top, kind, line.Name[(line.Name.LastIndexOf('.') + 1)..], line.Layer.Description, line.ParameterCount == 0 ? "" : $"{Summaries.Thousands(line.ParameterCount)} parameters");
            if (side > 0)
            {
                Element(svg, "path", null, ("class", "arrow"), ("d", $"M{side} {sideY} V{top + (BoxHeight / 2)} H{x + BoxWidth + 8}"));
                Element(svg, "path", null, ("class", "tip"), ("d", $"M{x + BoxWidth + 9} {top + (BoxHeight / 2) - 5} v10 l-8 -5 z"));
            }
            (y, shape) = (top + BoxHeight, line.Output);
        }
        return (y, shape);
    }

    private static void Box(XmlWriter svg, int x, int y, string kind, string name, string settings, string parameters)
    {
        Start(svg, "g", ("transform", $"translate({x} {y})"));
        Element(svg, "rect", null, ("class", "box"), ("width", Text(BoxWidth)), ("height", Text(BoxHeight)), ("rx", "6"));
        Element(svg, "rect", null, ("class", kind), ("width", "8"), ("height", Text(BoxHeight)), ("rx", "4"));
        Element(svg, "text", name, ("class", "name"), ("x", "22"), ("y", "28"));
        Element(svg, "text", settings, ("x", "112"), ("y", "28"));
        Element(svg, "text", parameters, ("class", "aside"), ("x", Text(BoxWidth - 14)), ("y", "28"), ("text-anchor", "end"));
        svg.WriteEndElement();
    }

    private static void Arrow(XmlWriter svg, int x, int from, int to, string shape)
    {
        int middle = x + (BoxWidth / 2);
        Element(svg, "path", null, ("class", "arrow"), ("d", $"M{middle} {from} V{to - 8}"));
        Element(svg, "path", null, ("class", "tip"), ("d", $"M{middle - 5} {to - 9} h10 l-5 8 z"));
        Element(svg, "text", shape, ("class", "aside"), ("x", Text(middle + 12)), ("y", Text(from + 21)));
    }

    private static string Describe(ModelDefinition model) => $"{Summaries.Thousands(model.ParameterCount)} parameters. Input {model.Input}. "
        + string.Join(' ', model.Nodes.Select(layer => $"{layer.Name}{(layer.Layer.Description.Length == 0 ? "" : $" {layer.Layer.Description}")} gives {layer.Output}."));

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
