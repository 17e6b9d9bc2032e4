using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>What a weights file says of its model beside the weights.</summary>
public sealed class TrainedModelTests : IDisposable
{
    private static readonly ModelDefinition Odd = new("odd", new TensorShape(3, 23, 16), 7, new Conv2d(5, 5, 3, 2, 1), new Relu(), new MaxPool2d(3, 2, CeilMode: true),
        new Flatten(), new Dense(11), new Relu(), new Dropout(0.125), new Dense(4));

    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-trained-").FullName;

    private string File => Path.Combine(folder, "w.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_file_alone_brings_everything_back()
    {
        var model = new TrainedModel(Odd, Weights(Odd)) { ClassNames = ["Größe", "a \"b\"", "c, d", "猫"], ValidationAccuracy = 1.0 / 3, TestAccuracy = 0.9042 };
        model.Save(File);
        TrainedModel back = TrainedModel.Load(File);
        Assert.Equal((Odd.Name, Odd.Input, Odd.Epochs), (back.Model.Name, back.Model.Input, back.Model.Epochs));
        Assert.Equal(Odd.Layers, back.Model.Layers);
        Assert.Equal(model.ClassNames, back.ClassNames);
        Assert.Equal((1.0 / 3, 0.9042), (back.ValidationAccuracy, back.TestAccuracy));
        Dictionary<string, WeightTensor> tensors = model.Weights.ToDictionary(tensor => tensor.Name);
        Assert.All(back.Weights, tensor => Assert.Equal(tensors[tensor.Name].Values, tensor.Values));
        byte[] first = System.IO.File.ReadAllBytes(File);
        back.Save(File);
        Assert.Equal(first, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void What_is_not_known_is_not_said()
    {
        new TrainedModel(Odd, Weights(Odd)).Save(File);
        Assert.Equal(["format", "format_version", "model", "producer", "scaling"], SafetensorsFile.Load(File).Metadata.Keys.Order());
        TrainedModel back = TrainedModel.Load(File);
        Assert.Equal((null, null, null), (back.ClassNames, back.ValidationAccuracy, back.TestAccuracy));
    }

    [Fact]
    public void A_file_without_a_description_or_with_another_programs_is_told_by_its_tensors()
    {
        IReadOnlyList<WeightTensor> weights = Weights(ModelZoo.Cnn2);
        WeightsFile.Save(File, weights);
        Assert.Same(ModelZoo.Cnn2, TrainedModel.Load(File).Model);
        SafetensorsFile.Save(File, new SafetensorsContent(weights, new Dictionary<string, string> { ["format"] = "pt", ["classes"] = "7", ["model"] = "resnet", ["scaling"] = "none" }));
        Assert.Same(ModelZoo.Cnn2, TrainedModel.Load(File).Model);
        WeightsFile.Save(File, Weights(Odd));
        Assert.Contains("its tensors are those of none of the models cnn1, cnn2, cnn3, small", Refused(null), StringComparison.Ordinal);
        Assert.Same(Odd, TrainedModel.Load(File, Odd).Model);
    }

    [Fact]
    public void A_model_that_is_named_must_be_the_one_described()
    {
        new TrainedModel(Odd, Weights(Odd)).Save(File);
        Assert.Same(Odd, TrainedModel.Load(File, Odd).Model);
        // Its tensors would fit.
        var other = new ModelDefinition("odd", Odd.Input, 7, [.. Odd.Layers.Select(layer => layer is Dropout ? new Dropout(0.5) : layer)]);
        Assert.Contains("it says that it has other layers", Refused(other), StringComparison.Ordinal);
        Assert.Contains("but model cnn1 needs [32]", Refused(ModelZoo.Cnn3, ModelZoo.Cnn1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("format_version", "2", "its metadata has version 2, this program reads 1")]
    [InlineData("scaling", "1/127.5 - 1", "its pixels are scaled by 1/127.5 - 1; only 1/255 is known")]
    [InlineData("classes", """["a","b","c"]""", "its classes are not 4 names")]
    [InlineData("classes", """["a","b","c",""]""", "its classes are not 4 names")]
    [InlineData("classes", """["a","b","c",null]""", "its classes are not 4 names")]
    [InlineData("classes", "null", "its classes are not 4 names")]
    [InlineData("classes", """["a",2]""", "its classes are no JSON list")]
    [InlineData("test_accuracy", "1.5", "its test_accuracy is 1.5, no number from 0 to 1")]
    [InlineData("validation_accuracy", "NaN", "its validation_accuracy is NaN")]
    [InlineData("validation_accuracy", "high\n", "its validation_accuracy is high?")]
    [InlineData("model", "{", "it is not JSON")]
    [InlineData("model", "[]", "w.safetensors, model: ")]
    [InlineData("model", """{"name":"x","input":[3,23,16],"layers":[{"kind":"flatten"},{"kind":"dense","units":4}]}""", "which model x has not")]
    public void Damaged_metadata_is_refused_in_one_line(string name, string text, string problem)
    {
        var pairs = new Dictionary<string, string>(ModelMetadata.Of(new TrainedModel(Odd, [])));
        pairs[name] = text;
        SafetensorsFile.Save(File, new SafetensorsContent(Weights(Odd), pairs));
        Assert.Contains(problem, Refused(null), StringComparison.Ordinal);
    }

    private string Refused(ModelDefinition? model)
    {
        string message = Assert.Throws<InvalidFileException>(() => TrainedModel.Load(File, model)).Message;
        Assert.StartsWith(File, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private string Refused(ModelDefinition written, ModelDefinition wanted)
    {
        new TrainedModel(written, Weights(written)).Save(File);
        return Refused(wanted);
    }

    private static IReadOnlyList<WeightTensor> Weights(ModelDefinition model) =>
        [.. model.Parameters.Select((spec, t) => new WeightTensor(spec.Name, spec.Shape, [.. Enumerable.Range(0, spec.Shape.Aggregate((a, b) => a * b)).Select(i => (((37 * i) + (11 * t)) % 101) / 128f)]))];
}
