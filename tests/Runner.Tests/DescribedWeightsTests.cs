using System.Text.Json;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Weights files that say what they hold: written by <c>train</c>, enough for every command that reads one.</summary>
public sealed class DescribedWeightsTests(TinyData tiny) : IClassFixture<TinyData>
{
    private const string Own = """{"name":"own","input":[1,28,28],"layers":[{"kind":"conv","filters":3,"kernel":5,"stride":3},{"kind":"relu"},{"kind":"flatten"},{"kind":"dense","units":10}]}""";

    [Fact]
    public void A_trained_model_of_ones_own_needs_its_file_alone()
    {
        string json = tiny.New("own") + ".json", run = tiny.New("run"), onnx = tiny.New("own") + ".onnx";
        File.WriteAllText(json, Own);
        CommandRun train = CommandRun.Of("train", "--model", json, "--data", tiny.Data, "--epochs", "3", "--batch-size", "32", "--output", run, "--accelerator", "cpu", "--no-pictures", "--json");
        Assert.Equal(0, train.ExitCode);
        JsonElement[] epochs = [.. train.Json.GetProperty("epochs").EnumerateArray()];
        foreach ((string name, string test) in ((string, string)[])[("last", "test"), ("best", "test_best")])
        {
            string weights = Path.Combine(run, "weights", $"{name}.safetensors");
            TrainedModel model = TrainedModel.Load(weights);
            Assert.Equal(("own", 3), (model.Model.Name, ((Conv2d)model.Model.Layers[0]).Stride));
            Assert.Equal(FashionMnist.ClassNames, model.ClassNames);
            Assert.Equal(train.Json.GetProperty(test).GetProperty("accuracy").GetDouble(), model.TestAccuracy);
            double[] accuracies = [.. epochs.Select(epoch => epoch.GetProperty("val_accuracy").GetDouble())];
            Assert.Equal(name == "last" ? accuracies[^1] : accuracies.Max(), model.ValidationAccuracy);
            CommandRun evaluate = CommandRun.Of("evaluate", "--weights", weights, "--data", tiny.Data, "--accelerator", "cpu", "--json");
            Assert.Equal((0, model.TestAccuracy), (evaluate.ExitCode, evaluate.Json.GetProperty("accuracy").GetDouble()));
        }
        string last = Path.Combine(run, "weights", "last.safetensors");
        foreach (string[] command in (string[][])
        [
            ["predict", "--weights", last, "--data", tiny.Data, "--accelerator", "cpu"],
            ["show", "--weights", last, "--wrong", "--count", "1", "--data", tiny.Data, "--accelerator", "cpu"],
            ["explain", "--weights", last, "--data", tiny.Data, "--accelerator", "cpu"],
            ["export", "--weights", last, "--format", "onnx", "--output", onnx, "--check", "--data", tiny.Data, "--accelerator", "cpu"],
        ])
        {
            CommandRun each = CommandRun.Of(command);
            Assert.True(each.ExitCode == 0, $"{string.Join(' ', command)}: {each.Error}");
        }
    }

    [Fact]
    public void Labels_are_the_files_and_other_names_in_the_data_are_warned_of()
    {
        string named = tiny.New("w") + ".safetensors";
        Assert.Equal(0, CommandRun.Of("export", "--weights", tiny.Weights, "--format", "safetensors", "--output", named, "--classes", "a,b,c,d,e,f,g,h,i,j").ExitCode);
        CommandRun predict = CommandRun.Of("predict", "--weights", named, "--data", tiny.Data, "--count", "3", "--accelerator", "cpu", "--json");
        Assert.Equal(0, predict.ExitCode);
        Assert.All(predict.Json.EnumerateArray(), image => Assert.Equal(((string[])["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"])[image.GetProperty("class").GetInt32()], image.GetProperty("label").GetString()));
        const string warning = "gpucnn: warning: class 0 is 'a' in the weights and 'T-shirt/top' in the images";
        Assert.Equal(warning, Assert.Single(predict.ErrorLines));
        Assert.Contains(warning, CommandRun.Of("evaluate", "--weights", named, "--data", tiny.Data, "--accelerator", "cpu", "--json").ErrorLines);
        Assert.DoesNotContain("warning", CommandRun.Of("evaluate", "--weights", tiny.Weights, "--data", tiny.Data, "--accelerator", "cpu", "--json").Error, StringComparison.Ordinal);
    }
}
