using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>The example of docs/export.md: it compiles, it runs, and the document shows it as it is here.</summary>
public sealed class OnnxExampleTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-onnx-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void It_says_the_class()
    {
        string path = Path.Combine(folder, "m.onnx");
        var model = new TrainedModel(ModelZoo.Cnn2, Oracle.Weights(ModelZoo.Cnn2)) { ClassNames = Oracle.Test.ClassNames };
        OnnxFile.Save(path, model);
        using var classifier = new Classifier(model, Kernels.Tests.TestDevices.Cpu(2), 1);
        for (int i = 0; i < 20; i++)
        {
            byte[] image = Oracle.Test.Slice(i, 1).Pixels.ToArray();
            Assert.Equal(Oracle.Test.ClassNames[classifier.Predict(image)], Example(path, image));
        }
    }

    [Fact]
    public void It_is_the_one_in_the_document() => Assert.Contains(Between(Source(), "// docs/export.md\n", "// end\n"), Between(File.ReadAllText(Document()), "```csharp", "```"));

    private static string Example(string path, byte[] image)
    {
        // docs/export.md
        using var session = new InferenceSession(path);
        string[] classes = JsonSerializer.Deserialize<string[]>(session.ModelMetadata.CustomMetadataMap["classes"])!;
        int[] shape = session.InputMetadata["pixels"].Dimensions;
        var pixels = new DenseTensor<byte>(image, [1, shape[1], shape[2], shape[3]]);
        using var outputs = session.Run([NamedOnnxValue.CreateFromTensor("pixels", pixels)], ["probabilities"]);
        float[] probabilities = [.. outputs[0].AsTensor<float>()];
        string answer = classes[Array.IndexOf(probabilities, probabilities.Max())];
        // end
        return answer;
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length, to = text.IndexOf(end, from, StringComparison.Ordinal);
        return string.Join('\n', text[from..to].Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));
    }

    private static string Source([CallerFilePath] string path = "") => File.ReadAllText(path);

    private static string Document([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", "docs", "export.md");
}
