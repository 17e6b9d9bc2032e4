using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GpuCnn.Runner.Pictures;

/// <summary>A grey picture on a terminal, a character cell for two pixels, one above the other; it stands in tables, columns and grids like any other thing.</summary>
/// <remarks>
/// What the terminal can do decides how: half blocks in colour, where it has at least 256; dots of Braille cells, dithered, where it has Unicode but no colours;
/// else letters from thin to dense. The picture has the same size in all three, and shrinks by a whole factor where the place is too narrow for it.
/// </remarks>
internal sealed class TerminalImage(GreyImage image) : Renderable
{
    /// <summary>From black to white on a dark background.</summary>
    private const string Densities = " .:-=+*#%@";

    /// <summary>Braille's dots in a cell: the bit of each of two columns and four rows.</summary>
    private static readonly int[,] Dots = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };

    /// <summary>The factor by which a picture shrinks to fit a width.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="width">In character cells.</param>
    public static int FactorFor(GreyImage image, int width) => image.FactorToFit(Math.Max(1, width), int.MaxValue / 2);

    /// <inheritdoc/>
    protected override Measurement Measure(RenderOptions options, int maxWidth)
    {
        int width = image.Shrink(FactorFor(image, maxWidth)).Width;
        return new Measurement(width, width);
    }

    /// <inheritdoc/>
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        GreyImage shown = image.Shrink(FactorFor(image, maxWidth));
        bool colour = options.Ansi && options.ColorSystem is ColorSystem.EightBit or ColorSystem.TrueColor;
        return colour ? InColour(shown, options.Unicode) : InLines(shown, options.Unicode ? Braille(shown) : Letters(shown));
    }

    private static IEnumerable<Segment> InColour(GreyImage shown, bool unicode)
    {
        for (int y = 0; y < shown.Height; y += 2)
        {
            for (int x = 0; x < shown.Width; x++)
            {
                Color upper = Grey(shown[x, y]), lower = y + 1 < shown.Height ? Grey(shown[x, y + 1]) : Color.Default;
                yield return unicode ? new Segment("▀", new Style(upper, lower)) : new Segment(" ", new Style(Color.Default, Grey(Pair(shown, x, y))));
            }
            yield return Segment.LineBreak;
        }
    }

    private static IEnumerable<Segment> InLines(GreyImage shown, string text)
    {
        for (int start = 0; start < text.Length; start += shown.Width)
        {
            yield return new Segment(text.Substring(start, shown.Width));
            yield return Segment.LineBreak;
        }
    }

    private static string Letters(GreyImage shown)
    {
        var text = new StringBuilder();
        for (int y = 0; y < shown.Height; y += 2)
        {
            for (int x = 0; x < shown.Width; x++)
            {
                text.Append(Densities[Pair(shown, x, y) * Densities.Length / 256]);
            }
        }
        return text.ToString();
    }

    /// <summary>Two by two dots a pixel, set by Floyd and Steinberg's error diffusion.</summary>
    private static string Braille(GreyImage shown)
    {
        int width = 2 * shown.Width, height = 2 * shown.Height, rows = (shown.Height + 1) / 2;
        var cells = new int[rows * shown.Width];
        // A column on either side and a row below take the errors that leave the picture.
        var errors = new float[height + 1, width + 2];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                float wanted = shown[x / 2, y / 2] + errors[y, x + 1], error = wanted >= 128 ? wanted - 255 : wanted;
                if (wanted >= 128)
                {
                    cells[(y / 4 * shown.Width) + (x / 2)] |= Dots[y % 4, x % 2];
                }
                errors[y, x + 2] += error * 7 / 16;
                errors[y + 1, x] += error * 3 / 16;
                errors[y + 1, x + 1] += error * 5 / 16;
                errors[y + 1, x + 2] += error * 1 / 16;
            }
        }
        return string.Concat(cells.Select(cell => (char)(0x2800 + cell)));
    }

    private static int Pair(GreyImage shown, int x, int y) => y + 1 < shown.Height ? (shown[x, y] + shown[x, y + 1] + 1) / 2 : shown[x, y];

    private static Color Grey(int value) => new((byte)value, (byte)value, (byte)value);
}
