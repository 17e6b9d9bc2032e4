using System.Runtime.CompilerServices;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>README's example: it compiles, it runs, and README shows it as it is here.</summary>
public sealed class LibraryExampleTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-example-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void It_trains_saves_and_evaluates()
    {
        string path = Path.Combine(folder, "weights.safetensors");
        ImageSet images = Oracle.Train.Slice(0, 2000), testImages = Oracle.Test.Slice(0, 500);
        double accuracy = Example(images, testImages, path);
        Assert.InRange(accuracy, 0.6, 1.0);
        Assert.Equal(6, WeightsFile.Load(path).Count);
    }

    [Fact]
    public void It_is_the_one_in_README() => Assert.Contains(Between(Source(), "// README\n", "// end\n"), Between(File.ReadAllText(Readme()), "```csharp", "```"));

    private static double Example(ImageSet images, ImageSet testImages, string path)
    {
        // README
        using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Auto);
        using var network = new Network(ModelDefinition.Cnn1, device);
        network.Initialize(seed: 1);
        using var trainer = new Trainer(network, new TrainingOptions { Epochs = 5 }, images);
        while (trainer.EpochsDone < trainer.Options.Epochs)
        {
            EpochResult epoch = trainer.RunEpoch();
            Console.Error.WriteLine($"epoch {epoch.Epoch}: loss {epoch.TrainLoss:0.000}, validation accuracy {epoch.ValAccuracy:0.000}");
        }
        WeightsFile.Save(path, network.ExportWeights());
        double accuracy = Evaluation.Run(network, testImages).Accuracy;
        // end
        return accuracy;
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length, to = text.IndexOf(end, from, StringComparison.Ordinal);
        return string.Join('\n', text[from..to].Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));
    }

    private static string Source([CallerFilePath] string path = "") => File.ReadAllText(path);

    private static string Readme([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "README.md");
}
