using System.Globalization;
using GpuCnn.Runner.Pictures;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GpuCnn.Runner.Views;

/// <summary>Images with what is known of them, on a terminal and as a sheet.</summary>
internal static class ImageView
{
    /// <summary>A caption is not longer than this: "right: T-shirt/top 0.9876" fits.</summary>
    private const int TileWidth = 28, Gap = 2;

    /// <summary>Writes images side by side, as many a row as there is room for.</summary>
    /// <param name="console">The terminal.</param>
    /// <param name="images">The images.</param>
    /// <param name="group">So many in a row belong together: a row has whole groups, or an equal part of one.</param>
    public static void Pictures(IAnsiConsole console, IReadOnlyList<ShownImage> images, int group = 1)
    {
        int width = console.Profile.Width, tile = Math.Min(width, Math.Max(TileWidth, images.Max(each => each.Image.Width)));
        int columns = Math.Max(1, (width + Gap) / (tile + Gap));
        while (columns % group != 0 && group % columns != 0)
        {
            columns--;
        }
        foreach (ShownImage[] row in images.Chunk(columns))
        {
            var grid = new Grid { Expand = false };
            for (int i = 0; i < row.Length; i++)
            {
                grid.AddColumn(new GridColumn { Width = tile, Padding = new Padding(0, 0, i + 1 < row.Length ? Gap : 0, 0) });
            }
            grid.AddRow([.. row.Select(each => (IRenderable)new TerminalImage(each.Image))]);
            grid.AddRow([.. row.Select(Caption)]);
            console.Write(grid);
            console.WriteLine();
        }
    }

    /// <summary>Writes the numbers of images, one image after the other.</summary>
    public static void Numbers(IAnsiConsole console, IReadOnlyList<ShownImage> images)
    {
        foreach (ShownImage each in images)
        {
            console.Write(Caption(each));
            console.Write(new PixelGrid(each.Image));
            console.WriteLine();
        }
    }

    /// <summary>The numbers of images as text.</summary>
    public static string Numbers(IReadOnlyList<ShownImage> images) =>
        string.Concat(images.Select(each => $"{string.Join("  ", Lines(each).Select(line => line.Text))}\n{PixelGrid.Text(each.Image)}\n"));

    /// <summary>Images for a sheet.</summary>
    public static IReadOnlyList<CaptionedImage> ForSheet(IReadOnlyList<ShownImage> images) => [.. images.Select(each => new CaptionedImage(each.Image, SheetLines(each)))];

    private static CaptionLine[] SheetLines(ShownImage image) => image.Prediction is null ? [new(Short(image.Name))]
        : [new(Short(image.Name)), new($"{Mark(image)}{image.Verdict}", KindOf(image.Correct))];

    /// <summary>Marks that do not need colours to be told apart.</summary>
    private static string Mark(ShownImage image) => image.Correct switch { true => "✓ ", false => "✗ ", null => "" };

    private static CaptionKind KindOf(bool? correct) => correct switch { true => CaptionKind.Right, false => CaptionKind.Wrong, null => CaptionKind.Aside };

    private static string Short(string name) => name.Length <= 24 ? name : $"{name[..14]}…{name[^9..]}";

    private static (string Text, Style Style)[] Lines(ShownImage image)
    {
        string name = image.File is null ? image.Name : string.Create(CultureInfo.InvariantCulture, $"{image.Name} {image.Image.Width}x{image.Image.Height}");
        string verdict = image.Correct switch { true => $"right: {image.Verdict}", false => $"wrong: {image.Verdict}", null => image.Verdict };
        Color colour = image.Correct switch { true => Color.Green, false => Color.Red, null => Color.Default };
        return verdict.Length == 0 ? [(name, Style.Plain)] : [(name, Style.Plain), (verdict, new Style(colour))];
    }

    private static IRenderable Caption(ShownImage image) => new Rows(Lines(image).Select(line => new Text(line.Text, line.Style)));
}
