using System.Globalization;
using System.Text.RegularExpressions;
using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>The models that docs/models.md shows, those in the text and those in files: each is read, and does a training step.</summary>
public sealed partial class DocumentedModelTests
{
    private static readonly string Docs = Path.Combine(ModelFileTests.RepositoryRoot(), "docs");

    public static TheoryData<string> Files => new(Directory.EnumerateFiles(Path.Combine(Docs, "models"), "*.json").Select(Path.GetFileName).Order(StringComparer.Ordinal)!);

    [Theory]
    [MemberData(nameof(Files))]
    public void A_model_in_a_file_trains(string file)
    {
        ModelDefinition model = ModelFile.Load(Path.Combine(Docs, "models", file));
        RequireStep(model);
        Assert.Contains($"models/{file}", Text, StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{model.ParameterCount:N0} parameters, {model.Nodes.Sum(line => line.MultiplyAdds) / 1e6:0.0} million multiply-adds an image"),
            Text.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_model_in_the_text_trains()
    {
        string[] blocks = [.. Json().Matches(Text).Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(blocks);
        foreach (string block in blocks)
        {
            // What is no model is a layer, or some of them one behind the other.
            RequireStep(ModelFile.Read(block.Contains("\"layers\"", StringComparison.Ordinal) && block.Contains("\"input\"", StringComparison.Ordinal) ? block
                : $$"""{ "name": "part", "input": [3, 12, 12], "layers": [{{block}}, { "kind": "flatten" }, { "kind": "dense", "units": 4 }] }""", "docs/models.md"));
        }
    }

    [Fact]
    public void Every_kind_of_layer_and_every_setting_is_in_the_text()
    {
        foreach (LayerKind kind in LayerKind.All)
        {
            Assert.Contains($"| `{kind.Name}` |", Text, StringComparison.Ordinal);
            string row = Text.Split('\n').Single(line => line.StartsWith($"| `{kind.Name}` |", StringComparison.Ordinal));
            Assert.All(kind.Settings, setting => Assert.Contains($"`{setting.Name}`", row, StringComparison.Ordinal));
        }
    }

    private static string Text => File.ReadAllText(Path.Combine(Docs, "models.md"));

    private static void RequireStep(ModelDefinition model)
    {
        const int count = 6;
        var pixels = new byte[count * model.Input.Count];
        new Random(7).NextBytes(pixels);
        byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % model.Classes))];
        var images = new ImageSet(pixels, labels, model.Input, [.. Enumerable.Range(0, model.Classes).Select(i => $"{i}")]);
        using var network = new Network(model, TestDevices.Cpu(2), count);
        network.Initialize(1);
        IReadOnlyList<WeightTensor> before = network.ExportWeights();
        using var trainer = new Trainer(network, new TrainingOptions { Epochs = 1, BatchSize = count, ValidationSplit = 0 }, images);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        Assert.True(float.IsFinite(Assert.Single(trainer.StepLosses)));
        Assert.All(network.ExportWeights().Zip(before), pair => Assert.All(pair.First.Values, value => Assert.True(float.IsFinite(value))));
        Assert.Contains(network.ExportWeights().Zip(before), pair => !pair.First.Values.SequenceEqual(pair.Second.Values));
    }

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();
}
