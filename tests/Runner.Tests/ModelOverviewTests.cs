using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary><c>models</c>: the tables at several widths, the figures, the drawing.</summary>
public sealed class ModelOverviewTests(TinyData tiny) : IClassFixture<TinyData>
{
    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    public void The_table_fits_the_terminal(int width)
    {
        string text = Screen.Run(width, ScreenKind.Colour, "models", "cnn2", "--batch-size", "100").Out;
        Assert.All(text.Split('\n')[1..], line => Assert.InRange(line.Length, 0, width));
        Assert.Equal(text, Screen.Run(width, ScreenKind.Ascii, "models", "--model", "cnn2", "--batch-size", "100").Out);
        Snapshot.Matches(text, $"models-{width}.txt");
    }

    [Fact]
    public void A_pipe_gets_whole_rows() => Snapshot.Matches(CommandRun.Of("models").Out, "models-pipe.txt");

    [Fact]
    public void Json_has_the_tables_figures()
    {
        JsonElement model = CommandRun.Of("models", "cnn1", "--batch-size", "7", "--json").Json[0];
        var memory = ModelMemory.Of(ModelZoo.Cnn1, 7);
        Assert.Equal((7, 4 * 693_962, memory.TrainingBytes), (model.GetProperty("batch_size").GetInt32(), model.GetProperty("weight_bytes").GetInt64(), model.GetProperty("training_bytes").GetInt64()));
        JsonElement[] layers = [.. model.GetProperty("layers").EnumerateArray()];
        Assert.Equal(["name", "settings", "output", "parameters", "multiply_adds", "weight_bytes", "activation_bytes", "training_bytes"], CommandRun.Keys(layers[0]));
        foreach (string figure in (string[])["weight_bytes", "activation_bytes", "training_bytes"])
        {
            long input = model.GetProperty("input_memory").TryGetProperty(figure, out JsonElement bytes) ? bytes.GetInt64() : 0;
            Assert.Equal(model.GetProperty(figure).GetInt64(), input + layers.Sum(layer => layer.GetProperty(figure).GetInt64()));
        }
    }

    [Theory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void The_drawing_says_all_of_the_model(string name)
    {
        var model = ModelZoo.Find(name);
        string path = tiny.New("model") + ".svg";
        Assert.StartsWith($"diagram of {name}: {path}", CommandRun.Of("models", name, "--diagram", path).Out, StringComparison.Ordinal);
        XElement svg = XDocument.Load(path).Root!;
        XNamespace space = "http://www.w3.org/2000/svg";
        Assert.Equal((space + "svg", "img", "title description"), (svg.Name, svg.Attribute("role")!.Value, svg.Attribute("aria-labelledby")!.Value));
        Assert.Equal($"Model {name}", svg.Element(space + "title")!.Value);
        Assert.All(model.Nodes, layer => Assert.Contains($"{layer.Name} ", svg.Element(space + "desc")!.Value, StringComparison.Ordinal));
        Assert.Contains("prefers-color-scheme: dark", svg.Element(space + "style")!.Value, StringComparison.Ordinal);
        string[] texts = [.. svg.Descendants(space + "text").Select(text => text.Value)];
        string[] expected = [.. model.Nodes.SelectMany(layer => (string[])[layer.Name, layer.Layer.Description,
            layer.ParameterCount == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{layer.ParameterCount:#,0} parameters"), layer.Output.ToString()])];
        Assert.Equal(expected.Where(text => text.Length > 0), texts[5..^1]);
        Assert.Equal((model.Layers.Count + 1, model.Layers.Count + 1), (svg.Elements(space + "g").Count(), svg.Elements(space + "path").Count(each => each.Attribute("class")!.Value == "arrow")));
    }

    [Fact]
    public void Residual_blocks_are_drawn_as_branches_and_nothing_lies_on_anything_else()
    {
        string json = tiny.New("branches") + ".json", path = tiny.New("branches") + ".svg";
        var model = new ModelDefinition("branches", new TensorShape(2, 9, 7), 1, new Residual(new Relu(), new Conv2d(2, 3, 3, 1, 1)),
            new Residual([new Residual([new Conv2d(3, 3, 3, 1, 1), new Gelu()], [new Conv2d(3, 1, 1, Bias: false)]), new MaxPool2d(2)], [new Conv2d(3, 2, 2, 2), new BatchNorm(), new Relu()]),
            new GlobalAveragePool(), new Residual(new Dense(3)), new Dense(4));
        File.WriteAllText(json, ModelFile.Text(model));
        Assert.Equal(0, CommandRun.Of("models", json, "--diagram", path).ExitCode);
        XElement svg = XDocument.Load(path).Root!;
        XNamespace space = "http://www.w3.org/2000/svg";
        (int X, int Y)[] boxes = [.. svg.Elements(space + "g").Select(box => box.Attribute("transform")!.Value[10..^1].Split(' ')).Select(at => (int.Parse(at[0], CultureInfo.InvariantCulture), int.Parse(at[1], CultureInfo.InvariantCulture)))];
        (int width, int height) = ((int)svg.Element(space + "g")!.Element(space + "rect")!.Attribute("width")!, (int)svg.Element(space + "g")!.Element(space + "rect")!.Attribute("height")!);
        Assert.Equal(model.Nodes.Count + 1, boxes.Length);
        Assert.All(boxes, box => Assert.True(box.X >= 0 && box.Y >= 0 && box.X + width <= (int)svg.Attribute("width")! && box.Y + height <= (int)svg.Attribute("height")!, $"{box}"));
        Assert.DoesNotContain(boxes.SelectMany((one, i) => boxes.Take(i).Select(other => (one, other))),
            pair => Math.Abs(pair.one.X - pair.other.X) < width && Math.Abs(pair.one.Y - pair.other.Y) < height);
        // Into each box and out of the last; for a block its stem, its fork, and the way around.
        Assert.Equal(model.Nodes.Count + 1 + (3 * 4), svg.Elements(space + "path").Count(each => each.Attribute("class")!.Value == "arrow"));
        Assert.Equal(3, boxes.Select(box => box.X).Distinct().Count());
    }
}
