using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GpuCnn.Runner.Views;

/// <summary>A curve of a chart.</summary>
/// <param name="Style">Its colour.</param>
/// <param name="Mark">Stands for it where there are no colours or no braille; null for a line of dots.</param>
/// <param name="Points">From left to right.</param>
internal sealed record Curve(Style Style, char? Mark, IReadOnlyList<ChartPoint> Points);

/// <summary>Curves in braille dots, two by four a character, with both axes; in plain characters where the terminal has no Unicode.</summary>
/// <param name="title">Stands above it.</param>
/// <param name="xMax">The right end of the X axis, which begins at 0.</param>
/// <param name="scaleFrom">Points left of it may lie above the chart: a training's first losses would squeeze all others flat.</param>
/// <param name="width">Columns.</param>
/// <param name="height">Lines, title and X axis included.</param>
/// <param name="curves">The curves; later ones lie on top.</param>
internal sealed class LineChart(string title, double xMax, double scaleFrom, int width, int height, params IReadOnlyList<Curve> curves) : Renderable
{
    /// <summary>Lines that title and X axis take.</summary>
    public const int FrameLines = 3;

    /// <summary>What stands below a tick of the X axis.</summary>
    public Func<double, string> XLabel { get; init; } = tick => tick.ToString("0", CultureInfo.InvariantCulture);

    private const char Braille = '\u2800';

    private int Rows => height - FrameLines;

    /// <inheritdoc/>
    protected override Measurement Measure(RenderOptions options, int maxWidth) => new(width, width);

