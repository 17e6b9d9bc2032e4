using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports;
using SkiaSharp;
using Xunit;

namespace GpuCnn.Runner.Tests;

public sealed class LearningCurvesTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly SKColor Training = SKColor.Parse("#1f77b4"), Validation = SKColor.Parse("#ff7f0e"), Best = SKColor.Parse("#2ca02c");

    [Fact]
    public void Both_panels_have_both_curves_and_the_best_epoch()
    {
        using SKBitmap picture = Draw(Epochs(8, held: true), 5);
        Assert.Equal((1400, 600), (picture.Width, picture.Height));
        Assert.Equal(SKColors.White, picture.GetPixel(2, 2));
        foreach (int left in (int[])[0, 700])
        {
            foreach (SKColor colour in (SKColor[])[Training, Validation, Best])
            {
                Assert.InRange(Count(picture, left, colour), 100, 20_000);
            }
        }
        // The dashed line of the best epoch goes down the whole panel at one column: a little right of the middle for epoch 5 of 8.
        int[] columns = [.. Enumerable.Range(80, 600).Where(x => Enumerable.Range(60, 480).Count(y => picture.GetPixel(x, y) is var pixel && pixel.Green - Math.Max(pixel.Red, pixel.Blue) > 30) > 150)];
        Assert.NotEmpty(columns);
        Assert.All(columns, x => Assert.InRange(x, 380, 480));
    }

    [Fact]
    public void Without_validation_there_is_neither_its_curve_nor_a_best_epoch()
    {
        using SKBitmap picture = Draw(Epochs(1, held: false), null);
        Assert.InRange(Count(picture, 0, Training), 20, 20_000);
        Assert.Equal(0, Count(picture, 0, Validation) + Count(picture, 700, Validation) + Count(picture, 0, Best) + Count(picture, 700, Best));
    }

    [Fact]
    public void A_picture_that_cannot_be_drawn_is_one_warning_and_no_failure()
    {
        var output = new FolderIn(tiny.New("run"));
        CommandRun run = CommandRun.Of(new Host(output, new StringWriter()), "train", "--data", tiny.Data, "--accelerator", "cpu", "--epochs", "1", "--output", output.Folder);
        Assert.Equal(0, run.ExitCode);
        Assert.StartsWith("gpucnn: warning: the pictures could not be drawn: ", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("test, last", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void No_pictures_draws_none()
    {
        string folder = tiny.New("run");
        Assert.Equal(0, CommandRun.Of("train", "--data", tiny.Data, "--accelerator", "cpu", "--epochs", "1", "--no-pictures", "--output", folder).ExitCode);
        Assert.Empty(Directory.EnumerateFiles(folder, "*.png", SearchOption.AllDirectories));
    }

    private SKBitmap Draw(EpochDocument[] epochs, int? best)
    {
        string path = tiny.New("curves");
        LearningCurves.Write(path, "cnn1", epochs, [.. Enumerable.Range(0, epochs.Length * 10).Select(i => 0.3f + (2f / (1 + i)))], 10, best);
        return SKBitmap.Decode(path);
    }

    private static EpochDocument[] Epochs(int count, bool held) => [.. Enumerable.Range(1, count).Select(epoch => new EpochDocument(epoch, 0.3 + (0.4 / epoch), 0.9 - (0.2 / epoch),
        held ? 0.4 + (0.2 / epoch) : null, held ? 0.87 - (0.1 / epoch) : null, 0.001, 1, 1000))];

    private static int Count(SKBitmap picture, int left, SKColor colour) =>
        Enumerable.Range(left, 700).Sum(x => Enumerable.Range(0, 600).Count(y => Near(picture.GetPixel(x, y), colour)));

    private static bool Near(SKColor a, SKColor b) => Math.Abs(a.Red - b.Red) + Math.Abs(a.Green - b.Green) + Math.Abs(a.Blue - b.Blue) < 12;

    /// <summary>Puts a folder where the picture will go as soon as the table begins.</summary>
    private sealed class FolderIn(string folder) : StringWriter
    {
        public string Folder => folder;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains("  1/1  ", StringComparison.Ordinal) == true)
            {
                Directory.CreateDirectory(Path.Combine(folder, "results.png"));
            }
        }
    }
}
