using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using GpuCnn.Runner.Tests.Html;
using Spectre.Console.Testing;
using Xunit;

namespace GpuCnn.Runner.Tests.Explain;

/// <summary>explain on models with residual blocks, batch normalizations and colours: what it says of layers is what they do.</summary>
public sealed class ExplainLayersTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly ModelDefinition Blocks = new("blocks", new TensorShape(1, 28, 28), 1,
        new Residual(new Conv2d(1, 3, 3, 1, 1), new LeakyRelu(0.3)), new Conv2d(4, 3, 5, 1, 1, Bias: false), new BatchNorm(0.1, 0.01), new Gelu(), new MaxPool2d(2),
        new Residual([new Conv2d(6, 3, 3, 2, 1, Bias: false), new BatchNorm(), new Residual(new Relu(), new Conv2d(6, 1, 1)), new Dropout(0.5)], [new AveragePool2d(1, 2), new Conv2d(6, 1, 1)]),
        new GlobalAveragePool(), new Dense(10));

    [Fact]
    public void Sums_of_blocks_are_of_the_maps_beside_them_and_normalizations_of_the_numbers_below_them()
    {
        JsonElement[] steps = Steps(Blocks);
        (string Block, string Body, string Other)[] expected =
            [("residual1", "residual1.relu1", "the image"), ("residual2.residual1", "residual2.residual1.conv1", "residual2.norm1"), ("residual2", "residual2.dropout1", "residual2.shortcut.conv1")];
        foreach ((string block, string body, string other) in expected)
        {
            JsonElement step = Step(steps, block);
            JsonElement[] grids = [.. step.GetProperty("grids").EnumerateArray()];
            string map = grids[3].GetProperty("caption").GetString()!;
            Assert.Equal(["layers", other.Contains("shortcut", StringComparison.Ordinal) ? "shortcut" : "input", "sum"], grids[..3].Select(grid => grid.GetProperty("caption").GetString()));
            Assert.Equal($"Its strongest {map.Replace(" ", ", ", StringComparison.Ordinal)}:", step.GetProperty("text")[1].GetString());
            Assert.StartsWith($"{body} plus {other}, ", step.GetProperty("text")[0].GetString(), StringComparison.Ordinal);
            double[][] parts = [.. grids[..4].Select(Numbers)];
            Assert.Contains(parts[0], value => value != 0);
            Assert.All(parts[0].Zip(parts[1], parts[2]), part => Assert.Equal(part.First + part.Second, part.Third, 1e-5));
            Assert.Equal(parts[2], parts[3]);
        }
        foreach ((string norm, string before) in ((string, string)[])[("norm1", "conv1"), ("residual2.norm1", "residual2.conv1")])
        {
            JsonElement table = Assert.Single(Step(steps, norm).GetProperty("tables").EnumerateArray().ToArray());
            foreach (JsonElement row in table.GetProperty("rows").EnumerateArray())
            {
                double[] cells = [.. row.EnumerateArray().Select(cell => double.Parse(cell.GetString()!, CultureInfo.InvariantCulture))];
                double[] given = Map(steps, before, (int)cells[0]), made = Map(steps, norm, (int)cells[0]);
                Assert.All(given.Zip(made), pair => Assert.Equal(((pair.First - cells[1]) / cells[2] * cells[3]) + cells[4], pair.Second, 0.03));
            }
        }
        Assert.StartsWith("Each number is the sum of 3 x 5 x 1 products of a filter and what residual1 has around one place.", Step(steps, "conv1").GetProperty("text")[0].GetString(), StringComparison.Ordinal);
        Assert.StartsWith("Each number is the sum of 3 x 3 x 1 products of a filter and what the image has around one place, plus", Step(steps, "residual1.conv1").GetProperty("text")[0].GetString(), StringComparison.Ordinal);
    }

    public static TheoryData<Layer, string> Sentences => new()
    {
        { new Relu(), "conv1 with its negative numbers set to zero." },
        { new LeakyRelu(0.3), "conv1 with its negative numbers multiplied by 0.3." },
        { new Gelu(), "Each number x of conv1 times the share of the normal distribution that lies below x: " },
        { new Silu(), "Each number x of conv1 divided by 1 + e^-x: " },
        { new HardSwish(), "Numbers of conv1 from 3 on stay, those up to -3 become zero, " },
        { new Relu6(), "conv1 with its negative numbers set to zero and those above 6 set to 6." },
        { new Tanh(), "The hyperbolic tangent of each number of conv1: " },
        { new Elu(0.5), "conv1 with each negative number x set to 0.5 (e^x - 1), which is never below -0.5." },
        { new Sigmoid(), "Each number x of conv1 becomes 1 / (1 + e^-x): " },
    };

    [Theory]
    [MemberData(nameof(Sentences))]
    public void An_activation_says_what_it_does(Layer activation, string sentence)
    {
        var model = new ModelDefinition(LayerKind.Of(activation).Kind.Name, new TensorShape(1, 28, 28), 1, new Conv2d(2, 5, 5, 3), activation, new Flatten(), new Dense(10));
        JsonElement step = Step(Steps(model), model.Nodes[1].Name);
        Assert.StartsWith(sentence, step.GetProperty("text")[0].GetString(), StringComparison.Ordinal);
        Assert.StartsWith($"{activation.Kind}1", step.GetProperty("title").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_deep_model_a_terminal_shows_the_layers_that_are_asked_for()
    {
        string whole = OnTerminal("explain", "--weights", Weights(Blocks), "--data", tiny.Data, "--accelerator", "cpu");
        Assert.Contains("16 steps, a layer each: --step residual1.conv1 to --step residual2 show one, ", whole.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("--step filters", whole, StringComparison.Ordinal);
        Assert.Contains("--step probabilities", whole, StringComparison.Ordinal);
        Assert.DoesNotContain("strongest maps", whole, StringComparison.Ordinal);
        // The table leaves its widest column out, and then fits.
        Assert.Contains(whole.Split('\n'), line => line.StartsWith("layer", StringComparison.Ordinal) && line.Contains("zeros", StringComparison.Ordinal) && !line.Contains("settings", StringComparison.Ordinal));
        Assert.All(whole.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        string one = OnTerminal("explain", "--weights", Weights(Blocks), "--data", tiny.Data, "--accelerator", "cpu", "--step", "residual2.norm1");
        Assert.Contains("residual2.norm1: batch normalization, gives 6x7x7", one, StringComparison.Ordinal);
        Assert.Contains("strongest maps of 6", one, StringComparison.Ordinal);
        string page = tiny.New("page") + ".html";
        Assert.Equal(0, CommandRun.Of("explain", "--weights", Weights(Blocks), "--data", tiny.Data, "--accelerator", "cpu", "--output", page).ExitCode);
        XElement html = PageReader.Read(File.ReadAllText(page));
        Assert.Equal(16, html.Descendants("section").Count(section => section.Value.Contains("strongest maps", StringComparison.Ordinal)));
        Assert.Contains(html.Descendants("nav").Single().Descendants("a"), link => link.Value == "residual2.residual1.relu1");
        Assert.Equal(["+", "="], html.Descendants("section").Single(section => section.Attribute("id")!.Value == "residual2").Descendants("p").Where(text => text.Attribute("class")?.Value == "sign").Select(text => text.Value));
    }

    [Fact]
    public void A_picture_in_colour_goes_through_layers_as_it_goes_through_the_network()
    {
        string file = tiny.New("colour") + ".png";
        PictureSamples.WriteShape(file, "cross", new Random(3));
        var model = new ModelDefinition("colour", new TensorShape(3, 24, 20), 1, new Conv2d(5, 3, 3, 1, 1), new Relu(), new MaxPool2d(2), new Flatten(), new Dense(4));
        JsonElement[] steps = [.. CommandRun.Of("explain", "--weights", Weights(model), "--image", file, "--accelerator", "cpu", "--json").Json.GetProperty("steps").EnumerateArray()];
        string[] logits = [.. Step(steps, "probabilities").GetProperty("tables")[0].GetProperty("rows").EnumerateArray().Select(row => row[1].GetString()!)];
        JsonElement last = Step(steps, "layers").GetProperty("tables")[0].GetProperty("rows").EnumerateArray().Last();
        Assert.Equal(logits.Max(Number), Number(last[5].GetString()!), 0.01);
        Assert.Equal(logits.Min(Number), Number(last[3].GetString()!), 0.01);
        string text = Step(steps, "layers").GetProperty("text")[0].GetString()!;
        Assert.Matches(@"its logits (are the same to the bit|differ by at most \d\.\de-0?[6-9])\.$", text);
    }

    private JsonElement[] Steps(ModelDefinition model) =>
        [.. CommandRun.Of("explain", "--weights", Weights(model), "--index", "3", "--data", tiny.Data, "--accelerator", "cpu", "--json").Json.GetProperty("steps").EnumerateArray()];

    private static string OnTerminal(params string[] args)
    {
        using TestConsole console = new TestConsole().Width(80);
        console.Profile.Capabilities.ColorSystem = Spectre.Console.ColorSystem.NoColors;
        console.Profile.Capabilities.Ansi = false;
        Assert.Equal(0, CommandRun.Of(new Host(new StringWriter(), new StringWriter()) { Console = _ => console }, args).ExitCode);
        return console.Output;
    }

    /// <summary>A file of random weights; variances are positive.</summary>
    private string Weights(ModelDefinition model)
    {
        string path = Path.Combine(tiny.Root, $"{model.Name}.safetensors");
        if (!File.Exists(path))
        {
            var random = new Random(8);
            new TrainedModel(model, [.. model.Parameters.Select(spec => new WeightTensor(spec.Name, spec.Shape, [.. Enumerable.Range(0, spec.Shape.Aggregate(1, (product, size) => product * size))
                .Select(_ => (float)(spec.Name.EndsWith("running_var", StringComparison.Ordinal) ? 0.2 + random.NextDouble() : random.NextDouble() - 0.5))]))]).Save(path);
        }
        return path;
    }

    private static JsonElement Step(JsonElement[] steps, string name) => Assert.Single(steps, step => step.GetProperty("name").GetString() == name);

    private static double[] Map(JsonElement[] steps, string layer, int map) => Numbers(Step(steps, layer).GetProperty("grids").EnumerateArray().Last(grid => grid.GetProperty("caption").GetString() == $"map {map}"));

    private static double[] Numbers(JsonElement grid) => [.. grid.GetProperty("values").EnumerateArray().SelectMany(row => row.EnumerateArray().Select(cell => cell.GetDouble()))];

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
