using System.Text.Json;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>evaluate, predict, models, devices and the help.</summary>
public sealed class InspectTests(TinyData tiny) : IClassFixture<TinyData>
{
    [Fact]
    public void Evaluate_writes_the_contracts_keys()
    {
        CommandRun run = CommandRun.Of("evaluate", "--weights", tiny.Weights, "--data", tiny.Data, "--accelerator", "cpu", "--json");
        Assert.Equal(0, run.ExitCode);
        JsonElement result = run.Json;
        Assert.Equal(["accuracy", "loss", "samples", "confusion_matrix", "classes", "macro_avg", "weighted_avg", "seconds",
            "interval", "top2_accuracy", "most_confused", "top_losses"], CommandRun.Keys(result));
        Assert.Equal(["name", "precision", "recall", "f1", "support"], CommandRun.Keys(result.GetProperty("classes")[0]));
        Assert.Equal("T-shirt/top", result.GetProperty("classes")[0].GetProperty("name").GetString());
        Assert.Equal(["precision", "recall", "f1", "support"], CommandRun.Keys(result.GetProperty("macro_avg")));
        // All logits are equal: the first class is predicted for every image.
        Assert.Equal(0.1, result.GetProperty("accuracy").GetDouble(), 1e-12);
        Assert.Equal(Math.Log(10), result.GetProperty("loss").GetDouble(), 1e-5);
        Assert.Equal(10, result.GetProperty("confusion_matrix")[3][0].GetInt32());
        Assert.Equal(0, result.GetProperty("confusion_matrix")[3][3].GetInt32());
        Assert.Contains("cnn1", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_takes_a_split_and_writes_a_report()
    {
        CommandRun run = CommandRun.Of("evaluate", "--weights", tiny.Weights, "--model", "cnn1", "--data", tiny.Data, "--split", "train", "--accelerator", "cpu", "--threads", "1");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("300 images", run.Out, StringComparison.Ordinal);
        Assert.Contains("1 workers", run.Out, StringComparison.Ordinal);
        Assert.Contains("f1-score", run.Out, StringComparison.Ordinal);
        Assert.Contains("true \\ predicted", run.Out, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Fact]
    public void Predict_writes_the_contracts_keys()
    {
        CommandRun run = CommandRun.Of("predict", "--weights", tiny.Weights, "--data", tiny.Data, "--split", "test", "--count", "3", "--accelerator", "cpu", "--json");
        Assert.Equal(0, run.ExitCode);
        JsonElement[] predictions = [.. run.Json.EnumerateArray()];
        Assert.Equal(3, predictions.Length);
        Assert.Equal(["index", "class", "label", "probabilities", "logits"], CommandRun.Keys(predictions[2]));
        Assert.Equal(2, predictions[2].GetProperty("index").GetInt32());
        Assert.Equal("T-shirt/top", predictions[2].GetProperty("label").GetString());
        Assert.Equal(1, predictions[2].GetProperty("probabilities").EnumerateArray().Sum(each => each.GetDouble()), 1e-9);
        Assert.Equal(10, predictions[2].GetProperty("logits").GetArrayLength());
    }

    [Fact]
    public void Predict_writes_a_line_an_image()
    {
        CommandRun run = CommandRun.Of("predict", "--weights", tiny.Weights, "--data", tiny.Data, "--count", "2", "--accelerator", "cpu");
        Assert.Equal("image  probability  label        true label\n    0       0.1000  T-shirt/top  T-shirt/top\n    1       0.1000  T-shirt/top  Trouser (wrong)\n", run.Out);
    }

    [Fact]
    public void Models_shows_every_layer_and_the_known_totals()
    {
        string text = CommandRun.Of("models").Out;
        foreach (string part in (string[])["cnn1: input 1x28x28", "693,962", "159,882", "289,610", "conv2", "32x13x13", "dropout4"])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
        JsonElement one = Assert.Single(CommandRun.Of("models", "--model", "cnn2", "--json").Json.EnumerateArray().ToArray());
        Assert.Equal(["name", "input", "classes", "epochs", "recipe", "parameters", "multiply_adds", "batch_size", "weight_bytes", "activation_bytes", "training_bytes", "input_memory", "layers"], CommandRun.Keys(one));
        Assert.Equal(159_882, one.GetProperty("parameters").GetInt32());
    }

    [Fact]
    public void Devices_lists_the_cpu_and_selects_exactly_one()
    {
        JsonElement[] devices = [.. CommandRun.Of("devices", "--json").Json.EnumerateArray()];
        Assert.All(devices, device => Assert.Equal(["id", "kind", "name", "memory_bytes", "selected"], CommandRun.Keys(device)));
        Assert.Single(devices, device => device.GetProperty("selected").GetBoolean());
        Assert.Single(devices, device => device.GetProperty("id").GetString() == "cpu:0" && device.GetProperty("kind").GetString() == "cpu");
        Assert.Contains("*  cpu:0", CommandRun.Of("devices", "--accelerator", "cpu").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "train evaluate predict show explain models devices watch lr-find completion --json --quiet --verbose --version")]
    [InlineData("train --help", "--accelerator --data --model --weights --seed --threads --epochs --batch-size --learning-rate --validation-split --no-shuffle --no-dropout --augment --train-samples --output --progress --no-pictures --resume --checkpoint-every --on-nan --image-size --colour")]
    [InlineData("watch --help", "--once --progress --json")]
    [InlineData("lr-find --help", "--accelerator --data --model --weights --seed --threads --batch-size --validation-split --no-shuffle --no-dropout --augment --train-samples --output --steps --from --to --image-size --colour")]
    [InlineData("completion --help", "bash zsh fish powershell")]
    [InlineData("evaluate --help", "--accelerator --data --model --weights --threads --split --output --min-accuracy --json")]
    [InlineData("predict --help", "--invert --accelerator --data --model --weights --threads --split --count")]
    [InlineData("show --help", "--data --split --class --count --seed --index --weights --model --wrong --right --numbers --output --accelerator --threads --json")]
    [InlineData("explain --help", "--weights --index --split --image --model --concepts --step --output --data --accelerator --threads --json")]
    [InlineData("models --help", "--model --batch-size --diagram --schema --json")]
    [InlineData("devices --help", "--accelerator --json")]
    public void Help_names_every_option(string commandLine, string names)
    {
        CommandRun run = CommandRun.Of(commandLine.Split(' '));
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Error);
        Assert.All(names.Split(' '), name => Assert.Contains($"  {name}", run.Out, StringComparison.Ordinal));
    }

    [Fact]
    public void Help_says_ranges_and_defaults()
    {
        string help = CommandRun.Of("train", "--help").Out;
        foreach (string part in (string[])["1 to 65536 [default: 512]", "above 0 and at most 1 [default: 0.001 for adam, 0.001 for adamw, ", "10 for cnn1, 20 for cnn2, 50 for cnn3", "[default: auto]"])
        {
            Assert.Contains(part, help, StringComparison.Ordinal);
        }
    }
}
