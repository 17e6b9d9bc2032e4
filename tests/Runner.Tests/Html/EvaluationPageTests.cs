using System.Globalization;
using System.Xml.Linq;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Reports.Html;
using SkiaSharp;
using Xunit;

namespace GpuCnn.Runner.Tests.Html;

/// <summary>report.html: its parts, and that its numbers are those of report.json.</summary>
public sealed class EvaluationPageTests
{
    private static readonly EvaluatedModel Model = SampleEvaluation.Model;

    private static readonly XElement Page = PageReader.Read(EvaluationPage.Of(Model).ToString());

    private static EvaluationDocument Document => Model.Document;

    [Fact]
    public void Every_part_is_there()
    {
        Assert.Equal(["figures", "confusion", "classes", "confused", "losses", "training", "options"], Page.Descendants("section").Select(each => each.Attribute("id")!.Value));
        Assert.Equal("Evaluation of cnn1 on the test split", Page.Descendants("h1").Single().Value);
        XElement bare = PageReader.Read(EvaluationPage.Of(Model with { Run = RunNotes.None }).ToString());
        Assert.Equal(["figures", "confusion", "classes", "confused", "losses"], bare.Descendants("section").Select(each => each.Attribute("id")!.Value));
    }

    [Fact]
    public void Headline_figures_are_those_of_the_document()
    {
        string[] values = [.. Section("figures").Descendants("dd").Select(each => each.Nodes().OfType<XText>().First().Value)];
        Assert.Equal([Four(Document.Accuracy), Four(Document.Top2Accuracy), Four(Document.Loss), "600"], values);
        Assert.Equal($"95 % interval {Four(Document.Interval[0])} to {Four(Document.Interval[1])}", Section("figures").Descendants("small").First().Value);
    }

    [Fact]
    public void The_matrix_names_both_axes_and_has_every_count()
    {
        XElement table = Section("confusion").Descendants("table").Single();
        Assert.Equal(["true class", "predicted class"], table.Descendants("th").Where(cell => cell.Attribute("class")?.Value == "axis").Select(cell => cell.Value));
        string[][] rows = PageReader.Rows(table);
        Assert.Equal(Model.ClassNames, rows[1]);
        Assert.Equal(Document.ConfusionMatrix.Select((row, i) => (string[])[Model.ClassNames[i], .. row.Select(count => $"{count}")]), rows[2..]);
        XElement[][] cells = [.. table.Element("tbody")!.Elements("tr").Select(row => row.Elements("td").ToArray())];
        for (int row = 0; row < 10; row++)
        {
            for (int column = 0; column < 10; column++)
            {
                Assert.Equal(row == column, cells[row][column].Attribute("class")!.Value == "hit");
                double share = (double)Document.ConfusionMatrix[row][column] / Document.Classes[row].Support;
                Assert.Equal(Math.Sqrt(share), double.Parse(cells[row][column].Attribute("style")!.Value["--level:".Length..], CultureInfo.InvariantCulture), 1e-3);
            }
        }
    }

    [Fact]
    public void Tables_are_those_of_the_document()
    {
        string[][] report = PageReader.Rows(Section("classes").Descendants("table").Single());
        Assert.Equal(["class", "precision", "recall", "f1-score", "support"], report[0]);
        Assert.Equal(Document.Classes.Select(each => (string[])[each.Name, Four(each.Precision), Four(each.Recall), Four(each.F1), $"{each.Support}"]), report[1..11]);
        Assert.Equal(["accuracy", "", "", Four(Document.Accuracy), "600"], report[11]);
        Assert.Equal(["weighted avg", Four(Document.WeightedAvg.Precision), Four(Document.WeightedAvg.Recall), Four(Document.WeightedAvg.F1), "600"], report[13]);
        string[][] pairs = PageReader.Rows(Section("confused").Descendants("table").Single());
        Assert.Equal(Document.MostConfused.Select(each => (string[])[each.True, each.Predicted, $"{each.Count}", Four(each.Share)]), pairs[1..]);
        string[][] options = PageReader.Rows(Section("options").Descendants("table").Single());
        Assert.Equal([["option", "value"], ["model", "cnn1"], ["data", "a <folder> & \"more\""]], options);
        Assert.Equal(["1", "0.8000", "0.7000", "0.6000", "0.7800", "1.50"], PageReader.Rows(Section("training").Descendants("table").Single())[1]);
    }

    [Fact]
    public void The_highest_losses_come_with_their_images()
    {
        XElement[] figures = [.. Section("losses").Descendants("figure")];
        Assert.Equal(Document.TopLosses.Count, figures.Length);
        foreach ((XElement figure, LossDocument image) in figures.Zip(Document.TopLosses))
        {
            Assert.Equal($"Image {image.Index}: {image.True}, taken for {image.Predicted}", figure.Element("img")!.Attribute("alt")!.Value);
            Assert.Contains($"loss {Four(image.Loss)}", figure.Value, StringComparison.Ordinal);
            using SKBitmap picture = Decode(figure.Element("img")!);
            Assert.Equal((28, 28), (picture.Width, picture.Height));
            ReadOnlySpan<byte> pixels = Model.Images.Pixels.Span.Slice(image.Index * 784, 784);
            for (int i = 0; i < 784; i++)
            {
                Assert.Equal(pixels[i], picture.GetPixel(i % 28, i / 28).Red);
            }
        }
    }

    [Fact]
    public void Curves_are_pictures_without_background()
    {
        XElement[] images = [.. Section("training").Descendants("img")];
        Assert.Equal(2, images.Length);
        foreach (XElement image in images)
        {
            using SKBitmap picture = Decode(image);
            Assert.Equal((960, 640), (picture.Width, picture.Height));
            Assert.Equal(0, picture.GetPixel(3, 3).Alpha);
            // Both lines are drawn.
            Assert.Contains(picture.Pixels, pixel => pixel is { Blue: > 200, Red: < 80, Alpha: 255 });
            Assert.Contains(picture.Pixels, pixel => pixel is { Red: > 200, Blue: < 80, Alpha: 255 });
        }
    }

    [Fact]
    public void Without_validation_the_curves_have_one_line()
    {
        var epochs = new RunNotes([], [new EpochDocument(1, 0.8, 0.7, null, null, 0.001, 1.5, 32_000)]);
        XElement page = PageReader.Read(EvaluationPage.Of(Model with { Run = epochs }).ToString());
        using SKBitmap picture = Decode(page.Descendants("section").Single(each => each.Attribute("id")!.Value == "training").Descendants("img").First());
        Assert.DoesNotContain(picture.Pixels, pixel => pixel is { Red: > 200, Blue: < 80, Alpha: 255 });
    }

    private static XElement Section(string id) => Page.Descendants("section").Single(each => each.Attribute("id")!.Value == id);

    private static SKBitmap Decode(XElement image) => SKBitmap.Decode(Convert.FromBase64String(image.Attribute("src")!.Value["data:image/png;base64,".Length..]));

    private static string Four(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
