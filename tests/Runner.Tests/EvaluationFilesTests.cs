using System.Globalization;
using System.Text.Json;
using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports;
using SkiaSharp;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>The files that an evaluation leaves.</summary>
public sealed class EvaluationFilesTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly string[] Names =
        ["report.txt", "report.json", "confusion_matrix.csv", "predictions.csv", "confusion_matrix.png", "confusion_matrix_normalized.png", "top_losses.png", "report.html"];

    [Fact]
    public void All_of_them_are_written_and_agree()
    {
        string folder = Write();
        Assert.Equal(Names.Order(StringComparer.Ordinal), Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        string[] matrix = File.ReadAllLines(Path.Combine(folder, "confusion_matrix.csv"));
        Assert.Equal("true \\ predicted,T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot", matrix[0]);
        EvaluationResult result = SampleEvaluation.Result;
        Assert.Equal(result.ConfusionMatrix.Select((row, i) => $"{result.Classes[i].Name},{string.Join(',', row)}"), matrix[1..]);
        Assert.Equal(Summaries.Report(result), File.ReadAllText(Path.Combine(folder, "report.txt")));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "report.json")));
        Assert.Equal(result.Accuracy, json.RootElement.GetProperty("accuracy").GetDouble());
    }

    /// <summary>Accuracy, loss, matrix, top-2 and the highest losses counted anew from the rows of predictions.csv.</summary>
    [Fact]
    public void Predictions_give_the_figures_again()
    {
        string folder = Write();
        string[] lines = File.ReadAllLines(Path.Combine(folder, "predictions.csv"));
        Assert.Equal("index,true_label,predicted_label,probability,true_probability,loss,p(T-shirt/top),p(Trouser),p(Pullover),p(Dress),p(Coat),p(Sandal),p(Shirt),p(Sneaker),p(Bag),p(Ankle boot)", lines[0]);
        string[][] rows = [.. lines[1..].Select(line => line.Split(','))];
        EvaluationDocument document = SampleEvaluation.Model.Document;
        Assert.Equal(Enumerable.Range(0, SampleEvaluation.Images).Select(i => $"{i}"), rows.Select(row => row[0]));
        Assert.Equal(document.Accuracy, rows.Average(row => row[1] == row[2] ? 1.0 : 0.0), 1e-12);
        Assert.Equal(document.Loss, rows.Average(row => Number(row[5])), 1e-9);
        string[] names = [.. SampleEvaluation.Model.ClassNames];
        int second = 0;
        foreach (string[] row in rows)
        {
            double[] probabilities = [.. row[6..].Select(Number)];
            Assert.Equal(1, probabilities.Sum(), 1e-5);
            Assert.Equal(probabilities.Max(), Number(row[3]));
            double own = probabilities[Array.IndexOf(names, row[1])];
            Assert.Equal(own, Number(row[4]));
            Assert.Equal(-Math.Log(own), Number(row[5]), 1e-4);
            second += probabilities.Count(each => each > own) + names.Where((name, i) => probabilities[i] == own && i < Array.IndexOf(names, row[1])).Count() < 2 ? 1 : 0;
        }
        Assert.Equal(document.Top2Accuracy, (double)second / rows.Length, 1e-12);
        Assert.Equal(document.TopLosses.Select(image => $"{image.Index}"), rows.OrderByDescending(row => Number(row[5])).Take(document.TopLosses.Count).Select(row => row[0]));
    }

    [Theory]
    [InlineData("confusion_matrix.png", 1014, 640)]
    [InlineData("confusion_matrix_normalized.png", 1014, 640)]
    public void Matrices_are_pictures_with_a_green_diagonal(string name, int width, int height)
    {
        using SKBitmap picture = SKBitmap.Decode(Path.Combine(Write(), name));
        Assert.Equal((width, height), (picture.Width, picture.Height));
        for (int i = 0; i < 10; i++)
        {
            SKColor hit = picture.GetPixel(picture.Width - 24 - ((9 - i) * 86) - 80, 96 + (i * 52) + 6);
            Assert.True(hit.Green > hit.Red + 20 && hit.Green > hit.Blue, $"hits of class {i} are {hit}");
        }
        // Only what never occurs is white.
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(SampleEvaluation.Result.ConfusionMatrix[i / 10][i % 10] == 0, Zero(picture, i / 10, i % 10));
        }
        Assert.InRange(Ink(picture), 0.02, 0.5);
    }

    [Fact]
    public void Pictures_of_counts_and_shares_differ() =>
        Assert.NotEqual(File.ReadAllBytes(Path.Combine(Write(), "confusion_matrix.png")), File.ReadAllBytes(Path.Combine(Write(), "confusion_matrix_normalized.png")));

    [Fact]
    public void The_highest_losses_show_their_images()
    {
        using SKBitmap picture = SKBitmap.Decode(Path.Combine(Write(), "top_losses.png"));
        Assert.InRange(picture.Width, 700, 1600);
        Assert.InRange(picture.Height, 500, 1600);
        // The first image's first line lies somewhere at the top left, its pixels enlarged to squares.
        int index = SampleEvaluation.Model.Document.TopLosses[0].Index;
        byte[] line = SampleEvaluation.Model.Images.Pixels.Span.Slice(index * 784, 28).ToArray();
        int side = ContactSheet.FactorFor(GreyImage.Of(SampleEvaluation.Model.Images, index));
        Assert.Contains(Enumerable.Range(0, 100 * 100), place => Enumerable.Range(0, side * 28).All(x =>
            picture.GetPixel((place % 100) + x, place / 100) == new SKColor(line[x / side], line[x / side], line[x / side])));
    }

    [Fact]
    public void Evaluate_writes_into_a_new_folder_and_refuses_a_full_one()
    {
        string folder = tiny.New("out");
        CommandRun run = Evaluate("--output", folder);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(Names.Order(StringComparer.Ordinal), Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains(Path.Combine(folder, "report.html"), run.Out, StringComparison.Ordinal);
        CommandRun again = Evaluate("--output", folder);
        Assert.Equal(2, again.ExitCode);
        Assert.Contains($"{folder}: the folder is not empty", Assert.Single(again.ErrorLines), StringComparison.Ordinal);
        CommandRun json = Evaluate("--output", tiny.New("out"), "--json");
        Assert.Equal(100, json.Json.GetProperty("samples").GetInt32());
        Assert.Contains("report.html", json.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_writes_nothing_unless_asked_to()
    {
        int before = Directory.EnumerateFileSystemEntries(tiny.Root).Count();
        Assert.Equal(0, Evaluate().ExitCode);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(tiny.Root).Count());
    }

    [Theory]
    [InlineData("0.1", 0)]
    [InlineData("0.100001", 1)]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    public void A_missed_accuracy_fails(string least, int code)
    {
        // Equal logits: the first of ten classes is predicted for every image.
        CommandRun run = Evaluate("--min-accuracy", least);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains("accuracy 0.1000", run.Out, StringComparison.Ordinal);
        Assert.Equal(code == 0 ? [] : [$"gpucnn: the accuracy 0.1 is below the {least} that --min-accuracy asks for"], run.ErrorLines);
    }

    [Fact]
    public void A_run_folder_tells_epochs_and_options()
    {
        string run = tiny.New("run"), folder = tiny.New("out");
        Assert.Equal(0, CommandRun.Of("train", "--data", tiny.Data, "--accelerator", "cpu", "--epochs", "2", "--train-samples", "60", "--output", run, "--quiet").ExitCode);
        CommandRun.Of("evaluate", "--weights", Path.Combine(run, "weights", "best.safetensors"), "--data", tiny.Data, "--accelerator", "cpu", "--output", folder);
        foreach (string page in (string[])[Path.Combine(run, "report.html"), Path.Combine(folder, "report.html")])
        {
            string text = File.ReadAllText(page);
            Assert.Contains("id=\"training\"", text, StringComparison.Ordinal);
            Assert.Contains("train_samples", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("results.csv", "epoch\n1,2\n")]
    [InlineData("results.csv", "epoch\n1,x,1,1,1,1,1,1\n")]
    [InlineData("args.json", "{")]
    [InlineData("args.json", "[]")]
    public void Notes_that_cannot_be_read_are_left_out(string file, string content)
    {
        string folder = tiny.New("run");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "args.json"), "{\"epochs\":1}");
        File.WriteAllText(Path.Combine(folder, "results.csv"), "epoch\n1,0.5,0.25,,,0.001,2,3\n");
        RunNotes notes = RunNotes.OfWeights(Path.Combine(folder, "weights", "best.safetensors"));
        Assert.Equal(new EpochDocument(1, 0.5, 0.25, null, null, 0.001, 2, 3), Assert.Single(notes.Epochs));
        Assert.Equal(KeyValuePair.Create("epochs", "1"), Assert.Single(notes.Options));
        File.WriteAllText(Path.Combine(folder, file), content);
        Assert.Same(RunNotes.None, RunNotes.OfWeights(Path.Combine(folder, "weights", "best.safetensors")));
    }

    private CommandRun Evaluate(params string[] args) => CommandRun.Of(["evaluate", "--weights", tiny.Weights, "--data", tiny.Data, "--accelerator", "cpu", .. args]);

    private string Write()
    {
        string folder = tiny.New("files");
        Directory.CreateDirectory(folder);
        Assert.Equal(Names.Select(name => Path.Combine(folder, name)), EvaluationFiles.Write(folder, SampleEvaluation.Model));
        return folder;
    }

    private static bool Zero(SKBitmap picture, int row, int column) =>
        picture.GetPixel(picture.Width - 24 - ((9 - column) * 86) - 80, 96 + (row * 52) + 6) == SKColors.White;

    /// <summary>The share of pixels that are dark.</summary>
    private static double Ink(SKBitmap picture) => picture.Pixels.Average(pixel => pixel.Red + pixel.Green + pixel.Blue < 380 ? 1.0 : 0.0);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
