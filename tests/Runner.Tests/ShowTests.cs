using System.Globalization;
using System.Text.Json;
using SkiaSharp;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary><c>show</c>: which images it takes, and how they look.</summary>
public sealed class ShowTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly ImageSet Real = FashionMnist.LoadTest(FashionMnist.FindFolder()!);

    public static TheoryData<int, ScreenKind> Screens => new([.. from width in (int[])[40, 80, 120] from kind in Enum.GetValues<ScreenKind>() select (width, kind)]);

    [Theory]
    [MemberData(nameof(Screens))]
    public void Pictures_fit_the_terminal(int width, ScreenKind kind)
    {
        CommandRun run = Screen.Run(width, kind, "show", "--index", "0,18,9998", "--weights", tiny.Weights, "--accelerator", "cpu");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Snapshot.Matches(run.Out, $"show-{width}-{kind}.txt".ToLowerInvariant());
    }

    [Theory]
    [MemberData(nameof(Screens))]
    public void Numbers_fit_the_terminal(int width, ScreenKind kind)
    {
        CommandRun run = Screen.Run(width, kind, "show", "--index", "2", "--numbers");
        Assert.Equal(0, run.ExitCode);
        Snapshot.Matches(run.Out, $"numbers-{width}-{kind}.txt".ToLowerInvariant());
    }

    [Fact]
    public void Numbers_in_a_pipe_are_whole_rows_of_the_pixels()
    {
        string[] lines = CommandRun.Of("show", "--index", "1", "--numbers").Out.Split('\n');
        Assert.Equal("#1 Pullover", lines[0]);
        int[] numbers = [.. lines[2..30].SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..].Select(number => int.Parse(number, CultureInfo.InvariantCulture)))];
        Assert.Equal(Pixels(1).Select(pixel => (int)pixel), numbers);
    }

    [Fact]
    public void A_sheet_has_every_pixel_enlarged_and_a_caption_below()
    {
        string path = tiny.New("sheet") + ".png";
        CommandRun run = CommandRun.Of("show", "--index", "0,1,2", "--output", path);
        Assert.Equal($"contact sheet of 3 images: {path}\n", run.Out.ReplaceLineEndings("\n"));
        using SKBitmap sheet = SKBitmap.Decode(path);
        Assert.Equal((24 + 140 + 20 + 140 + 24, 24 + (2 * 164) + 20 + 24), (sheet.Width, sheet.Height));
        (int Left, int Top)[] places = [(24, 24), (184, 24), (24, 208)];
        for (int i = 0; i < 3; i++)
        {
            int left = places[i].Left, top = places[i].Top;
            Assert.Equal(Pixels(i), Enumerable.Range(0, 784).Select(at => Grey(sheet.GetPixel(left + (at % 28 * 5) + 2, top + (at / 28 * 5) + 2))));
            // The caption: dark on the light sheet, and none right of the last word.
            Assert.Contains(Enumerable.Range(0, 140 * 18), at => sheet.GetPixel(left + (at % 140), top + 146 + (at / 140)).Red < 64);
        }
        Assert.Equal(new SKColor(0xfa, 0xfa, 0xf8), sheet.GetPixel(2, 2));
    }

    [Theory]
    [MemberData(nameof(Screens))]
    public void Augmented_forms_stand_beside_their_image(int width, ScreenKind kind)
    {
        CommandRun run = Screen.Run(width, kind, "show", "--data", tiny.Data, "--index", "3,12", "--augment", "shift=3,flip,erase=0.5", "--accelerator", "cpu");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Snapshot.Matches(run.Out, $"augmented-{width}-{kind}.txt".ToLowerInvariant());
    }

    [Fact]
    public void Augmented_forms_are_those_that_a_training_with_the_seed_sees()
    {
        string[] start = ["show", "--index", "5,9", "--augment", "shift=2,erase=0.5", "--accelerator", "cpu", "--numbers", "--json"];
        JsonElement[] shown = [.. CommandRun.Of([.. start]).Json.EnumerateArray()];
        Assert.Equal(["5-", "5-1", "5-2", "5-3", "9-", "9-1", "9-2", "9-3"], shown.Select(each => $"{each.GetProperty("index")}-{(each.TryGetProperty("augmented", out JsonElement form) ? form.ToString() : "")}"));
        ImageSet train = FashionMnist.LoadTrain(FashionMnist.FindFolder()!);
        using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), 1);
        using var forms = new AugmentedImages(device, train, new Augmentation(2, Erase: 0.5), 1);
        foreach (JsonElement each in shown)
        {
            int index = each.GetProperty("index").GetInt32();
            byte[] expected = each.TryGetProperty("augmented", out JsonElement form) ? forms.At(index, form.GetInt32()) : train.Pixels.Slice(index * 784, 784).ToArray();
            Assert.Equal(expected.Select(pixel => (int)pixel), Numbers(each));
        }
    }

    [Fact]
    public void A_sheet_keeps_an_image_and_its_augmented_forms_in_one_row()
    {
        string path = tiny.New("sheet") + ".png";
        CommandRun run = CommandRun.Of("show", "--data", tiny.Data, "--count", "6", "--augment", "flip", "--accelerator", "cpu", "--output", path);
        Assert.Equal($"contact sheet of 24 images: {path}\n", run.Out.ReplaceLineEndings("\n"));
        using SKBitmap sheet = SKBitmap.Decode(path);
        Assert.Equal(0, (sheet.Width - 48 + 20) / 160 % 4);
    }

    [Fact]
    public void Wrong_and_right_predictions_differ_in_colour_on_a_sheet()
    {
        string path = tiny.New("sheet") + ".png";
        Assert.Equal(0, CommandRun.Of("show", "--data", tiny.Data, "--index", "0,1", "--weights", tiny.Weights, "--accelerator", "cpu", "--output", path).ExitCode);
        using SKBitmap sheet = SKBitmap.Decode(path);
        SKColor[] line = [.. Enumerable.Range(0, sheet.Width * 18).Select(at => sheet.GetPixel(at % sheet.Width, 24 + 146 + 18 + (at / sheet.Width)))];
        Assert.Contains(line[..], pixel => pixel.Green > pixel.Red + 60);
        Assert.Contains(line[..], pixel => pixel.Red > pixel.Green + 100);
    }

    [Fact]
    public void Filters_take_what_fits_and_say_when_too_few_do()
    {
        // The weights call every image a T-shirt: those, every tenth, are right.
        string[] start = ["show", "--data", tiny.Data, "--weights", tiny.Weights, "--accelerator", "cpu", "--json"];
        Assert.Equal([0, 10, 20], Indices(CommandRun.Of([.. start, "--right", "--count", "3"])));
        Assert.Equal([1, 2, 3, 4], Indices(CommandRun.Of([.. start, "--wrong", "--count", "4"])));
        Assert.Equal([7, 17], Indices(CommandRun.Of([.. start, "--wrong", "--class", "sneaker", "--count", "2"])));
        CommandRun few = CommandRun.Of([.. start, "--right", "--count", "30"]);
        Assert.Equal(10, Indices(few).Length);
        Assert.Equal("only 10 of the 30 images asked for fit", Assert.Single(few.ErrorLines));
        CommandRun none = CommandRun.Of([.. start, "--right", "--class", "Bag"]);
        Assert.Empty(Indices(none));
        Assert.Equal("no image fits", Assert.Single(none.ErrorLines));
        Assert.Equal(300, Indices(CommandRun.Of("show", "--data", tiny.Data, "--split", "train", "--count", "300", "--json")).Length);
    }

    [Fact]
    public void A_seed_draws_the_same_images_again_and_every_image_sometimes()
    {
        int[] Draw(int seed) => Indices(CommandRun.Of("show", "--data", tiny.Data, "--class", "3", "--count", "4", "--seed", $"{seed}", "--json"));
        Assert.Equal(Draw(1), Draw(1));
        int[][] draws = [.. Enumerable.Range(1, 30).Select(Draw)];
        Assert.All(draws, draw => Assert.Equal(draw.Distinct().Order().ToArray(), draw));
        Assert.All(draws, draw => Assert.Equal(4, draw.Length));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (10 * i) + 3), draws.SelectMany(draw => draw).Distinct().Order());
    }

    [Fact]
    public void Json_has_labels_predictions_and_pixels_when_asked_for()
    {
        JsonElement plain = Assert.Single(CommandRun.Of("show", "--index", "4", "--json").Json.EnumerateArray());
        Assert.Equal(["index", "file", "width", "height", "class", "label", "prediction"], CommandRun.Keys(plain));
        Assert.Equal((4, Real.Labels.Span[4], JsonValueKind.Null), (plain.GetProperty("index").GetInt32(), plain.GetProperty("class").GetInt32(), plain.GetProperty("prediction").ValueKind));
        JsonElement full = Assert.Single(CommandRun.Of("show", "--index", "4", "--numbers", "--weights", tiny.Weights, "--accelerator", "cpu", "--json").Json.EnumerateArray());
        Assert.Equal(Pixels(4).Select(pixel => (int)pixel), full.GetProperty("pixels").EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(pixel => pixel.GetInt32()));
        JsonElement prediction = full.GetProperty("prediction");
        Assert.Equal(["class", "label", "probability", "correct"], CommandRun.Keys(prediction));
        Assert.Equal((0, "T-shirt/top", false), (prediction.GetProperty("class").GetInt32(), prediction.GetProperty("label").GetString(), prediction.GetProperty("correct").GetBoolean()));
        Assert.Equal(0.1, prediction.GetProperty("probability").GetDouble(), 1e-6);
    }

    [Fact]
    public void Files_are_read_as_grey_in_their_own_size()
    {
        string grey = File("grey.png", 28, 28, SKEncodedImageFormat.Png, (x, y) => Value(Pixels(7)[(y * 28) + x]));
        string coloured = File("coloured.png", 3, 1, SKEncodedImageFormat.Png, (x, _) => ((SKColor[])[new(255, 0, 0), new(0, 255, 0), new(0, 0, 255)])[x]);
        string photo = File("photo.jpg", 200, 90, SKEncodedImageFormat.Jpeg, (x, _) => Value((byte)x));
        JsonElement[] read = [.. CommandRun.Of("show", grey, coloured, "--numbers", "--json").Json.EnumerateArray()];
        Assert.Equal(Pixels(7).Select(pixel => (int)pixel), Numbers(read[0]));
        Assert.Equal([54, 182, 18], Numbers(read[1]));
        Assert.Equal((photo, JsonValueKind.Null), (CommandRun.Of("show", photo, "--json").Json[0].GetProperty("file").GetString(), read[0].GetProperty("index").ValueKind));
        CommandRun shown = Screen.Run(80, ScreenKind.Ascii, "show", photo);
        Assert.Equal(["photo.jpg 200x90", "photo.jpg: 200x90 pixels, drawn 3 times smaller"], shown.Out.Split('\n').Where(line => line.Contains("photo", StringComparison.Ordinal)).Select(line => line.Trim()));
        Assert.Equal("class", CommandRun.Keys(CommandRun.Of("show", grey, "--weights", tiny.Weights, "--accelerator", "cpu", "--json").Json[0].GetProperty("prediction"))[0]);
        Assert.Equal(0.1, CommandRun.Of("show", photo, "--weights", tiny.Weights, "--accelerator", "cpu", "--json").Json[0].GetProperty("prediction").GetProperty("probability").GetDouble(), 1e-6);
        Assert.Equal(2, CommandRun.Of("show", photo, "--numbers").ExitCode);
    }

    [Fact]
    public void A_file_cut_off_is_refused()
    {
        string path = File("whole.png", 28, 28, SKEncodedImageFormat.Png, (x, y) => Value((byte)(x * y % 251)));
        System.IO.File.WriteAllBytes(path, System.IO.File.ReadAllBytes(path)[..200]);
        CommandRun run = CommandRun.Of("show", path);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"gpucnn: {path}: the image is damaged or cut off", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    private static byte[] Pixels(int index) => Real.Pixels.Slice(index * 784, 784).ToArray();

    private static byte Grey(SKColor colour) => colour.Red == colour.Green && colour.Green == colour.Blue ? colour.Red : throw new InvalidOperationException($"{colour} is not grey");

    private static SKColor Value(byte value) => new(value, value, value);

    private static int[] Indices(CommandRun run) => [.. run.Json.EnumerateArray().Select(each => each.GetProperty("index").GetInt32())];

    private static int[] Numbers(JsonElement image) => [.. image.GetProperty("pixels").EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(pixel => pixel.GetInt32())];

    private string File(string name, int width, int height, SKEncodedImageFormat format, Func<int, int, SKColor> colour)
    {
        using var bitmap = new SKBitmap(width, height);
        for (int i = 0; i < width * height; i++)
        {
            bitmap.SetPixel(i % width, i / width, colour(i % width, i / width));
        }
        string path = Path.Combine(tiny.Root, name);
        using FileStream stream = System.IO.File.Create(path);
        bitmap.Encode(stream, format, 95);
        return path;
    }
}
