using GpuCnn.Runner.Reports.Html;
using SkiaSharp;
using Xunit;

namespace GpuCnn.Runner.Tests.Html;

/// <summary>The pages in a real browser: opened from disk, light, dark and on paper.</summary>
public sealed class BrowserTests(TinyData tiny) : IClassFixture<TinyData>
{
    private const int Width = 1200, Height = 2400;

    [Fact]
    public void The_report_is_drawn_light_and_dark_without_an_error_on_the_console()
    {
        Browser.Require();
        string page = Save(EvaluationPage.Of(SampleEvaluation.Model).ToString());
        using SKBitmap light = Screenshot(page), dark = Screenshot(page, "--blink-settings=preferredColorScheme=0");
        Assert.All((SKBitmap[])[light, dark], picture =>
        {
            Assert.Equal((Width, Height), (picture.Width, picture.Height));
            Assert.InRange(picture.Pixels.Distinct().Count(), 200, 1_000_000);
        });
        Assert.InRange(Brightness(light), 180, 254);
        Assert.InRange(Brightness(dark), 10, 90);
    }

    [Fact]
    public void The_report_is_printed()
    {
        Browser.Require();
        string page = Save(EvaluationPage.Of(SampleEvaluation.Model).ToString()), paper = tiny.New("page") + ".pdf";
        Assert.Empty(Browser.Open(page, $"--print-to-pdf={paper}"));
        byte[] bytes = File.ReadAllBytes(paper);
        Assert.True(bytes.AsSpan().StartsWith("%PDF-"u8));
        Assert.InRange(bytes.Length, 20_000, 5_000_000);
    }

    /// <summary>That the tests above would see it: a page that asks the network for something is refused that by its own policy, and the console says so.</summary>
    [Fact]
    public void A_page_that_asks_the_network_is_told_of_on_the_console()
    {
        Browser.Require();
        string page = Save(EvaluationPage.Of(SampleEvaluation.Model).ToString().Replace("<main>", "<main><img src=\"https://pages.invalid/x.png\" alt=\"x\" />", StringComparison.Ordinal));
        string[] console = Browser.Open(page, $"--screenshot={tiny.New("shot")}.png");
        Assert.Contains(console, line => line.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    private SKBitmap Screenshot(string page, params string[] arguments)
    {
        string file = tiny.New("shot") + ".png";
        Assert.Empty(Browser.Open(page, [$"--screenshot={file}", $"--window-size={Width},{Height}", .. arguments]));
        return SKBitmap.Decode(file);
    }

    private string Save(string text)
    {
        string path = tiny.New("page") + ".html";
        File.WriteAllText(path, text);
        return path;
    }

    private static double Brightness(SKBitmap picture) => picture.Pixels.Average(pixel => (pixel.Red + pixel.Green + pixel.Blue) / 3.0);
}