    /// <inheritdoc/>
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        Scale scale = Scale.Of(Range(), Math.Max(2, (Rows + 1) / 2));
        int margin = scale.Ticks.Max(tick => scale.Label(tick).Length), columns = width - margin - 1;
        var plot = new Plot(columns, Rows, options.Unicode, options.ColorSystem != ColorSystem.NoColors, point => (point.X / xMax, scale.Share(point.Y)));
        foreach (Curve curve in curves)
        {
            plot.Draw(curve);
        }
        Dictionary<int, string> labels = scale.Ticks.GroupBy(tick => plot.Row(scale.Share(tick))).ToDictionary(group => group.Key, group => scale.Label(group.First()));
        yield return new Segment(title.PadRight(width), new Style(decoration: Decoration.Bold));
        yield return Segment.LineBreak;
        for (int row = 0; row < Rows; row++)
        {
            bool ticked = labels.TryGetValue(row, out string? label);
            yield return new Segment((label ?? "").PadLeft(margin) + (ticked ? options.Unicode ? '┤' : '+' : options.Unicode ? '│' : '|'));
            foreach (Segment segment in plot.Line(row))
            {
                yield return segment;
            }
            yield return Segment.LineBreak;
        }
        (string axis, string numbers) = XAxis(columns, options.Unicode);
        yield return new Segment(new string(' ', margin) + axis);
        yield return Segment.LineBreak;
        yield return new Segment(new string(' ', margin) + numbers);
        yield return Segment.LineBreak;
    }

    private (double Least, double Most) Range()
    {
        double[] all = [.. curves.SelectMany(curve => curve.Points).Where(point => double.IsFinite(point.Y)).Select(point => point.Y)];
        double[] scaled = [.. curves.SelectMany(curve => curve.Points).Where(point => double.IsFinite(point.Y) && point.X >= scaleFrom).Select(point => point.Y)];
        double[] counted = scaled.Length > 0 ? scaled : all;
        return counted.Length > 0 ? (counted.Min(), counted.Max()) : (0, 1);
    }

    /// <summary>The line below the plot with its ticks, and their numbers below it.</summary>
    private (string Axis, string Numbers) XAxis(int columns, bool unicode)
    {
        char[] axis = (unicode ? "└" + new string('─', columns) : "+" + new string('-', columns)).ToCharArray(), numbers = new string(' ', columns + 1).ToCharArray();
        double step = Math.Max(1, Scale.Step(xMax / Math.Max(1, columns / 8)));
        int free = 0;
        for (double tick = 0; tick <= xMax + 1e-9; tick += step)
        {
            int column = 1 + (int)Math.Round(tick / xMax * (columns - 1));
            string label = XLabel(tick);
            int start = Math.Clamp(column - (label.Length / 2), 0, columns + 1 - label.Length);
            if (start < free)
            {
                continue;
            }
            axis[column] = unicode ? '┬' : '+';
            label.CopyTo(numbers.AsSpan(start));
            free = start + label.Length + 1;
        }
        return (new string(axis), new string(numbers));
    }

    /// <summary>Characters that dots have been set in.</summary>
    private sealed class Plot(int columns, int rows, bool unicode, bool colours, Func<ChartPoint, (double X, double Y)> place)
    {
        private readonly char[,] cells = new char[rows, columns];
        private readonly Style?[,] styles = new Style?[rows, columns];
        private readonly int dotsX = unicode ? columns * 2 : columns, dotsY = unicode ? rows * 4 : rows;

        public int Row(double share) => Math.Clamp((int)Math.Round((1 - share) * (dotsY - 1)), 0, dotsY - 1) / (unicode ? 4 : 1);

        public void Draw(Curve curve)
        {
            // Without colours only its marks tell a curve from another; where a character is one dot, every curve has one.
            bool marks = curve.Mark is not null && !(unicode && colours);
            (int X, int Y, bool Outside)? last = null;
            foreach ((int x, double y) in Columns(curve.Points))
            {
                (int X, int Y, bool Outside) dot = (x, (int)Math.Round((1 - Math.Clamp(y, 0, 1)) * (dotsY - 1)), y > 1);
                if (marks)
                {
                    Set(curve, dot.X, dot.Y, curve.Mark);
                }
                else if (curve.Points.Count == 1)
                {
                    Set(curve, dot.X, dot.Y, unicode ? '•' : '*');
                }
                else if (last is { } from && !(from.Outside && dot.Outside))
                {
                    Line(curve, from.X, from.Y, dot.X, dot.Y);
                }
                last = dot;
            }
        }

        public IEnumerable<Segment> Line(int row)
        {
            for (int column = 0, end; column < columns; column = end)
            {
                Style? style = styles[row, column];
                for (end = column + 1; end < columns && Equals(styles[row, end], style); end++)
                {
                }
                yield return new Segment(string.Concat(Enumerable.Range(column, end - column).Select(i => cells[row, i] == '\0' ? ' ' : cells[row, i])), style ?? Style.Plain);
            }
        }

        /// <summary>One place for each column of dots that has points: their mean.</summary>
        private IEnumerable<(int X, double Y)> Columns(IReadOnlyList<ChartPoint> points)
        {
            for (int i = 0, end; i < points.Count; i = end)
            {
                int column = Column(points[i]);
                double sum = 0;
                for (end = i; end < points.Count && Column(points[end]) == column; end++)
                {
                    sum += place(points[end]).Y;
                }
                if (double.IsFinite(sum))
                {
                    yield return (column, sum / (end - i));
                }
            }
        }

        private int Column(ChartPoint point) => Math.Clamp((int)Math.Round(place(point).X * (dotsX - 1)), 0, dotsX - 1);

        private void Line(Curve curve, int x0, int y0, int x1, int y1)
        {
            int steps = Math.Max(1, Math.Max(Math.Abs(x1 - x0), Math.Abs(y1 - y0)));
            for (int i = 0; i <= steps; i++)
            {
                Set(curve, x0 + (int)Math.Round((double)(x1 - x0) * i / steps), y0 + (int)Math.Round((double)(y1 - y0) * i / steps), unicode ? null : '.');
            }
        }

        private void Set(Curve curve, int x, int y, char? mark)
        {
            (int column, int row) = unicode ? (x / 2, y / 4) : (x, y);
            ref char cell = ref cells[row, column];
            cell = mark ?? (char)((cell >= Braille ? cell : Braille) | Dot(x % 2, y % 4));
            styles[row, column] = curve.Style;
        }

        /// <summary>The bit of a braille dot: the first three lines count down the left column, then the right; the fourth was added later.</summary>
        private static int Dot(int x, int y) => y == 3 ? 0x40 << x : 1 << (y + (3 * x));
    }

    /// <summary>An axis with round numbers.</summary>
    private sealed record Scale(double Least, double Most, double Interval)
    {
        private static readonly double[] RoundNumbers = [1, 2, 5];

        public IEnumerable<double> Ticks => Enumerable.Range(0, (int)Math.Round((Most - Least) / Interval) + 1).Select(i => Least + (i * Interval));

        public static Scale Of((double Least, double Most) range, int ticks)
        {
            double spread = range.Most - range.Least;
            spread = spread > 0 ? spread : Math.Max(Math.Abs(range.Most) / 10, 1e-3);
            double interval = Step(spread / ticks), least = Math.Floor((range.Least / interval) + 1e-9) * interval;
            double most = Math.Ceiling((range.Most / interval) - 1e-9) * interval;
            return new Scale(least, most > least ? most : least + interval, interval);
        }

        /// <summary>1, 2 or 5 times a power of ten, at least as much as given.</summary>
        public static double Step(double least)
        {
            double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
            return RoundNumbers.Select(factor => factor * power).FirstOrDefault(step => step >= least * (1 - 1e-9), 10 * power);
        }

        public double Share(double value) => (value - Least) / (Most - Least);

        public string Label(double value) => value.ToString("F" + Math.Max(0, (int)-Math.Floor(Math.Log10(Interval) + 1e-9)), CultureInfo.InvariantCulture);
    }
}
