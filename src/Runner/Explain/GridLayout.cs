using GpuCnn.Runner.Pictures;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GpuCnn.Runner.Explain;

/// <summary>Writes grids side by side, as many in a row as the terminal is wide.</summary>
internal sealed class GridLayout(IAnsiConsole console)
{
    private const int Gap = 3;

    /// <summary>Captions of narrower grids may be as wide as this.</summary>
    private const int LeastCaption = 13;

    /// <summary>From nothing to full, for terminals without colours.</summary>
    private const string Ramp = " .:-=+*#%@";

    private static readonly Color Neutral = new(38, 38, 38), Heat = new(44, 110, 200), Cold = new(190, 88, 10);

    private readonly bool colours = console.Profile.Capabilities is { Ansi: true, ColorSystem: not ColorSystem.NoColors };

    private readonly bool halves = console.Profile.Capabilities.Unicode;

    private int Width => console.Profile.Width;

    /// <summary>Writes them.</summary>
    /// <param name="grids">The grids.</param>
    public void Write(IReadOnlyList<NumberGrid> grids)
    {
        Tile[] tiles = [.. grids.SelectMany(grid => grid.Format == NumberFormat.Shades ? [Photograph(grid)] : Tiles(grid))];
        for (int first = 0, count; first < tiles.Length; first += count)
        {
            count = 1;
            int used = tiles[first].Width;
            while (first + count < tiles.Length && used + Gap + tiles[first + count].Width <= Width)
            {
                used += Gap + tiles[first + count].Width;
                count++;
            }
            if (first > 0)
            {
                console.WriteLine();
            }
            WriteRow(tiles.AsSpan(first, count));
        }
    }

    private void WriteRow(ReadOnlySpan<Tile> tiles)
    {
        int captions = 0, rows = 0;
        foreach (Tile tile in tiles)
        {
            captions = Math.Max(captions, tile.Caption.Count);
            rows = Math.Max(rows, tile.Rows.Count);
        }
        for (int line = 0; line < captions + rows; line++)
        {
            var paragraph = new Paragraph();
            int written = 0, start = 0;
            foreach (Tile tile in tiles)
            {
                int own = line - captions, caption = own + tile.Caption.Count;
                IReadOnlyList<(string Text, Style Style)> pieces = own >= 0 && own < tile.Rows.Count ? tile.Rows[own]
                    : own < 0 && caption >= 0 ? [(tile.Caption[caption], Style.Plain)] : [];
                // A sign stands in the gap, beside the middle of the grid.
                if (tile.Sign is { } sign && start > 0 && own == tile.Rows.Count / 2)
                {
                    Append(start - 2, sign, Style.Plain);
                }
                for (int i = 0, column = start; i < pieces.Count; column += pieces[i++].Text.Length)
                {
                    Append(column, pieces[i].Text, pieces[i].Style);
                }
                start += tile.Width + Gap;
            }
            console.Write(paragraph);
            console.WriteLine();

            void Append(int column, string text, Style style)
            {
                paragraph.Append(new string(' ', column - written), Style.Plain).Append(text, style);
                written = column + text.Length;
            }
        }
    }

    /// <summary>The grid as text; in bands of columns when it is wider than the terminal.</summary>
    private IEnumerable<Tile> Tiles(NumberGrid grid)
    {
        int columns = grid.Values[0].Count;
        bool narrow = grid.HasNumbers && (columns * (1 + Longest(grid, narrow: false))) - 1 > Width;
        int cell = grid.HasNumbers ? Longest(grid, narrow) : 2 * columns <= Width && !(colours && halves) ? 2 : 1;
        int gap = grid.HasNumbers ? 1 : 0, most = Math.Max(1, (Width + gap) / (cell + gap));
        for (int first = 0; first < columns; first += most)
        {
            int from = first, to = Math.Min(columns, first + most);
            string caption = to - from == columns ? grid.Caption : $"{grid.Caption}, columns {from + 1} to {to}";
            int width = ((to - from) * (cell + gap)) - gap;
            List<string> lines = Wrap(caption, Math.Min(Width, Math.Max(width, LeastCaption)));
            yield return new Tile(lines, grid.HasNumbers ? [.. grid.Values.Select(row => Pieces(grid, row.Take(from..to), cell, gap, narrow))] : Picture(grid, from, to, cell),
                Math.Max(width, lines.Max(line => line.Length)), from == 0 ? grid.Sign : null);
        }
    }

