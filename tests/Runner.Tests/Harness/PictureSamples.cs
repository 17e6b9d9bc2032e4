using SkiaSharp;

namespace GpuCnn.Runner.Tests;

/// <summary>Picture files made with SkiaSharp.</summary>
internal static class PictureSamples
{
    /// <summary>The shapes that can be drawn.</summary>
    public static readonly string[] Shapes = ["circle", "cross", "ring", "square", "triangle"];

    /// <summary>Writes a picture; its folder is made.</summary>
    /// <param name="path">The file; its ending says PNG or JPEG.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="draw">Draws it.</param>
    public static void Write(string path, int width, int height, Action<SKCanvas> draw)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Premul));
        using (var canvas = new SKCanvas(bitmap))
        {
            draw(canvas);
        }
        using SKData data = bitmap.Encode(Path.GetExtension(path) == ".png" ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg, 95);
        File.WriteAllBytes(path, data.ToArray());
    }

    /// <summary>Writes a shape of random size, place and brightness on a darker ground, in a picture of random size.</summary>
    public static void WriteShape(string path, string shape, Random random)
    {
        int width = random.Next(40, 90), height = random.Next(40, 90);
        float radius = Math.Min(width, height) * (0.22f + (0.18f * random.NextSingle()));
        float x = radius + (random.NextSingle() * (width - (2 * radius))), y = radius + (random.NextSingle() * (height - (2 * radius)));
        using var paint = new SKPaint { Color = new SKColor((byte)random.Next(140, 256), (byte)random.Next(140, 256), (byte)random.Next(140, 256)), IsAntialias = true, StrokeWidth = radius / 3 };
        Write(path, width, height, canvas =>
        {
            canvas.Clear(new SKColor((byte)random.Next(60), (byte)random.Next(60), (byte)random.Next(60)));
            Draw(canvas, shape, x, y, radius, paint);
        });
    }

    private static void Draw(SKCanvas canvas, string shape, float x, float y, float radius, SKPaint paint)
    {
        switch (shape)
        {
            case "circle":
                canvas.DrawCircle(x, y, radius, paint);
                break;
            case "ring":
                paint.Style = SKPaintStyle.Stroke;
                canvas.DrawCircle(x, y, radius * 0.8f, paint);
                break;
            case "square":
                canvas.DrawRect(x - (radius * 0.8f), y - (radius * 0.8f), radius * 1.6f, radius * 1.6f, paint);
                break;
            case "cross":
                canvas.DrawLine(x - radius, y - radius, x + radius, y + radius, paint);
                canvas.DrawLine(x - radius, y + radius, x + radius, y - radius, paint);
                break;
            default:
                using (var path = new SKPath())
                {
                    path.MoveTo(x, y - radius);
                    path.LineTo(x + radius, y + radius);
                    path.LineTo(x - radius, y + radius);
                    path.Close();
                    canvas.DrawPath(path, paint);
                }
                break;
        }
    }
}
