using System.Text.Json;
using Xunit;

namespace GpuCnn.Runner.Tests.Import;

/// <summary>Weights files between PyTorch and us, on the real images: tests/pytorch/round_trip.py is the other side.</summary>
public sealed class PyTorchTests(TinyData tiny) : IClassFixture<TinyData>
{
    [Theory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void What_was_trained_here_has_the_same_classes_in_PyTorch(string model)
    {
        Python.Require("torch", "numpy");
        string run = tiny.New("run"), weights = Path.Combine(run, "weights", "last.safetensors");
        Assert.Equal(0, CommandRun.Of("train", "--model", model, "--epochs", "1", "--train-samples", "6000", "--output", run, "--accelerator", "cpu", "--no-pictures", "--quiet").ExitCode);
        CommandRun predict = CommandRun.Of("predict", "--weights", weights, "--count", "10000", "--accelerator", "cpu", "--json");
        double[][] theirs = JsonSerializer.Deserialize<double[][]>(Python.Run("pytorch/round_trip.py", "predict", weights))!;
        JsonElement[] ours = [.. predict.Json.EnumerateArray()];
        Assert.Equal((10_000, 10_000), (ours.Length, theirs.Length));
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
        Assert.InRange(ties, 0, 20);
    }

    [Fact]
    public void What_PyTorch_trained_has_the_same_accuracy_here_in_single_and_half_precision()
    {
        Python.Require("torch", "numpy");
        string folder = tiny.New("torch");
        Directory.CreateDirectory(folder);
        using JsonDocument accuracies = JsonDocument.Parse(Python.Run("pytorch/round_trip.py", "train", "cnn2", folder));
        foreach (JsonProperty type in accuracies.RootElement.EnumerateObject())
        {
            string file = Path.Combine(folder, $"{type.Name}.safetensors");
            double ours = CommandRun.Of("evaluate", "--weights", file, "--accelerator", "cpu", "--json").Json.GetProperty("accuracy").GetDouble(), theirs = type.Value.GetDouble();
            Assert.True(theirs > 0.6, $"{type.Name}: PyTorch has not learned: {theirs}");
            // One image may be a tie.
            Assert.True(Math.Abs(ours - theirs) <= 1.01e-4, $"{type.Name}: accuracy {ours}, PyTorch has {theirs}");
        }
        Assert.Equal(["F32", "F16", "BF16"], accuracies.RootElement.EnumerateObject().Select(type => type.Name));
    }

    [Fact]
    public void ONNX_finds_nothing_wrong_with_our_files()
    {
        Python.Require("onnx");
        foreach (ModelDefinition model in ModelDefinition.All)
        {
            string weights = tiny.New("w"), file = tiny.New("m") + ".onnx";
            new TrainedModel(model, TinyData.Tensors(model, 0.01f)).Save(weights);
            Assert.Equal(0, CommandRun.Of("export", "--weights", weights, "--format", "onnx", "--output", file).ExitCode);
            using JsonDocument found = JsonDocument.Parse(Python.Run("onnx/check.py", file));
            Assert.Equal("""{"pixels": ["batch", 1, 28, 28]}""", found.RootElement.GetProperty("inputs").GetRawText());
            Assert.Equal("""{"logits": ["batch", 10], "probabilities": ["batch", 10]}""", found.RootElement.GetProperty("outputs").GetRawText());
            Assert.Equal(13, found.RootElement.GetProperty("opset").GetInt32());
            Assert.Equal(model.ParameterSpecs.Select(spec => (spec.Name, string.Join(',', spec.Shape))), found.RootElement.GetProperty("initializers").EnumerateObject().Skip(1)
                .Select(tensor => (tensor.Name, string.Join(',', tensor.Value.EnumerateArray().Select(size => size.GetInt32())))));
        }
    }
}
