using SkiaSharp;

namespace GpuCnn.Runner.Pictures;

/// <summary>What a line of a caption is for.</summary>
internal enum CaptionKind
{
    /// <summary>The first thing to read.</summary>
    Main,

    /// <summary>What is beside the point.</summary>
    Aside,

    /// <summary>A prediction that is right.</summary>
    Right,

    /// <summary>A prediction that is wrong.</summary>
    Wrong,
}

/// <summary>A line of a caption.</summary>
/// <param name="Text">The line.</param>
/// <param name="Kind">What it is for: decides its colour.</param>
internal readonly record struct CaptionLine(string Text, CaptionKind Kind = CaptionKind.Main);

/// <summary>A picture and the lines below it.</summary>
/// <param name="Image">The picture.</param>
/// <param name="Caption">The lines; all pictures of a sheet have room for the most that one has.</param>
internal sealed record CaptionedImage(GreyImage Image, IReadOnlyList<CaptionLine> Caption);

/// <summary>Pictures side by side in rows, each with its caption below, on a light sheet.</summary>
internal static class ContactSheet
{
    /// <summary>The most pictures of a sheet: 25 a row in 40 rows.</summary>
    public const int MostImages = 1000;

    private const int SmallestSide = 140, LargestSide = 512, Margin = 24, Gap = 20, LineHeight = 18, TitleHeight = 36;

    private const float TextSize = 13, TitleSize = 18;

    private static readonly SKColor Paper = new(0xfa, 0xfa, 0xf8), Edge = new(0xc8, 0xc8, 0xc4), Ink = new(0x20, 0x20, 0x20);

    /// <summary>The factor by which a sheet enlarges a picture, negative where it shrinks it.</summary>
    /// <param name="image">The picture.</param>
    public static int FactorFor(GreyImage image) =>
        image.FactorToFit(LargestSide, LargestSide) is > 1 and int smaller ? -smaller : Math.Max(1, SmallestSide / Math.Max(image.Width, image.Height));

    /// <summary>Draws a sheet.</summary>
    /// <param name="title">Written above; null for none.</param>
    /// <param name="images">1 to <see cref="MostImages"/> pictures.</param>
    /// <param name="group">So many pictures in a row belong together and come into one row of the sheet.</param>
    /// <returns>A PNG file's bytes.</returns>
    public static byte[] Draw(string? title, IReadOnlyList<CaptionedImage> images, int group = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(images.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(images.Count, MostImages);
        using SKFont font = PictureFont.Of(TextSize), bold = PictureFont.Of(TitleSize, bold: true);
        SKBitmap[] pictures = [.. images.Select(each => Enlarge(each.Image))];
        try
        {
            int lines = images.Max(each => each.Caption.Count);
            int tileWidth = Math.Max(pictures.Max(each => each.Width), (int)Math.Ceiling(images.SelectMany(each => each.Caption).Select(line => font.MeasureText(line.Text)).DefaultIfEmpty().Max()));
            int pictureHeight = pictures.Max(each => each.Height), tileHeight = pictureHeight + (lines == 0 ? 0 : 6 + (lines * LineHeight));
            int columns = Columns(images.Count, tileWidth + Gap, tileHeight + Gap, group), rows = (images.Count + columns - 1) / columns;
            int top = Margin + (title is null ? 0 : TitleHeight), width = (2 * Margin) + (columns * (tileWidth + Gap)) - Gap;
            width = Math.Max(width, title is null ? 0 : (2 * Margin) + (int)Math.Ceiling(bold.MeasureText(title)));
            using var sheet = new SKBitmap(width, top + (rows * (tileHeight + Gap)) - Gap + Margin, SKColorType.Rgb888x, SKAlphaType.Opaque);
            using var canvas = new SKCanvas(sheet);
            using var ink = new SKPaint { Color = Ink, IsAntialias = true };
            canvas.Clear(Paper);
            if (title is not null)
            {
                canvas.DrawText(title, Margin, Margin + TitleSize, SKTextAlign.Left, bold, ink);
            }
            for (int i = 0; i < images.Count; i++)
            {
                Place(canvas, pictures[i], images[i].Caption, font, Margin + (i % columns * (tileWidth + Gap)), top + (i / columns * (tileHeight + Gap)), pictureHeight);
            }
            using SKData data = sheet.Encode(SKEncodedImageFormat.Png, 100);
            return data.ToArray();
        }
        finally
        {
            Array.ForEach(pictures, each => each.Dispose());
        }
    }

    private static void Place(SKCanvas canvas, SKBitmap picture, IReadOnlyList<CaptionLine> caption, SKFont font, int left, int top, int pictureHeight)
    {
        using var edge = new SKPaint { Color = Edge, Style = SKPaintStyle.Stroke, StrokeWidth = 1 };
        canvas.DrawBitmap(picture, left, top);
        canvas.DrawRect(left - 0.5f, top - 0.5f, picture.Width + 1, picture.Height + 1, edge);
        for (int i = 0; i < caption.Count; i++)
        {
            using var paint = new SKPaint { Color = ColorOf(caption[i].Kind), IsAntialias = true };
            canvas.DrawText(caption[i].Text, left, top + pictureHeight + 6 + TextSize + (i * LineHeight), SKTextAlign.Left, font, paint);
        }
    }

    /// <summary>So many that the sheet is about four by three.</summary>
    private static int Columns(int count, int width, int height, int group) =>
        group * Math.Clamp((int)Math.Round(Math.Sqrt(count * (double)height / width * 4 / 3) / group), 1, Math.Max(1, Math.Min(count, 25) / group));

    /// <summary>Each pixel becomes a square, so that pixels are seen as such.</summary>
    private static SKBitmap Enlarge(GreyImage image)
    {
        int factor = FactorFor(image);
        GreyImage source = factor < 0 ? image.Shrink(-factor) : image;
        using var bitmap = new SKBitmap(new SKImageInfo(source.Width, source.Height, SKColorType.Gray8, SKAlphaType.Opaque));
        for (int y = 0; y < source.Height; y++)
        {
            source.Pixels.Span.Slice(y * source.Width, source.Width).CopyTo(bitmap.GetPixelSpan()[(y * bitmap.RowBytes)..]);
        }
        int scale = Math.Max(1, factor);
        return bitmap.Resize(new SKImageInfo(source.Width * scale, source.Height * scale, SKColorType.Rgb888x, SKAlphaType.Opaque), new SKSamplingOptions(SKFilterMode.Nearest));
    }

    private static SKColor ColorOf(CaptionKind kind) => kind switch
    {
        CaptionKind.Aside => new SKColor(0x60, 0x60, 0x60),
        CaptionKind.Right => new SKColor(0x1a, 0x6e, 0x2e),
        CaptionKind.Wrong => new SKColor(0xb4, 0x1e, 0x1e),
        _ => Ink,
    };
}
