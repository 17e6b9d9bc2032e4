using System.Globalization;
using System.Text.Json;
using SkiaSharp;
using Xunit;

namespace GpuCnn.Runner.Tests.DataSets;

/// <summary>A model for one's own pictures, from a folder to answers.</summary>
public sealed class OwnPicturesTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("gpucnn-own-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_folder_of_2000_pictures_trains_by_one_command_and_its_model_knows_new_ones()
    {
        string data = Path.Combine(root, "shapes"), run = Path.Combine(root, "run"), fresh = Path.Combine(root, "fresh"), broken = Path.Combine(data, "ring", "7.jpg");
        Draw(data, 400, 1);
        Draw(fresh, 20, 2);
        File.WriteAllBytes(broken, File.ReadAllBytes(broken)[..^200]);
        CommandRun trained = CommandRun.Of("train", "--model", "cnn2", "--data", data, "--output", run, "--epochs", "12", "--batch-size", "64", "--accelerator", "cpu", "--json", "--no-pictures");
        Assert.Equal(0, trained.ExitCode);
        Assert.Contains($"gpucnn: warning: {broken}: the image is damaged or cut off", trained.Error, StringComparison.Ordinal);
        Assert.Contains("are left out: 1 damaged", trained.Error, StringComparison.Ordinal);
        Assert.Equal(PictureSamples.Shapes, trained.Json.GetProperty("test").GetProperty("classes").EnumerateArray().Select(each => each.GetProperty("name").GetString()));
        Assert.InRange(trained.Json.GetProperty("test").GetProperty("accuracy").GetDouble(), 0.85, 1);

        string weights = Path.Combine(run, "weights", "last.safetensors");
        CommandRun evaluated = CommandRun.Of("evaluate", "--weights", weights, "--data", data, "--accelerator", "cpu", "--json");
        Assert.Equal(trained.Json.GetProperty("test").GetProperty("accuracy").GetDouble(), evaluated.Json.GetProperty("accuracy").GetDouble());
        CommandRun predicted = CommandRun.Of("predict", fresh, "--weights", weights, "--accelerator", "cpu", "--json");
        JsonElement[] answers = [.. predicted.Json.EnumerateArray()];
        Assert.Equal(100, answers.Length);
        Assert.Equal(["file", "class", "label", "probabilities", "logits"], CommandRun.Keys(answers[0]));
        Assert.InRange(answers.Count(IsRight), 80, 100);

        // The same shapes dark on light: turned round when asked or by themselves, and not understood otherwise.
        string dark = Path.Combine(root, "dark");
        Negate(fresh, dark);
        int Right(params string[] more) => CommandRun.Of(["predict", dark, "--weights", weights, "--accelerator", "cpu", "--json", .. more]).Json.EnumerateArray().Count(IsRight);
        Assert.Equal(answers.Count(IsRight), Right());
        Assert.Equal(answers.Count(IsRight), Right("--invert", "yes"));
        Assert.InRange(Right("--invert", "no"), 0, 70);
    }

    [Fact]
    public void Files_and_lists_are_predicted_and_what_cannot_be_read_is_named()
    {
        string weights = Path.Combine(root, "cnn1.safetensors"), good = Path.Combine(root, "good.png"), bad = Path.Combine(root, "bad.png"), missing = Path.Combine(root, "missing.png");
        WeightsFile.Save(weights, TinyData.Tensors(ModelZoo.Cnn1, 0.01f));
        PictureSamples.WriteShape(good, "ring", new Random(1));
        File.WriteAllText(bad, "no picture");
        CommandRun run = CommandRun.Of(new Host(new StringWriter(), new StringWriter()) { In = new StringReader($"{good}\n\n{missing}\n") },
            "predict", bad, "-", "--weights", weights, "--accelerator", "cpu", "--json");
        Assert.Equal(2, run.ExitCode);
        Assert.Equal([$"gpucnn: {bad}: it is no image that can be read; give PNG or JPEG files", $"gpucnn: {missing}: there is no such file"], run.ErrorLines);
        Assert.Equal(good, Assert.Single(run.Json.EnumerateArray()).GetProperty("file").GetString());
        CommandRun picture = CommandRun.Of(new Host(new StringWriter(), new StringWriter()) { In = new StringReader("\u0089PNG\r\n\u001a\n\0\0\0\rIHDR") }, "predict", "-", "--weights", weights, "--accelerator", "cpu");
        Assert.Equal((2, "gpucnn: standard input: it is no list of names of files, one a line; give a picture by its name\n", ""), (picture.ExitCode, picture.Error, picture.Out));
        CommandRun empty = CommandRun.Of("predict", Directory.CreateDirectory(Path.Combine(root, "empty")).FullName, "--weights", weights, "--accelerator", "cpu");
        Assert.Equal((2, $"gpucnn: {Path.Combine(root, "empty")}: there is no PNG or JPEG file in this folder\n"), (empty.ExitCode, empty.Error));
        Assert.Equal(2, CommandRun.Of("predict", good, "--weights", weights, "--split", "test").ExitCode);
        Assert.Equal(2, CommandRun.Of("predict", "--weights", weights, "--invert", "yes").ExitCode);
        Assert.Equal(2, CommandRun.Of("predict", good, "--weights", weights, "--invert", "perhaps").ExitCode);
    }

    [Fact]
    public void An_image_of_Fashion_MNIST_gives_the_same_answer_from_a_file_of_any_size()
    {
        string weights = Path.Combine(root, "cnn1.safetensors"), sheet = Path.Combine(root, "image.png");
        WeightsFile.Save(weights, TinyData.Tensors(ModelZoo.Cnn1, 0.01f));
        ImageSet test = FashionMnist.LoadTest(FashionMnist.FindFolder()!);
        PictureSamples.Write(sheet, 28, 28, canvas =>
        {
            for (int i = 0; i < 784; i++)
            {
                byte grey = test.Pixels.Span[i];
                canvas.DrawPoint(i % 28, i / 28, new SKColor(grey, grey, grey));
            }
        });
        JsonElement[] fromFile = [.. CommandRun.Of("predict", sheet, "--weights", weights, "--accelerator", "cpu", "--json").Json.EnumerateArray()];
        JsonElement[] fromSplit = [.. CommandRun.Of("predict", "--count", "1", "--weights", weights, "--accelerator", "cpu", "--json").Json.EnumerateArray()];
        Assert.Equal(fromSplit[0].GetProperty("logits").GetRawText(), fromFile[0].GetProperty("logits").GetRawText());
    }

    private static bool IsRight(JsonElement answer) => answer.GetProperty("label").GetString() == Path.GetFileName(Path.GetDirectoryName(answer.GetProperty("file").GetString()));

    private static void Draw(string folder, int each, int seed)
    {
        Parallel.For(0, PictureSamples.Shapes.Length * each, i =>
        {
            string shape = PictureSamples.Shapes[i % PictureSamples.Shapes.Length], name = string.Create(CultureInfo.InvariantCulture, $"{i / PictureSamples.Shapes.Length}.{(i % 2 == 0 ? "png" : "jpg")}");
            PictureSamples.WriteShape(Path.Combine(folder, shape, name), shape, new Random((seed * 100_000) + i));
        });
    }

    private static void Negate(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            using SKBitmap bitmap = SKBitmap.Decode(file);
            string target = Path.Combine(to, Path.ChangeExtension(Path.GetRelativePath(from, file), ".png"));
            PictureSamples.Write(target, bitmap.Width, bitmap.Height, canvas =>
            {
                using var negative = new SKPaint { ColorFilter = SKColorFilter.CreateColorMatrix([-1, 0, 0, 0, 1, 0, -1, 0, 0, 1, 0, 0, -1, 0, 1, 0, 0, 0, 1, 0]) };
                canvas.DrawBitmap(bitmap, 0, 0, negative);
            });
        }
    }
}
