using ScottPlot;
using SkiaSharp;

namespace GpuCnn.Runner.Pictures;

/// <summary>The font of every picture: DejaVu Sans, carried inside the program.</summary>
/// <remarks>SkiaSharp draws no text at all where no fonts are installed, as in a bare container, and another text on every machine that has some. With a font of its
/// own the program draws the same picture everywhere. Whoever draws with ScottPlot calls <see cref="UseInPlots"/> before the first plot is made.</remarks>
internal static class PictureFont
{
    /// <summary>The family's name.</summary>
    public const string Name = "DejaVu Sans";

    private static readonly Lazy<SKTypeface> Regular = new(() => Load("DejaVuSans.ttf")), Bold = new(() => Load("DejaVuSans-Bold.ttf"));

    private static readonly Lazy<bool> Plots = new(Register);

    /// <summary>The typeface; it lives as long as the program.</summary>
    public static SKTypeface Typeface(bool bold = false) => (bold ? Bold : Regular).Value;

    /// <summary>The font in a size; the caller disposes it.</summary>
    /// <param name="size">In pixels.</param>
    /// <param name="bold">Whether it is bold.</param>
    public static SKFont Of(float size, bool bold = false) => new(Typeface(bold), size) { Edging = SKFontEdging.Antialias, Subpixel = true };

    /// <summary>Makes ScottPlot write in this font.</summary>
    public static void UseInPlots() => _ = Plots.Value;

    private static bool Register()
    {
        Fonts.FontResolvers.Insert(0, new Resolver());
        Fonts.Default = Fonts.Sans = Fonts.Serif = Fonts.Monospace = Name;
        return true;
    }

    private static SKTypeface Load(string resource)
    {
        using Stream stream = typeof(PictureFont).Assembly.GetManifestResourceStream(resource)!;
        using SKData data = SKData.Create(stream);
        return SKTypeface.FromData(data);
    }

    /// <summary>ScottPlot's way to ask for typefaces.</summary>
    private sealed class Resolver : IFontResolver
    {
        public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
            fontName == Name ? Typeface(weight >= FontWeight.SemiBold) : null;

        public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? Typeface(bold) : null;
    }
}
