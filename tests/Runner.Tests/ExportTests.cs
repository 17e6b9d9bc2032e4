using System.Text.Json;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary><c>export</c>: what is written, and what is said of it.</summary>
public sealed class ExportTests(TinyData tiny) : IClassFixture<TinyData>
{
    private const string Names = "T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Boot";

    [Fact]
    public void An_ONNX_file_is_written_and_checked()
    {
        string file = tiny.New("m") + ".onnx", again = tiny.New("m") + ".onnx";
        CommandRun run = CommandRun.Of("export", "--weights", tiny.Weights, "--format", "onnx", "--output", file, "--classes", Names, "--check", "--data", tiny.Data, "--accelerator", "cpu", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(["file", "format", "model", "input", "classes", "validation_accuracy", "test_accuracy", "difference", "checked_on"], CommandRun.Keys(run.Json));
        Assert.Equal((file, "onnx", "cnn1"), (run.Json.GetProperty("file").GetString(), run.Json.GetProperty("format").GetString(), run.Json.GetProperty("model").GetString()));
        Assert.Equal(Names.Split(','), run.Json.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        Assert.InRange(run.Json.GetProperty("difference").GetDouble(), 0, 1e-5);
        Assert.Equal($"16 test images of {tiny.Data}", run.Json.GetProperty("checked_on").GetString());
        run = CommandRun.Of("export", "--weights", tiny.Weights, "--format", "onnx", "--output", again, "--classes", Names);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("T-shirt, Trouser,", run.Out, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(again));
    }

    [Fact]
    public void Models_of_every_kind_are_checked_on_pictures_of_a_folder_and_else_on_noise()
    {
        string folder = tiny.New("pictures"), description = tiny.New("m") + ".json", file = tiny.New("m") + ".onnx";
        foreach (string shape in PictureSamples.Shapes[..3])
        {
            for (int i = 0; i < 12; i++)
            {
                PictureSamples.WriteShape(Path.Combine(folder, shape, $"{i}.png"), shape, new Random(i));
            }
        }
        File.WriteAllText(description, """
            { "name": "mine", "input": [3, 20, 26], "layers": [
              { "kind": "conv", "filters": 5, "kernel": [3, 5], "stride": 2, "padding": 2, "bias": false }, { "kind": "batch_norm", "epsilon": 0.01 }, { "kind": "gelu" },
              { "kind": "max_pool", "window": 3, "stride": 2, "padding": 1, "ceil_mode": true },
              { "kind": "residual", "layers": [{ "kind": "conv", "filters": 7, "kernel": 3, "padding": 1 }, { "kind": "leaky_relu" }], "shortcut": [{ "kind": "conv", "filters": 7, "kernel": 1 }] },
              { "kind": "average_pool", "window": 2, "padding": 1 }, { "kind": "global_average_pool" }, { "kind": "dense", "units": 3 }] }
            """);
        string run = tiny.New("run");
        Assert.Equal(0, CommandRun.Of("train", "--model", description, "--data", folder, "--epochs", "2", "--batch-size", "10", "--output", run, "--accelerator", "cpu", "--no-pictures", "--quiet").ExitCode);
        string[] export = ["export", "--weights", Path.Combine(run, "weights", "last.safetensors"), "--format", "onnx", "--output", file, "--check", "--accelerator", "cpu"];
        Assert.Matches($@"check +6 test images of {System.Text.RegularExpressions.Regex.Escape(folder)}: logits differ by at most \d\.\de[-+]\d+ of the largest; 1e-4 is allowed", CommandRun.Of([.. export, "--data", folder]).Out);
        Assert.Matches(@"check +16 images of random pixels: logits differ by at most \d\.\de[-+]\d+ of the largest; 1e-4 is allowed", CommandRun.Of(export).Out);
        CommandRun wrong = CommandRun.Of([.. export, "--data", tiny.Data]);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Single(wrong.ErrorLines);
    }

    [Fact]
    public void Weights_beyond_single_precision_fail_the_check()
    {
        string weights = tiny.New("w"), file = tiny.New("m") + ".onnx";
        WeightsFile.Save(weights, TinyData.Tensors(ModelZoo.Cnn1, 1e30f));
        CommandRun run = CommandRun.Of("export", "--weights", weights, "--format", "onnx", "--output", file, "--check", "--data", tiny.Data, "--accelerator", "cpu", "--json");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal($"gpucnn: {file}: the written graph does not compute what the model does", Assert.Single(run.ErrorLines));
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("difference").ValueKind);
    }

    [Fact]
    public void A_folder_in_the_place_of_the_file_is_refused()
    {
        string folder = tiny.New("m") + ".onnx";
        Directory.CreateDirectory(folder);
        CommandRun run = CommandRun.Of("export", "--weights", tiny.Weights, "--format", "onnx", "--output", folder);
        Assert.Equal(2, run.ExitCode);
        Assert.Equal($"gpucnn: {folder}: it is a folder; give a file that ends with .onnx", Assert.Single(run.ErrorLines));
    }
}
