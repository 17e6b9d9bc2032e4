using System.Runtime.InteropServices;
using Google.Protobuf;
using GpuCnn.Kernels.Tests;
using GpuCnn.Onnx;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Exported models of every kind of layer with unusual settings, in ONNX Runtime and in the interpreter that <c>export --check</c> runs.</summary>
public sealed class OnnxSettingsTests : IDisposable
{
    /// <summary>Every kind of layer and every setting, none as it is when left out; heights and widths differ up to the end.</summary>
    private static readonly ModelDefinition Everything = new("everything", new TensorShape(3, 31, 22), 1,
        new Conv2d(5, 3, 5, Stride: 3, Padding: 2, Bias: false), new BatchNorm(0.3, 0.01), new LeakyRelu(0.2), new MaxPool2d(3, 2, CeilMode: true, Padding: 1), new Gelu(), new Silu(), new HardSwish(),
        new Residual(
            [new Conv2d(7, 3, 3, 1, 1, Bias: false), new BatchNorm(0.05, 0.1), new Gelu(), new Dropout(0.3), new Conv2d(4, 3, 3, 1, 1, Bias: false), new BatchNorm()],
            [new Conv2d(4, 1, 1, Bias: false), new BatchNorm(1, 1e-3)]),
        new AveragePool2d(4, 2, 2), new Tanh(), new Elu(0.6), new Residual(new LeakyRelu(0.7), new AveragePool2d(3, 1, 1)),
        new Residual([new GlobalAveragePool(), new Dense(6), new Relu()], [new Conv2d(6, 4, 3, Stride: 2)]),
        new BatchNorm(0.2), new Relu6(), new Residual([new Dense(6, Bias: false), new Gelu()], [new Dropout(0.1)]), new Conv2d(8, 3, 2, Padding: 1), new Sigmoid(), new Flatten(), new Dense(5));

    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-onnx-").FullName;

    private string File => Path.Combine(folder, "m.onnx");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Every_kind_of_layer_with_every_setting_has_our_logits_after_some_training()
    {
        Assert.Superset(LayerKind.All.Select(kind => kind.Name).ToHashSet(), Everything.Nodes.Select(layer => LayerKind.Of(layer.Layer).Kind.Name).ToHashSet());
        IReadOnlyList<WeightTensor> weights = Trained();
        foreach (WeightTensor tensor in weights.Where(tensor => tensor.Name.Contains("running_", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain(tensor.Values, value => value is 0 or 1);
        }
        OnnxFile.Save(File, new TrainedModel(Everything, weights));
        OnnxComparison.RequireSame(File, Everything, weights, OnnxComparison.Noise(Everything, 40), 1, 7, 33);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Models_of_random_layers_have_our_logits_in_ONNX_Runtime_and_in_the_interpreter(int seed)
    {
        var models = new RandomModels(seed);
        for (int i = 0; i < 8; i++)
        {
            ModelDefinition model = models.Next();
            IReadOnlyList<WeightTensor> weights = models.Weights(model);
            OnnxFile.Save(File, new TrainedModel(model, weights));
            ImageSet images = OnnxComparison.Noise(model, 33);
            try
            {
                OnnxComparison.RequireSame(File, model, weights, images, 1, 7, 33);
                ImageSet some = images.Slice(0, 5);
                Assert.InRange(OnnxFile.Compare(File, some, OnnxComparison.Predict(model, weights, some)), 0, 1e-5);
            }
            catch (Exception exception)
            {
                Assert.Fail($"model {i} of seed {seed}: {exception.Message}\n{ModelFile.Text(model, figures: false, indented: false)}");
            }
        }
    }

    [Fact]
    public void Every_setting_and_every_tensor_of_the_file_counts_in_the_interpreter()
    {
        IReadOnlyList<WeightTensor> weights = Trained();
        ImageSet images = OnnxComparison.Noise(Everything, 6);
        IReadOnlyList<Prediction> predictions = OnnxComparison.Predict(Everything, weights, images);
        OnnxFile.Save(File, new TrainedModel(Everything, weights));
        Assert.InRange(OnnxFile.Compare(File, images, predictions), 0, 1e-5);
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        int attributes = ModelProto.Parser.ParseFrom(bytes).Graph.Node.Sum(node => node.Attribute.Count), tensors = Everything.Parameters.Count;
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

    private void RequireFound(ModelProto file, ImageSet images, IReadOnlyList<Prediction> predictions, string what)
    {
        System.IO.File.WriteAllBytes(File, file.ToByteArray());
        double difference;
        try
        {
            difference = OnnxFile.Compare(File, images, predictions);
        }
        catch (InvalidFileException)
        {
            return;
        }
        Assert.False(difference <= 1e-4, $"{what} changed, and the logits differ by {difference} only");
    }

    private static IReadOnlyList<WeightTensor> Trained()
    {
        using var network = new Network(Everything, TestDevices.Cpu(2), 20);
        network.Initialize(3);
        using var trainer = new Trainer(network, new TrainingOptions { Epochs = 1, BatchSize = 20, ValidationSplit = 0 }, OnnxComparison.Noise(Everything, 100));
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        return network.ExportWeights();
    }
}
