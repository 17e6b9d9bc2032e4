using System.Globalization;

namespace GpuCnn.Runner.Explain;

/// <summary>Something explained step by step: the same content for the terminal, the page and programs.</summary>
/// <param name="Title">What is explained.</param>
/// <param name="Summary">What it is about, in a sentence.</param>
/// <param name="Steps">The steps in order.</param>
internal sealed record Explanation(string Title, string Summary, IReadOnlyList<Step> Steps);

/// <summary>A step.</summary>
/// <param name="Name">One word, by which <c>--step</c> and links find it.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Blocks">What it shows, in order.</param>
internal sealed record Step(string Name, string Title, params IReadOnlyList<Block> Blocks)
{
    /// <summary>What a page's contents call it.</summary>
    public string Link { get; init; } = Title;

    /// <summary>Whether it is one of many alike, which a terminal leaves out unless it is asked for.</summary>
    public bool IsDetail { get; init; }
}

/// <summary>A part of a step.</summary>
internal abstract record Block;

/// <summary>A paragraph.</summary>
/// <param name="Text">ASCII, so that every terminal has its characters.</param>
internal sealed record Prose(string Text) : Block;

/// <summary>Grids side by side, as far as there is room.</summary>
/// <param name="Items">The grids.</param>
/// <param name="OnTerminal">How many of them a terminal shows; pages and documents have all.</param>
internal sealed record Grids(IReadOnlyList<NumberGrid> Items, int OnTerminal = int.MaxValue) : Block;

/// <summary>Rows of cells.</summary>
/// <param name="Caption">What it shows.</param>
/// <param name="Columns">The columns' names.</param>
/// <param name="Rows">As many cells each.</param>
internal sealed record Listing(string Caption, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) : Block
{
    /// <summary>The column that a terminal leaves out where that makes the rest fit.</summary>
    public int? Spare { get; init; }
}

/// <summary>Shares as bars.</summary>
/// <param name="Caption">What they are shares of.</param>
/// <param name="Shares">Names, with values from 0 to 1.</param>
internal sealed record Bars(string Caption, IReadOnlyList<(string Name, double Value)> Shares) : Block;

/// <summary>How a grid writes its numbers.</summary>
internal enum NumberFormat
{
    /// <summary>Whole numbers.</summary>
    Whole,

    /// <summary>Cut after two decimals, as the worked example's tables are.</summary>
    Cut,

    /// <summary>Rounded to two decimals.</summary>
    Rounded,

    /// <summary>No numbers: shades of grey, from black for 0 or less to white.</summary>
    Shades,

    /// <summary>No numbers: one colour for what is positive, another for what is negative.</summary>
    Colours,
}

/// <summary>A grid of numbers, coloured by them.</summary>
/// <param name="Caption">What it shows.</param>
/// <param name="Values">[row][column].</param>
/// <param name="Format">How numbers are written.</param>
/// <param name="Scale">The magnitude that has the full colour.</param>
/// <param name="Sign">What stands between it and the grid before it: x or =.</param>
internal sealed record NumberGrid(string Caption, IReadOnlyList<IReadOnlyList<double>> Values, NumberFormat Format, double Scale = 1, string? Sign = null)
{
    /// <summary>Whether it has numbers, not only colours.</summary>
    public bool HasNumbers => Format is not (NumberFormat.Shades or NumberFormat.Colours);

    /// <summary>A number as it is written.</summary>
    public string Text(double value) => Format switch
    {
        NumberFormat.Whole => (Math.Round(value) + 0.0).ToString("0", CultureInfo.InvariantCulture),
        NumberFormat.Cut => WorkedExample.Cut(value).ToString("0.00", CultureInfo.InvariantCulture),
        _ => (Math.Round(value, 2) + 0.0).ToString("0.00", CultureInfo.InvariantCulture),
    };

    /// <summary>How strong the colour of a number is, from -1 to 1.</summary>
    public double Level(double value) => Scale > 0 ? Math.Clamp(value / Scale, -1, 1) : 0;

    /// <summary>A grid from rows of single precision.</summary>
    public static NumberGrid Of(string caption, IEnumerable<IEnumerable<float>> rows, NumberFormat format, double scale = 1, string? sign = null) =>
        new(caption, [.. rows.Select(row => row.Select(value => (double)value).ToArray())], format, scale, sign);
}
