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
        Assert.Equal(["file", "format", "model", "input", "classes", "validation_accuracy", "test_accuracy", "difference"], CommandRun.Keys(run.Json));
        Assert.Equal((file, "onnx", "cnn1"), (run.Json.GetProperty("file").GetString(), run.Json.GetProperty("format").GetString(), run.Json.GetProperty("model").GetString()));
        Assert.Equal(Names.Split(','), run.Json.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        Assert.InRange(run.Json.GetProperty("difference").GetDouble(), 0, 1e-5);
        run = CommandRun.Of("export", "--weights", tiny.Weights, "--format", "onnx", "--output", again, "--classes", Names);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("T-shirt, Trouser,", run.Out, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(again));
    }

    [Fact]
    public void Weights_beyond_single_precision_fail_the_check()
    {
        string weights = tiny.New("w"), file = tiny.New("m") + ".onnx";
        WeightsFile.Save(weights, TinyData.Tensors(ModelDefinition.Cnn1, 1e30f));
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
