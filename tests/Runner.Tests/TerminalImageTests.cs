using GpuCnn.Runner.Pictures;
using SkiaSharp;
using Spectre.Console;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Pictures in character cells, and the font of drawn ones.</summary>
public sealed class TerminalImageTests
{
    private static readonly GreyImage Small = new(2, 3, new byte[] { 0, 255, 10, 128, 200, 64 });

    [Fact]
    public void A_half_block_has_the_upper_pixel_before_the_lower()
    {
        Assert.Equal("\e[38;2;0;0;0;48;2;10;10;10m▀\e[0m\e[38;2;255;255;255;48;2;128;128;128m▀\e[0m\n\e[38;2;200;200;200m▀\e[0m\e[38;2;64;64;64m▀\e[0m\n", Render(Small, ScreenKind.Colour, 80));
    }

    [Fact]
    public void Colours_without_Unicode_fill_cells_with_the_mean()
    {
        var writer = new StringWriter();
        IAnsiConsole console = Screen.Make(writer, 80, ScreenKind.Colour);
        console.Profile.Capabilities.Unicode = false;
        console.Write(new TerminalImage(new GreyImage(1, 3, new byte[] { 10, 21, 200 })));
        Assert.Equal("\e[48;2;16;16;16m \e[0m\n\e[48;2;200;200;200m \e[0m\n", writer.ToString().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Letters_are_as_dense_as_the_mean_of_their_two_pixels() => Assert.Equal(" #\n#:\n", Render(Small, ScreenKind.Ascii, 80));

    [Fact]
    public void Black_has_no_dots_white_has_all_and_grey_a_share()
    {
        Assert.Equal("⠀⣿\n", Render(new GreyImage(2, 2, new byte[] { 0, 255, 0, 255 }), ScreenKind.NoColour, 80));
        foreach (byte value in (byte[])[51, 128, 204])
        {
            string text = Render(new GreyImage(40, 40, Enumerable.Repeat(value, 1600).ToArray()), ScreenKind.NoColour, 80);
            int dots = text.Where(letter => letter >= 0x2800).Sum(letter => int.PopCount(letter - 0x2800));
            Assert.InRange(dots / 6400.0, (value / 255.0) - 0.02, (value / 255.0) + 0.02);
        }
    }

    [Fact]
    public void A_picture_too_wide_shrinks_by_a_whole_factor_to_means()
    {
        var wide = new GreyImage(5, 2, new byte[] { 0, 100, 200, 250, 7, 50, 150, 250, 201, 8 });
        Assert.Equal([75, 225, 8], wide.Shrink(2).Pixels.ToArray());
        Assert.Equal(2, TerminalImage.FactorFor(wide, 4));
        Assert.Equal(5, Render(wide, ScreenKind.Ascii, 5).Split('\n')[0].Length);
        Assert.Equal(3, Render(wide, ScreenKind.Ascii, 4).Split('\n')[0].Length);
    }

    [Fact]
    public void Numbers_become_greys_between_the_bounds() =>
        Assert.Equal([0, 0, 128, 255, 255], GreyImage.Of([-3f, -1f, 0f, 1f, 2f], 5, -1, 1).Pixels.ToArray());

    [Fact]
    public void The_font_comes_with_the_program_and_ScottPlot_uses_it()
    {
        Assert.Equal(("DejaVu Sans", true), (PictureFont.Typeface().FamilyName, PictureFont.Typeface(bold: true).IsBold));
        PictureFont.UseInPlots();
        Assert.Equal(PictureFont.Name, new ScottPlot.LabelStyle().FontName);
        Assert.Same(PictureFont.Typeface(), ScottPlot.Fonts.GetTypeface(PictureFont.Name, false, false));
        using SKFont font = PictureFont.Of(20);
        Assert.All("Ärger ✓ ✗ … ±", letter => Assert.True(letter == ' ' || font.GetGlyph(letter) != 0));
    }

    private static string Render(GreyImage image, ScreenKind kind, int width)
    {
        var writer = new StringWriter();
        Screen.Make(writer, width, kind).Write(new TerminalImage(image));
        return writer.ToString().ReplaceLineEndings("\n");
    }
}
