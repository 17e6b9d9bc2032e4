using System.Globalization;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GpuCnn.Runner.Pictures;

/// <summary>A picture as the grid of its numbers, 0 to 255, with the numbers of rows and columns; on a terminal with colours each number stands on its grey.</summary>
/// <remarks>Where a line is too short for a row, the grid is cut into blocks of columns, one below the other.</remarks>
internal sealed class PixelGrid(GreyImage image) : Renderable
{
    private const int CellWidth = 4;

    /// <summary>Of their own values: what a terminal calls black and white is its user's choice.</summary>
    private static readonly Color Light = new(255, 255, 255), Dark = new(0, 0, 0);

    /// <summary>The grid as text, whole rows however long.</summary>
    public static string Text(GreyImage image)
    {
        var text = new StringBuilder();
        foreach (Segment segment in new PixelGrid(image).Block(0, image.Width, colour: false))
        {
            text.Append(segment.IsLineBreak ? "\n" : segment.Text);
        }
        return text.ToString();
    }

    /// <inheritdoc/>
    protected override Measurement Measure(RenderOptions options, int maxWidth)
    {
        int width = Math.Min(maxWidth, LabelWidth + (Columns(maxWidth) * CellWidth));
        return new Measurement(width, width);
    }

    /// <inheritdoc/>
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        bool colour = options.Ansi && options.ColorSystem is ColorSystem.EightBit or ColorSystem.TrueColor;
        int columns = Columns(maxWidth);
        for (int first = 0; first < image.Width; first += columns)
        {
            if (first > 0)
            {
                yield return Segment.LineBreak;
            }
            foreach (Segment segment in Block(first, Math.Min(image.Width, first + columns), colour))
            {
                yield return segment;
            }
        }
    }

    private int LabelWidth => Cell(image.Height - 1).Length;

    /// <summary>As many columns a block as there is room for, the blocks about equally wide.</summary>
    private int Columns(int maxWidth)
    {
        int most = Math.Clamp((maxWidth - LabelWidth) / CellWidth, 1, image.Width), blocks = (image.Width + most - 1) / most;
        return (image.Width + blocks - 1) / blocks;
    }

    private IEnumerable<Segment> Block(int first, int end, bool colour)
    {
        yield return new Segment(string.Concat(Enumerable.Range(first, end - first).Select(Cell).Prepend(new string(' ', LabelWidth))), new Style(decoration: Decoration.Dim));
        yield return Segment.LineBreak;
        for (int y = 0; y < image.Height; y++)
        {
            yield return new Segment(Cell(y), new Style(decoration: Decoration.Dim));
            for (int x = first; x < end; x++)
            {
                byte value = image[x, y];
                yield return colour ? new Segment(Cell(value), new Style(value < 128 ? Light : Dark, new Color(value, value, value))) : new Segment(Cell(value));
            }
            yield return Segment.LineBreak;
        }
    }

    private static string Cell(int value) => value.ToString(CultureInfo.InvariantCulture).PadLeft(CellWidth);
}
