using System.Globalization;
using SkiaSharp;

namespace GpuCnn.Runner.Pictures;

/// <summary>A confusion matrix as a picture: rows are true classes, columns predicted ones, both named; the darker a cell, the larger its share of the row.</summary>
internal static class ConfusionMatrixPicture
{
    private const int CellHeight = 52, Padding = 10, Top = 96, Bottom = 24, AxisRoom = 34;

    private static readonly SKColor Ink = new(0x1b, 0x1c, 0x1e), Hit = new(0x12, 0x78, 0x46), Miss = new(0xb8, 0x48, 0x08), Line = new(0xd0, 0xd2, 0xd6);

    /// <summary>Draws the picture.</summary>
    /// <param name="result">The evaluation.</param>
    /// <param name="shares">Whether cells hold shares of their row; else counts.</param>
    /// <returns>A PNG file.</returns>
    public static byte[] Png(EvaluationResult result, bool shares)
    {
        string[] names = [.. result.Classes.Select(row => row.Name)];
        using SKFont font = PictureFont.Of(14), bold = PictureFont.Of(14, bold: true), heading = PictureFont.Of(18, bold: true);
        int nameWidth = (int)Math.Ceiling(names.Max(name => font.MeasureText(name))), cellWidth = Math.Max(60, nameWidth + Padding);
        int left = AxisRoom + nameWidth + (2 * Padding), right = left + (names.Length * cellWidth), bottom = Top + (names.Length * CellHeight);
        using var bitmap = new SKBitmap(right + 24, bottom + Bottom);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        using var paint = new SKPaint { IsAntialias = true, Color = Ink };
        canvas.DrawText(shares ? "Confusion matrix, shares of each true class" : "Confusion matrix, images counted", left, 30, heading, paint);
        canvas.DrawText("predicted class", (left + right) / 2f, 60, SKTextAlign.Center, bold, paint);
        canvas.Save();
        canvas.RotateDegrees(-90, 22, (Top + bottom) / 2f);
        canvas.DrawText("true class", 22, (Top + bottom) / 2f, SKTextAlign.Center, bold, paint);
        canvas.Restore();
        for (int row = 0; row < names.Length; row++)
        {
            canvas.DrawText(names[row], left - Padding, Top + (row * CellHeight) + (CellHeight / 2f) + 5, SKTextAlign.Right, font, paint);
            canvas.DrawText(names[row], left + (row * cellWidth) + (cellWidth / 2f), Top - 10, SKTextAlign.Center, font, paint);
        }
        for (int row = 0; row < names.Length; row++)
        {
            for (int column = 0; column < names.Length; column++)
            {
                int count = result.ConfusionMatrix[row][column], support = result.Classes[row].Support;
                double share = support == 0 ? 0 : (double)count / support;
                string text = shares ? share.ToString("0.00", CultureInfo.InvariantCulture) : count.ToString(CultureInfo.InvariantCulture);
                var cell = SKRect.Create(left + (column * cellWidth), Top + (row * CellHeight), cellWidth, CellHeight);
                Draw(canvas, cell, text, share, row == column, row == column ? bold : font);
            }
        }
        return PixelImage.Png(bitmap);
    }

    private static void Draw(SKCanvas canvas, SKRect cell, string text, double share, bool hit, SKFont font)
    {
        // The square root, so that the few wrong ones are seen beside the many right ones.
        SKColor colour = Blend(SKColors.White, hit ? Hit : Miss, Math.Sqrt(share));
        using var paint = new SKPaint { Color = colour };
        canvas.DrawRect(cell, paint);
        using var border = new SKPaint { Color = Line, IsStroke = true, StrokeWidth = 1 };
        canvas.DrawRect(cell, border);
        bool dark = (0.299 * colour.Red) + (0.587 * colour.Green) + (0.114 * colour.Blue) < 140;
        using var ink = new SKPaint { Color = dark ? SKColors.White : Ink, IsAntialias = true };
        canvas.DrawText(text, cell.MidX, cell.MidY + 5, SKTextAlign.Center, font, ink);
    }

    private static SKColor Blend(SKColor from, SKColor to, double share)
    {
        byte Mix(byte a, byte b) => (byte)Math.Round(a + ((b - a) * share));
        return new SKColor(Mix(from.Red, to.Red), Mix(from.Green, to.Green), Mix(from.Blue, to.Blue));
    }
}
