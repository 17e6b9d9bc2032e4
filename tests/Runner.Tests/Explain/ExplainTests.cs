using System.Text.Json;
using System.Xml.Linq;
using GpuCnn.Runner.Tests.Html;
using Spectre.Console;
using Spectre.Console.Testing;
using Xunit;

namespace GpuCnn.Runner.Tests.Explain;

/// <summary>explain: what it shows on a terminal, in a page and as JSON.</summary>
public sealed class ExplainTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly string[] Steps = ["image", "features", "line-up", "multiply", "sum", "map", "maps", "relu", "pool", "pool-again", "vector", "vote", "deformed"];

    [Theory]
    [InlineData("xo", 80, false, "explain --accelerator cpu")]
    [InlineData("xo", 120, false, "explain --accelerator cpu")]
    [InlineData("xo", 80, true, "explain --accelerator cpu")]
    [InlineData("xo", 120, true, "explain --accelerator cpu")]
    [InlineData("xo", 40, false, "explain --accelerator cpu")]
    [InlineData("concepts", 80, false, "explain --concepts --data DATA")]
    [InlineData("concepts", 120, false, "explain --concepts --data DATA")]
    [InlineData("concepts", 80, true, "explain --concepts --data DATA")]
    [InlineData("concepts", 120, true, "explain --concepts --data DATA")]
    [InlineData("concepts", 40, false, "explain --concepts --data DATA")]
    [InlineData("model", 80, false, "explain --weights WEIGHTS --index 3 --data DATA --accelerator cpu")]
    [InlineData("model", 120, false, "explain --weights WEIGHTS --index 3 --data DATA --accelerator cpu")]
    [InlineData("model", 80, true, "explain --weights WEIGHTS --index 3 --data DATA --accelerator cpu")]
    [InlineData("model", 120, true, "explain --weights WEIGHTS --index 3 --data DATA --accelerator cpu")]
    [InlineData("model", 40, false, "explain --weights WEIGHTS --index 3 --data DATA --accelerator cpu")]
    public void On_a_terminal(string name, int width, bool colours, string commandLine)
    {
        string text = OnTerminal(width, colours, commandLine);
        Snapshot.Matches(text, $"explain-{name}-{width}{(colours ? "-colours" : "")}.txt");
        if (!colours)
        {
            Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, width));
            Assert.DoesNotContain('\u001b', text);
        }
    }

    [Fact]
    public void Without_Unicode_every_character_is_ASCII() => Assert.All(
        (string[])[OnTerminal(80, false, "explain --accelerator cpu", unicode: false), OnTerminal(80, false, "explain --weights WEIGHTS --data DATA --accelerator cpu", unicode: false),
            OnTerminal(80, false, "explain --concepts --data DATA", unicode: false)],
        text => Assert.DoesNotContain(text, character => character > '~'));

    [Theory]
    [InlineData("explain --accelerator cpu")]
    [InlineData("explain --concepts --data DATA")]
    [InlineData("explain --weights WEIGHTS --index 3 --data DATA --accelerator cpu")]
    public void The_page_has_every_step_and_the_numbers_of_the_JSON(string commandLine)
    {
        string file = tiny.New("page.html");
        CommandRun run = CommandRun.Of([.. Place(commandLine), "--output", file, "--json"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal($"wrote {file}\n", run.Error);
        XElement page = PageReader.Read(File.ReadAllText(file));
        JsonElement[] steps = [.. run.Json.GetProperty("steps").EnumerateArray()];
        XElement[] sections = [.. page.Descendants("section")];
        Assert.Equal(steps.Select(step => step.GetProperty("name").GetString()), sections.Select(section => section.Attribute("id")!.Value));
        Assert.Equal(steps.Select(step => step.GetProperty("title").GetString()), sections.Select(section => section.Element("h2")!.Value));
        foreach ((JsonElement step, XElement section) in steps.Zip(sections))
        {
            Assert.Equal(step.GetProperty("text").EnumerateArray().Select(text => text.GetString()), section.Elements("p").Select(text => text.Value));
            JsonElement[] grids = [.. step.GetProperty("grids").EnumerateArray()];
            XElement[] tables = [.. section.Descendants("table").Where(table => table.Attribute("class")?.Value.StartsWith("grid", StringComparison.Ordinal) == true)];
            Assert.Equal(grids.Select(grid => grid.GetProperty("caption").GetString()), tables.Select(table => table.Element("caption")!.Value));
            foreach ((JsonElement grid, XElement table) in grids.Zip(tables))
            {
                bool shown = grid.GetProperty("shown").ValueKind == JsonValueKind.Array;
                IEnumerable<string> expected = shown ? grid.GetProperty("shown").EnumerateArray().SelectMany(row => row.EnumerateArray().Select(cell => cell.GetString()!))
                    : Enumerable.Repeat("", grid.GetProperty("values").EnumerateArray().Sum(row => row.GetArrayLength()));
                Assert.Equal(expected, table.Descendants("td").Select(cell => cell.Value));
            }
        }
    }

    [Fact]
    public void The_JSON_of_the_example_has_the_known_numbers()
    {
        JsonElement[] steps = [.. CommandRun.Of("explain", "--accelerator", "cpu", "--json").Json.GetProperty("steps").EnumerateArray()];
        Assert.Equal(Steps, steps.Select(step => step.GetProperty("name").GetString()));
        Assert.Equal(["name", "title", "text", "grids", "tables", "shares"], CommandRun.Keys(steps[0]));
        JsonElement map = Grid(steps, "map", 0);
        Assert.Equal(7 / 9.0, map.GetProperty("values")[0][0].GetDouble(), 1e-6);
        Assert.Equal("0.77", map.GetProperty("shown")[0][0].GetString());
        Assert.Equal(["1.00", "0.55", "0.55", "1.00", "1.00", "0.55", "0.55", "0.55", "0.55", "1.00", "1.00", "0.55"],
            Grid(steps, "vector", 0).GetProperty("shown")[0].EnumerateArray().Select(cell => cell.GetString()));
        JsonElement votes = Find(steps, "vote").GetProperty("tables")[0].GetProperty("rows");
        Assert.Equal(["X", "1, 4, 5, 10, 11", "4.56", "4.56 / 5 = 0.91"], votes[0].EnumerateArray().Select(cell => cell.GetString()));
        Assert.Equal(["O", "2, 3, 9, 12", "2.07", "2.07 / 4 = 0.51"], votes[1].EnumerateArray().Select(cell => cell.GetString()));
    }

    [Fact]
    public void The_concepts_have_the_numbers_of_layers()
    {
        JsonElement[] steps = [.. CommandRun.Of(Place("explain --concepts --data DATA --json")).Json.GetProperty("steps").EnumerateArray()];
        string text = string.Concat(Find(steps, "connections").GetProperty("text").EnumerateArray().Select(each => each.GetString()));
        Assert.Contains("28 x 28 x 3 = 2,352", text, StringComparison.Ordinal);
        Assert.Contains("200 x 200 x 3 = 120,000", text, StringComparison.Ordinal);
        Assert.Contains("3 x 3 x 3 + 1 = 28", text, StringComparison.Ordinal);
        Assert.Equal((28, 28), (Grid(steps, "pixels", 1).GetProperty("values").GetArrayLength(), Grid(steps, "pixels", 1).GetProperty("values")[0].GetArrayLength()));
        Assert.Equal(3, Find(steps, "channels").GetProperty("grids").GetArrayLength());
    }

    [Fact]
    public void The_walk_through_a_model_ends_at_what_predict_says()
    {
        JsonElement predicted = CommandRun.Of(Place("predict --weights WEIGHTS --data DATA --count 4 --accelerator cpu --json")).Json[3];
        JsonElement[] steps = [.. CommandRun.Of(Place("explain --weights WEIGHTS --index 3 --data DATA --accelerator cpu --json")).Json.GetProperty("steps").EnumerateArray()];
        Assert.Equal(["input", "filters", "conv1", "relu1", "pool1", "layers", "occlusion", "probabilities"], steps.Select(step => step.GetProperty("name").GetString()));
        Assert.Equal(predicted.GetProperty("probabilities").EnumerateArray().Select(each => each.GetDouble()),
            Find(steps, "probabilities").GetProperty("shares").EnumerateArray().Select(each => each.GetProperty("value").GetDouble()));
        Assert.Equal(32, Find(steps, "filters").GetProperty("grids").GetArrayLength());
    }

    [Theory]
    [InlineData("3")]
    [InlineData("LINE-UP")]
    public void One_step_by_number_or_name(string step)
    {
        JsonElement only = Assert.Single(CommandRun.Of("explain", "--step", step, "--accelerator", "cpu", "--json").Json.GetProperty("steps").EnumerateArray().ToArray());
        Assert.Equal("line-up", only.GetProperty("name").GetString());
    }

    [Fact]
    public void An_image_file_goes_through_a_model()
    {
        string file = tiny.New("image.png");
        using (var bitmap = new SkiaSharp.SKBitmap(28, 28, SkiaSharp.SKColorType.Gray8, SkiaSharp.SKAlphaType.Opaque))
        {
            bitmap.GetPixelSpan().Fill(7);
            bitmap.GetPixelSpan()[30] = 200;
            File.WriteAllBytes(file, bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Png, 100).ToArray());
        }
        JsonElement run = CommandRun.Of([.. Place("explain --weights WEIGHTS --step input --accelerator cpu --json --image"), file]).Json;
        JsonElement numbers = run.GetProperty("steps")[0].GetProperty("grids")[1].GetProperty("values");
        Assert.Equal((7, 200), (numbers[0][2].GetInt32(), numbers[1][2].GetInt32()));
        Assert.DoesNotContain("label", run.GetProperty("steps")[0].GetProperty("text")[0].GetString(), StringComparison.Ordinal);
    }

    private string OnTerminal(int width, bool colours, string commandLine, bool unicode = true)
    {
        using TestConsole console = new TestConsole().Width(width).SupportsUnicode(unicode);
        console.Profile.Capabilities.ColorSystem = colours ? ColorSystem.TrueColor : ColorSystem.NoColors;
        console.Profile.Capabilities.Ansi = colours;
        console.EmitAnsiSequences = colours;
        var host = new Host(new StringWriter(), new StringWriter()) { Console = _ => console };
        Assert.Equal(0, Program.Run(Place(commandLine), host));
        return console.Output;
    }

    private string[] Place(string commandLine) => [.. commandLine.Split(' ').Select(word => word switch
    {
        "DATA" => tiny.Data,
        "WEIGHTS" => Weights(),
        _ => word,
    })];

    /// <summary>Weights of cnn1 that are small and all different, whose sums need no rounding.</summary>
    private string Weights()
    {
        string path = Path.Combine(tiny.Root, "different.safetensors");
        if (!File.Exists(path))
        {
            WeightsFile.Save(path, [.. ModelZoo.Cnn1.Parameters.Select((spec, number) => new WeightTensor(spec.Name, spec.Shape,
                [.. Enumerable.Range(0, spec.Shape.Aggregate(1, (a, b) => a * b)).Select(i => (((i * 7919) + (number * 104729)) % 33 - 16) / 128f)]))]);
        }
        return path;
    }

    private static JsonElement Find(JsonElement[] steps, string name) => Assert.Single(steps, step => step.GetProperty("name").GetString() == name);

    private static JsonElement Grid(JsonElement[] steps, string name, int grid) => Find(steps, name).GetProperty("grids")[grid];
}
