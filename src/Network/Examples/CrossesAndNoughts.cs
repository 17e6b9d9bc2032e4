namespace GpuCnn;

/// <summary>The data of the worked X/O example: images of 9x9 pixels, dark -1 and bright +1, and features of 3x3.</summary>
internal static class CrossesAndNoughts
{
    /// <summary>Height and width of an image.</summary>
    public const int ImageSize = 9;

    /// <summary>Height and width of a feature.</summary>
    public const int FeatureSize = 3;

    /// <summary>An X: both diagonals from the second pixel to the last but one.</summary>
    public static ExampleImage X { get; } = new("X",
        ".........",
        ".#.....#.",
        "..#...#..",
        "...#.#...",
        "....#....",
        "...#.#...",
        "..#...#..",
        ".#.....#.",
        ".........");

    /// <summary>An O, with strokes as slanted as the X's.</summary>
    public static ExampleImage O { get; } = new("O",
        ".........",
        "....#....",
        "...#.#...",
        "..#...#..",
        ".#.....#.",
        "..#...#..",
        "...#.#...",
        "....#....",
        ".........");

    /// <summary>An X by an unsteady hand.</summary>
    public static ExampleImage DeformedX { get; } = new("deformed X",
        ".........",
        "......#..",
        ".#...#...",
        "..##.#...",
        "....#....",
        "...#.##..",
        "...#.....",
        "..#......",
        ".........");

    /// <summary>The pieces that an X is made of: a diagonal, the crossing, the other diagonal.</summary>
    public static IReadOnlyList<ExampleImage> Features { get; } =
    [
        new("diagonal", "#..", ".#.", "..#"),
        new("crossing", "#.#", ".#.", "#.#"),
        new("anti-diagonal", "..#", ".#.", "#.."),
    ];

    /// <summary>What the features have found in an image that nobody has seen yet: is it an X or an O?</summary>
    public static IReadOnlyList<float> TestVector { get; } = [0.9f, 0.65f, 0.45f, 0.87f, 0.96f, 0.73f, 0.23f, 0.63f, 0.44f, 0.89f, 0.94f, 0.53f];
}

/// <summary>A square image, or a feature, of -1 and +1.</summary>
internal sealed class ExampleImage
{
    /// <summary>Creates an image.</summary>
    /// <param name="name">What it shows.</param>
    /// <param name="rows">One character a pixel: <c>#</c> is +1, anything else -1.</param>
    internal ExampleImage(string name, params string[] rows)
    {
        Name = name;
        Size = rows.Length;
        Values = [.. rows.SelectMany(row => row.Select(pixel => pixel == '#' ? 1f : -1f))];
    }

    /// <summary>What it shows.</summary>
    public string Name { get; }

    /// <summary>Height and width.</summary>
    public int Size { get; }

    /// <summary>[height, width].</summary>
    public IReadOnlyList<float> Values { get; }

    /// <summary>The number of pixels that are the same in another image of the same size.</summary>
    /// <param name="other">The other image.</param>
    /// <returns>0 to <see cref="Size"/> squared.</returns>
    public int PixelsEqualTo(ExampleImage other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Values.Zip(other.Values).Count(pair => pair.First == pair.Second);
    }
}