    /// <summary>A grid that is only colours: a line of half blocks for two rows of pixels, where the terminal can.</summary>
    private IReadOnlyList<IReadOnlyList<(string Text, Style Style)>> Picture(NumberGrid grid, int from, int to, int cell)
    {
        if (!colours || !halves)
        {
            return [.. grid.Values.Select(row => Pieces(grid, row.Take(from..to), cell, 0, narrow: false))];
        }
        return [.. grid.Values.Chunk(2).Select(pair => Enumerable.Range(from, to - from).Select(x =>
            ("\u2580", new Style(ColorOf(grid, pair[0][x]), pair.Length > 1 ? ColorOf(grid, pair[1][x]) : Color.Default))).ToList())];
    }

    private Tile Photograph(NumberGrid grid)
    {
        int columns = grid.Values[0].Count;
        var image = GreyImage.Of([.. grid.Values.SelectMany(row => row.Select(value => (float)value))], columns, 0, (float)grid.Scale);
        List<SegmentLine> lines = Segment.SplitLines(((IRenderable)new TerminalImage(image)).Render(RenderOptions.Create(console, console.Profile.Capabilities), Width));
        int width = lines.Max(line => line.CellCount());
        List<string> caption = Wrap(grid.Caption, Math.Min(Width, Math.Max(width, LeastCaption)));
        return new Tile(caption, [.. lines.Select(line => line.Select(segment => (segment.Text, segment.Style)).ToArray())], Math.Max(width, caption.Max(line => line.Length)), grid.Sign);
    }

    private List<(string Text, Style Style)> Pieces(NumberGrid grid, IEnumerable<double> row, int cell, int gap, bool narrow)
    {
        var pieces = new List<(string Text, Style Style)>();
        foreach (double value in row)
        {
            if (gap > 0 && pieces.Count > 0)
            {
                pieces.Add((" ", Style.Plain));
            }
            string text = grid.HasNumbers ? Number(grid, value, narrow).PadLeft(cell) : new string(colours ? ' ' : Shade(grid, value), cell);
            pieces.Add((text, colours ? StyleOf(grid, value) : Style.Plain));
        }
        return pieces;
    }

    private static Style StyleOf(NumberGrid grid, double value) => new(Color.White, ColorOf(grid, value));

    private static Color ColorOf(NumberGrid grid, double value)
    {
        double level = grid.Level(value);
        Color full = level < 0 ? Cold : Heat;
        byte Mix(byte none, byte all) => (byte)Math.Round(none + (Math.Abs(level) * (all - none)));
        return new Color(Mix(Neutral.R, full.R), Mix(Neutral.G, full.G), Mix(Neutral.B, full.B));
    }

    private static char Shade(NumberGrid grid, double value)
    {
        double level = grid.Level(value);
        int step = (int)Math.Round(Math.Abs(level) * (Ramp.Length - 1));
        return level >= 0 || step == 0 ? Ramp[step] : (char)('0' + step);
    }

    /// <summary>Where room is short, numbers below 1 go without their leading zero.</summary>
    private static string Number(NumberGrid grid, double value, bool narrow)
    {
        string text = grid.Text(value);
        return !narrow ? text : text.StartsWith("0.", StringComparison.Ordinal) ? text[1..] : text.StartsWith("-0.", StringComparison.Ordinal) ? $"-{text[2..]}" : text;
    }

    private static int Longest(NumberGrid grid, bool narrow) => grid.Values.Max(row => row.Max(value => Number(grid, value, narrow).Length));

    private static List<string> Wrap(string text, int width)
    {
        var lines = new List<string> { "" };
        foreach (string word in text.Split(' '))
        {
            string longer = lines[^1].Length == 0 ? word : $"{lines[^1]} {word}";
            if (longer.Length <= width || lines[^1].Length == 0)
            {
                lines[^1] = longer;
            }
            else
            {
                lines.Add(word);
            }
        }
        return lines;
    }

    /// <summary>A grid, or a band of its columns, as lines.</summary>
    private sealed record Tile(IReadOnlyList<string> Caption, IReadOnlyList<IReadOnlyList<(string Text, Style Style)>> Rows, int Width, string? Sign);
}
