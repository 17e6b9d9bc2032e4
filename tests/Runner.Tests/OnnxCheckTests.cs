using System.Runtime.InteropServices;
using Google.Protobuf;
using GpuCnn.NetworkTests;
using GpuCnn.Onnx;
using GpuCnn.Runner.Onnx;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>What <c>export --check</c> runs: the written graph beside the model.</summary>
public sealed class OnnxCheckTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-onnx-").FullName;
    private readonly Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), 2);

    private string Path => System.IO.Path.Combine(folder, "m.onnx");

    public void Dispose()
    {
        device.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Models_of_random_layers_have_our_logits(int seed)
    {
        var models = new RandomModels(seed);
        for (int i = 0; i < 8; i++)
        {
            ModelDefinition model = models.Next();
            ImageSet images = EveryLayer.Noise(model, 5);
            IReadOnlyList<Prediction> predictions = Export(model, models.Weights(model), images);
            double difference = OnnxCheck.Compare(Path, images, predictions);
            Assert.True(difference <= 1e-5, $"model {i} of seed {seed} differs by {difference}\n{ModelFile.Text(model, figures: false, indented: false)}");
        }
    }

    [Fact]
    public void Every_setting_and_every_tensor_of_the_file_counts()
    {
        ImageSet images = EveryLayer.Noise(EveryLayer.Model, 6);
        IReadOnlyList<Prediction> predictions = Export(EveryLayer.Model, EveryLayer.Trained(), images);
        Assert.InRange(OnnxCheck.Compare(Path, images, predictions), 0, 1e-5);
        byte[] bytes = File.ReadAllBytes(Path);
        int attributes = ModelProto.Parser.ParseFrom(bytes).Graph.Node.Sum(node => node.Attribute.Count), tensors = EveryLayer.Model.Parameters.Count;
        Assert.InRange(attributes, 30, 200);
        for (int i = 0; i < attributes; i++)
        {
            ModelProto file = ModelProto.Parser.ParseFrom(bytes);
            (NodeProto node, AttributeProto attribute) = file.Graph.Node.SelectMany(node => node.Attribute.Select(attribute => (node, attribute))).ElementAt(i);
            // One window that covers all has no neighbour.
            if (node.Name != "residual3.shortcut.conv1.Conv" || attribute.Name != "strides")
            {
                Change(attribute);
                RequireFound(file, images, predictions, $"{node.Name}: {attribute.Name}");
            }
        }
        for (int i = 0; i < tensors; i++)
        {
            ModelProto file = ModelProto.Parser.ParseFrom(bytes);
            TensorProto tensor = file.Graph.Initializer[i];
            // A bound counts only where a number reaches it.
            if (file.Graph.Node.Any(node => node.OpType == "Clip" && node.Input.Skip(1).Contains(tensor.Name)))
            {
                continue;
            }
            float[] values = MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();
            tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([.. values.Select((value, at) => value + 0.2f + (0.1f * (at % 3)))]));
            RequireFound(file, images, predictions, tensor.Name);
        }
    }

    [Fact]
    public void A_file_that_computes_something_else_is_found_out()
    {
        ModelDefinition model = ModelZoo.Cnn2;
        using var network = new Network(model, device, 1, training: false);
        network.Initialize(3);
        ImageSet images = EveryLayer.Noise(model, 16);
        IReadOnlyList<Prediction> predictions = Export(model, network.ExportWeights(), images);
        Assert.InRange(OnnxCheck.Compare(Path, images, predictions), 0, 1e-5);
        byte[] bytes = File.ReadAllBytes(Path), nans = [.. Enumerable.Repeat(BitConverter.GetBytes(float.NaN), 10).SelectMany(each => each)];
        foreach (Action<GraphProto> change in (Action<GraphProto>[])
        [
            graph => graph.Initializer.Single(tensor => tensor.Name == "scaling.divisor").RawData = ByteString.CopyFrom(BitConverter.GetBytes(256f)),
            // Of a vector it makes the same vector.
            graph => graph.Node.Last(node => node.OpType == "Relu").OpType = "Flatten",
            graph => Shift(graph.Node.Last(node => node.OpType == "Conv").Attribute.Single(attribute => attribute.Name == "pads").Ints),
            graph => graph.Initializer.Single(tensor => tensor.Name == "dense4.bias").RawData = ByteString.CopyFrom(nans),
        ])
        {
            ModelProto file = ModelProto.Parser.ParseFrom(bytes);
            change(file.Graph);
            RequireFound(file, images, predictions, "the file");
        }
        File.WriteAllBytes(Path, bytes[..^7]);
        string problem = Assert.Throws<InvalidFileException>(() => OnnxCheck.Compare(Path, images, predictions)).Message;
        Assert.StartsWith($"{Path}: it cannot be run again", problem, StringComparison.Ordinal);
    }

    private IReadOnlyList<Prediction> Export(ModelDefinition model, IReadOnlyList<WeightTensor> weights, ImageSet images)
    {
        var trained = new TrainedModel(model, weights);
        OnnxFile.Save(Path, trained);
        using var classifier = new Classifier(trained, device);
        return classifier.Predict(images);
    }

    private static void Change(AttributeProto attribute)
    {
        switch (attribute.Type)
        {
            case AttributeProto.Types.AttributeType.Float:
                attribute.F += 0.1f;
                break;
            case AttributeProto.Types.AttributeType.Int:
                attribute.I = 1 - attribute.I;
                break;
            default:
                attribute.Ints[attribute.Name == "strides" ? 1 : 0]++;
                break;
        }
    }

    /// <summary>All of the padding below and to the right.</summary>
    private static void Shift(Google.Protobuf.Collections.RepeatedField<long> pads) => (pads[0], pads[1], pads[2], pads[3]) = (0, 0, 2, 2);

    private void RequireFound(ModelProto file, ImageSet images, IReadOnlyList<Prediction> predictions, string what)
    {
        File.WriteAllBytes(Path, file.ToByteArray());
        double difference;
        try
        {
            difference = OnnxCheck.Compare(Path, images, predictions);
        }
        catch (InvalidFileException)
        {
            return;
        }
        Assert.False(difference <= 1e-4, $"{what} changed, and the logits differ by {difference} only");
    }
}
