using System.Text.Json;
using Xunit;

namespace GpuCnn.Runner.Tests.Import;

/// <summary>Weights files between PyTorch and us, on the real images: tests/pytorch/round_trip.py is the other side.</summary>
public sealed class PyTorchTests(TinyData tiny) : IClassFixture<TinyData>
{
    /// <summary>The three models, with how many training and test images each is tried; and models with batch normalizations and residual blocks, one of every kind of layer with unusual settings.</summary>
    public static TheoryData<string, int, int> Models => new()
    {
        { "cnn1", 6000, 10_000 },
        { "cnn2", 6000, 10_000 },
        { "cnn3", 6000, 10_000 },
        { "../docs/models/resnet.json", 1600, 500 },
        { "Network.Tests/Golden/described/odd.json", 6000, 2000 },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void What_was_trained_here_loads_strictly_and_has_the_same_classes_in_PyTorch(string model, int trainImages, int testImages)
    {
        Python.Require("torch", "numpy");
        string run = tiny.New("run"), weights = Path.Combine(run, "weights", "last.safetensors");
        Assert.Equal(0, CommandRun.Of("train", "--model", Place(model), "--epochs", "1", "--train-samples", $"{trainImages}", "--batch-size", "100", "--output", run, "--accelerator", "cpu", "--no-pictures", "--quiet").ExitCode);
        CommandRun predict = CommandRun.Of("predict", "--weights", weights, "--count", $"{testImages}", "--accelerator", "cpu", "--json");
        double[][] theirs = JsonSerializer.Deserialize<double[][]>(Python.Run("pytorch/round_trip.py", "predict", weights, "--count", $"{testImages}"))!;
        JsonElement[] ours = [.. predict.Json.EnumerateArray()];
        Assert.Equal((testImages, testImages), (ours.Length, theirs.Length));
        double bound = 1e-5 * theirs.Max(row => row.Max(Math.Abs));
        int ties = 0;
        for (int i = 0; i < theirs.Length; i++)
        {
            double[] logits = [.. ours[i].GetProperty("logits").EnumerateArray().Select(value => value.GetDouble())];
            for (int j = 0; j < 10; j++)
            {
                Assert.True(Math.Abs(logits[j] - theirs[i][j]) <= bound, $"image {i}: logit {j} is {logits[j]}, PyTorch has {theirs[i][j]}");
            }
            double[] sorted = [.. theirs[i].OrderDescending()];
            bool tie = sorted[0] - sorted[1] <= 2 * bound;
            ties += tie ? 1 : 0;
            Assert.True(tie || ours[i].GetProperty("class").GetInt32() == Array.IndexOf(theirs[i], sorted[0]), $"image {i} is of another class in PyTorch");
        }
        Assert.InRange(ties, 0, testImages / 500);
    }

    [Theory]
    [InlineData("cnn2", 150, 10_000, 0.6)]
    [InlineData("../docs/models/resnet.json", 60, 400, 0.2)]
    public void What_PyTorch_trained_has_the_same_accuracy_here_in_single_and_half_precision(string model, int steps, int testImages, double least)
    {
        Python.Require("torch", "numpy");
        string folder = tiny.New("torch"), description = Path.Combine(folder, "m.json"), imported = Path.Combine(folder, "imported.safetensors");
        Directory.CreateDirectory(folder);
        File.WriteAllText(description, ModelFile.Text(model.EndsWith(".json", StringComparison.Ordinal) ? ModelFile.Load(Place(model)) : ModelZoo.Find(model)));
        using JsonDocument accuracies = JsonDocument.Parse(Python.Run("pytorch/round_trip.py", "train", description, folder, "--steps", $"{steps}", "--count", $"{testImages}"));
        foreach (JsonProperty type in accuracies.RootElement.EnumerateObject())
        {
            Assert.Equal(0, CommandRun.Of("import", Path.Combine(folder, $"{type.Name}.safetensors"), "--model", description, "--output", imported, "--classes", string.Join(',', FashionMnist.ClassNames)).ExitCode);
            JsonElement[] predictions = [.. CommandRun.Of("predict", "--weights", imported, "--count", $"{testImages}", "--accelerator", "cpu", "--json").Json.EnumerateArray()];
            ReadOnlySpan<byte> labels = FashionMnist.LoadTest(FashionMnist.FindFolder()!).Labels.Span;
            int right = 0;
            for (int i = 0; i < testImages; i++)
            {
                right += predictions[i].GetProperty("class").GetInt32() == labels[i] ? 1 : 0;
            }
            double ours = right / (double)testImages, theirs = type.Value.GetDouble();
            Assert.True(theirs > least, $"{type.Name}: PyTorch has not learned: {theirs}");
            // One image may be a tie.
            Assert.True(Math.Abs(ours - theirs) <= 1.01 / testImages, $"{type.Name}: accuracy {ours}, PyTorch has {theirs}");
        }
        Assert.Equal(["F32", "F16", "BF16"], accuracies.RootElement.EnumerateObject().Select(type => type.Name));
    }

    /// <summary>A model's name, or a file of it below tests.</summary>
    private static string Place(string model) => model.EndsWith(".json", StringComparison.Ordinal) ? Path.Combine(Python.Tests, model) : model;

    [Fact]
    public void ONNX_finds_nothing_wrong_with_our_files()
    {
        Python.Require("onnx");
        foreach (ModelDefinition model in ModelZoo.All)
        {
            string weights = tiny.New("w"), file = tiny.New("m") + ".onnx";
            new TrainedModel(model, TinyData.Tensors(model, 0.01f)).Save(weights);
            Assert.Equal(0, CommandRun.Of("export", "--weights", weights, "--format", "onnx", "--output", file).ExitCode);
            using JsonDocument found = JsonDocument.Parse(Python.Run("onnx/check.py", file));
            Assert.Equal("""{"pixels": ["batch", 1, 28, 28]}""", found.RootElement.GetProperty("inputs").GetRawText());
            Assert.Equal("""{"logits": ["batch", 10], "probabilities": ["batch", 10]}""", found.RootElement.GetProperty("outputs").GetRawText());
            Assert.Equal(13, found.RootElement.GetProperty("opset").GetInt32());
            Assert.Equal(model.Parameters.Select(spec => (spec.Name, string.Join(',', spec.Shape))), found.RootElement.GetProperty("initializers").EnumerateObject().Skip(1)
                .Select(tensor => (tensor.Name, string.Join(',', tensor.Value.EnumerateArray().Select(size => size.GetInt32())))));
        }
    }
}
