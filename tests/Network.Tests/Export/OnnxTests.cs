using GpuCnn.Kernels.Tests;
using GpuCnn.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Exported models in ONNX Runtime, which other programs run them with.</summary>
public sealed class OnnxTests : IDisposable
{
    private static readonly string[] ClassNames = [.. Oracle.Test.ClassNames];

    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-onnx-").FullName;

    private string File => Path.Combine(folder, "m.onnx");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("cnn1")]
    [InlineData("cnn2")]
    [InlineData("cnn3")]
    public void Every_batch_has_our_logits_and_probabilities(string name)
    {
        ModelDefinition model = ModelZoo.Find(name);
        IReadOnlyList<WeightTensor> weights = Oracle.Weights(model);
        OnnxFile.Save(File, new TrainedModel(model, weights) { ClassNames = ClassNames });
        RequireSame(model, weights, Oracle.Test, 1, 7, 512);
    }

    [Fact]
    public void Sizes_of_all_kinds_have_our_logits_too()
    {
        // Rectangular kernels, strides and padding, windows that overlap, hang over to one side, and lie apart; several channels.
        foreach (ModelDefinition model in (ModelDefinition[])
        [
            new("odd", new TensorShape(3, 23, 16), 1, new Conv2d(5, 5, 3, 2, 1), new Relu(), new MaxPool2d(3, 2, CeilMode: true), new Conv2d(7, 2, 1), new MaxPool2d(2, 1),
                new Dropout(0.5), new Flatten(), new Dense(11), new Relu(), new Dense(4), new Dropout(0.5)),
            new("apart", new TensorShape(2, 11, 8), 1, new MaxPool2d(2, 3, CeilMode: true), new Conv2d(4, 1, 2, 1, 1), new MaxPool2d(1, 4, CeilMode: true), new Flatten(), new Dense(3)),
            new("bare", new TensorShape(1, 6, 5), 1, new Conv2d(6, 6, 5)),
            new("unbiased", new TensorShape(1, 9, 7), 1, new Conv2d(6, 3, 2, 2, 1, Bias: false), new BatchNorm(), new Relu(), new Flatten(), new Dense(5, Bias: false), new Relu(), new Dense(3)),
        ])
        {
            using var network = new Network(model, TestDevices.Cpu(2), 1, training: false);
            network.Initialize(3);
            IReadOnlyList<WeightTensor> weights = network.ExportWeights();
            OnnxFile.Save(File, new TrainedModel(model, weights));
            RequireSame(model, weights, EveryLayer.Noise(model, 9), 1, 9);
        }
    }

    [Fact]
    public void A_model_of_every_kind_of_layer_has_our_logits()
    {
        ModelDefinition model = ModelFile.Load(Oracle.File(Path.Combine("described", "all.json")));
        IReadOnlyList<WeightTensor> weights = Oracle.Weights(model);
        OnnxFile.Save(File, new TrainedModel(model, weights) { ClassNames = ClassNames });
        RequireSame(model, weights, Oracle.Test, 1, 7, 100);
    }

    [Fact]
    public void The_file_says_what_goes_in_and_what_comes_out()
    {
        OnnxFile.Save(File, new TrainedModel(ModelZoo.Cnn2, Oracle.Weights(ModelZoo.Cnn2)) { ClassNames = ClassNames, TestAccuracy = 0.9042, ValidationAccuracy = 0.91 });
        using var session = new InferenceSession(File);
        KeyValuePair<string, NodeMetadata> input = Assert.Single(session.InputMetadata);
        Assert.Equal(("pixels", typeof(byte)), (input.Key, input.Value.ElementType));
        Assert.Equal([-1, 1, 28, 28], input.Value.Dimensions);
        Assert.Equal("batch", input.Value.SymbolicDimensions[0]);
        Assert.Equal(["logits", "probabilities"], session.OutputMetadata.Keys);
        Assert.All(session.OutputMetadata.Values, output => Assert.Equal([-1, 10], output.Dimensions));
        Dictionary<string, string> metadata = session.ModelMetadata.CustomMetadataMap;
        Assert.Equal("""["T-shirt/top","Trouser","Pullover","Dress","Coat","Sandal","Shirt","Sneaker","Bag","Ankle boot"]""", metadata["classes"]);
        Assert.Equal(("1/255", "0.9042", "0.91", "1"), (metadata["scaling"], metadata["test_accuracy"], metadata["validation_accuracy"], metadata["format_version"]));
        Assert.Equal("gpucnn", session.ModelMetadata.ProducerName);
        Assert.Throws<OnnxRuntimeException>(() => session.Run([NamedOnnxValue.CreateFromTensor("pixels", new DenseTensor<float>([1, 1, 28, 28]))]));
        ModelProto file = ModelProto.Parser.ParseFrom(System.IO.File.ReadAllBytes(File));
        Assert.Equal(ModelZoo.Cnn2.Parameters.Select(spec => spec.Name), file.Graph.Initializer.Skip(1).Select(tensor => tensor.Name));
    }

    [Fact]
    public void The_same_model_gives_the_same_bytes()
    {
        var model = new TrainedModel(ModelZoo.Cnn3, Oracle.Weights(ModelZoo.Cnn3)) { ClassNames = ClassNames };
        OnnxFile.Save(File, model);
        byte[] first = System.IO.File.ReadAllBytes(File);
        OnnxFile.Save(File, model with { Weights = [.. model.Weights.Reverse()] });
        Assert.Equal(first, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void A_layer_without_a_form_in_ONNX_is_refused_by_name()
    {
        var model = new ModelDefinition("strange", new TensorShape(1, 4, 4), 1, new Flatten(), new Twist(), new Dense(2));
        WeightTensor[] weights = [.. model.Parameters.Select(spec => new WeightTensor(spec.Name, spec.Shape, new float[spec.Shape.Aggregate((a, b) => a * b)]))];
        ModelException exception = Assert.Throws<ModelException>(() => OnnxFile.Save(File, new TrainedModel(model, weights)));
        Assert.Equal("twist: this layer has no form in ONNX", exception.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    /// <summary>A layer that no exporter knows.</summary>
    private sealed record Twist : Layer
    {
        public override string Kind => "twist";

        public override TensorShape OutputShape(TensorShape input) => input;
    }

    private void RequireSame(ModelDefinition model, IReadOnlyList<WeightTensor> weights, ImageSet images, params int[] batches) =>
        OnnxComparison.RequireSame(File, model, weights, images, batches);
}
