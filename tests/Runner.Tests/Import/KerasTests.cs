using System.Runtime.CompilerServices;
using System.Text.Json;
using CsCheck;
using GpuCnn.Runner.Import;
using Xunit;

namespace GpuCnn.Runner.Tests.Import;

/// <summary>Files of Keras: tests/keras/write_h5.py wrote them, and the logits that go with them, from Keras's layouts.</summary>
public sealed class KerasTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly ModelDefinition Small = new("sequential", new TensorShape(2, 9, 8), 10, new Conv2d(3, 2, 3), new Relu(), new MaxPool2d(2),
        new Conv2d(4, 3, 3, 1, 1), new Relu(), new Flatten(), new Dense(5), new Relu(), new Dense(3));

    [Theory]
    [InlineData("small-keras2.h5", false)]
    [InlineData("small-keras3.h5", false)]
    [InlineData("small-weights-only.h5", true)]
    public void A_model_is_read_with_its_layouts_turned(string file, bool named)
    {
        TrainedModel model = KerasImport.Read(FileOf(file), named ? Small : null);
        Assert.Equal((Small.Name, Small.Input), (model.Model.Name, model.Model.Input));
        Assert.Equal(Small.Layers, model.Model.Layers);
        Assert.Equal(Small.Parameters.Select(spec => spec.Name), model.Weights.Select(tensor => tensor.Name));
        for (int t = 0; t < model.Weights.Count; t++)
        {
            Assert.Equal(Small.Parameters[t].Shape, model.Weights[t].Shape);
            Assert.Equal(Enumerable.Range(0, model.Weights[t].Values.Length).Select(i => ((((37 * i) + (11 * t)) % 101) - 50) / 128f), model.Weights[t].Values);
        }
        RequireLogits(model, "small.json");
    }

    private static void RequireLogits(TrainedModel model, string file)
    {
        byte[] pixels = [.. Enumerable.Range(0, 5 * model.Model.Input.Count).Select(i => (byte)((53 * i) + 7))];
        using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"));
        using var classifier = new Classifier(model, device, maxBatch: 5);
        IReadOnlyList<Prediction> predictions = classifier.Predict(new ImageSet(pixels, new byte[5], model.Model.Input, ["a", "b", "c"]));
        double[][] expected = JsonSerializer.Deserialize<double[][]>(File.ReadAllText(FileOf(file)))!;
        double bound = 1e-5 * expected.Max(row => row.Max(Math.Abs));
        for (int i = 0; i < 15; i++)
        {
            Assert.True(Math.Abs(expected[i / 3][i % 3] - predictions[i / 3].Logits[i % 3]) <= bound, $"image {i / 3}: {predictions[i / 3].Logits[i % 3]}, Keras has {expected[i / 3][i % 3]}");
        }
    }

    [Theory]
    [InlineData("cnn1", "2")]
    [InlineData("cnn2", "2")]
    [InlineData("cnn2", "3")]
    [InlineData("cnn3", "3")]
    public void Our_models_come_back_from_Keras_bit_by_bit(string name, string version)
    {
        Python.Require("h5py");
        ModelDefinition model = ModelZoo.Find(name);
        string weights = tiny.New("w"), file = tiny.New("keras") + ".h5", back = tiny.New("back") + ".safetensors";
        using Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"));
        using var network = new Network(model, device, 1, training: false);
        network.Initialize(7);
        new TrainedModel(model, network.ExportWeights()).Save(weights);
        Python.Run("keras/write_h5.py", name, file, "--keras", version, "--weights", weights);
        CommandRun run = CommandRun.Of("import", file, "--output", back, "--json");
        Assert.Equal((0, name), (run.ExitCode, run.Json.GetProperty("model").GetString()));
        Assert.Equal(File.ReadAllBytes(weights), File.ReadAllBytes(back));
    }

    [Theory]
    [InlineData("\"class_name\": \"Sequential\"", "\"class_name\": \"Functional\"", "its model is Functional")]
    [InlineData("\"class_name\": \"Flatten\"", "\"class_name\": \"LSTM\"", "layer flatten: there is no layer like LSTM here")]
    [InlineData("\"activation\": \"relu\"", "\"activation\": \"softsign\"", "layer conv2d: there is no activation like softsign here")]
    [InlineData("\"units\": 3, \"activation\": \"linear\"", "\"units\": 3, \"activation\": \"sigmoid\"", "its model ends with a sigmoid")]
    [InlineData("\"activation\": \"relu\"", "\"activation\": \"softmax\"", "goes on behind a softmax")]
    [InlineData("\"groups\": 1", "\"groups\": 2", "layer conv2d: a convolution has one stride")]
    [InlineData("\"strides\": [1, 1], \"padding\": \"same\"", "\"strides\": [2, 2], \"padding\": \"same\"", "layer conv2d_1: its padding is 0 above, 1 below, 1 left and 1 right")]
    [InlineData("\"pool_size\": [2, 2]", "\"pool_size\": [2, 3]", "layer max_pooling2d: a max-pooling has a square window")]
    [InlineData("\"data_format\": \"channels_last\"", "\"data_format\": \"channels_first\"", "layer conv2d: channels_first is not read")]
    [InlineData("[null, 9, 8, 2]", "[null, null, null, 2]", "its input is [null, null, null, 2]")]
    [InlineData("[null, 9, 8, 2]", "[null, 2, 2, 2]", "layer conv2d: conv: a 2x3 kernel does not fit an input of")]
    [InlineData("\"units\": 5", "\"units\": 99999999", "is not the JSON that Keras writes")]
    [InlineData("\"filters\": 3", "\"filters\": \"three\"", "is not the JSON that Keras writes")]
    [InlineData("\"class_name\": \"Flatten\", \"config\": {", "\"class_name\": \"Rescaling\", \"config\": {\"scale\": 0.00784313725, \"offset\": -1, ", "layer flatten: pixels are divided by 255")]
    public void What_cannot_be_here_is_refused_by_name(string from, string to, string problem)
    {
        string config = KerasFile.Read(FileOf("small-keras2.h5")).Config!;
        int place = config.IndexOf(from, StringComparison.Ordinal);
        Assert.True(place >= 0, $"{config} has no {from}");
        // The first of them: others may have the same setting.
        config = config[..place] + to + config[(place + from.Length)..];
        InvalidFileException exception = Assert.Throws<InvalidFileException>(() => KerasModel.Read("m.h5", config));
        Assert.StartsWith("m.h5: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rescaling_by_255_zero_padding_and_a_softmax_at_the_end_are_what_models_here_have_anyway()
    {
        const string config = """
            {"class_name":"Sequential","config":[{"class_name":"Rescaling","config":{"batch_input_shape":[null,8,7,1],"name":"r","scale":0.00392156862745098,"offset":0.0}},
            {"class_name":"ZeroPadding2D","config":{"name":"z","padding":[[2,2],[2,2]]}},
            {"class_name":"Conv2D","config":{"name":"c","filters":4,"kernel_size":3,"strides":2,"padding":"valid","activation":"linear"}},{"class_name":"ReLU","config":{"name":"a"}},
            {"class_name":"MaxPooling2D","config":{"name":"p","pool_size":[3,3],"strides":null,"padding":"same"}},
            {"class_name":"Flatten","config":{"name":"f"}},{"class_name":"Dense","config":{"name":"d","units":3,"activation":"softmax"}}]}
            """;
        ModelDefinition model = KerasModel.Read("m.h5", config);
        Assert.Equal([new Conv2d(4, 3, 3, 2, 2), new Relu(), new MaxPool2d(3, 3, CeilMode: true), new Flatten(), new Dense(3)], model.Layers);
    }

    [Theory]
    [InlineData("norm-keras2.h5")]
    [InlineData("norm-keras3.h5")]
    public void Batch_normalizations_averages_and_other_activations_are_Kerass(string file)
    {
        TrainedModel model = KerasImport.Read(FileOf(file), null);
        Assert.Equal([new Conv2d(5, 3, 2, Bias: false), new BatchNorm(0.01, 1e-3), new LeakyRelu(0.3), new AveragePool2d(2, 1), new Conv2d(4, 3, 3), new Gelu(), new BatchNorm(0.1, 0.01), new GlobalAveragePool(),
            new Dense(6), new Gelu(), new Dense(3)], model.Model.Layers);
        Assert.Equal(model.Model.Parameters.Select(spec => spec.Name), model.Weights.Select(tensor => tensor.Name));
        RequireLogits(model, "norm.json");
    }

    [Fact]
    public void Weights_behind_activations_of_every_kind_are_turned_and_give_Kerass_logits()
    {
        TrainedModel model = KerasImport.Read(FileOf("activations-keras3.h5"), null);
        Assert.Equal([new Conv2d(4, 3, 3), new Tanh(), new Relu6(), new Conv2d(5, 3, 3), new Silu(), new Conv2d(3, 2, 2), new HardSwish(), new Flatten(),
            new Dense(6), new Sigmoid(), new Dense(5), new Relu6(), new Dense(3)], model.Model.Layers);
        RequireLogits(model, "activations.json");
    }

    [Theory]
    [InlineData("""{"class_name":"BatchNormalization","config":{"name":"l","axis":1,"momentum":0.9,"epsilon":0.001}}""", "layer l: a batch normalization is of channels")]
    [InlineData("""{"class_name":"ReLU","config":{"name":"l","max_value":5.0,"negative_slope":0.0,"threshold":0.0}}""", "layer l: there is no ReLU with these settings here")]
    [InlineData("""{"class_name":"AveragePooling2D","config":{"name":"l","pool_size":[3,3],"strides":[2,2],"padding":"same"}}""", "layer l: an average counts padding as zeros here")]
    [InlineData("""{"class_name":"GlobalAveragePooling2D","config":{"name":"l","keepdims":true}}""", "layer l: a global average gives a vector here")]
    public void Settings_of_those_that_there_are_not_here_are_refused(string layer, string problem)
    {
        string config = $$$"""{"class_name":"Sequential","config":[{"class_name":"InputLayer","config":{"batch_input_shape":[null,8,7,1]}},{{{layer}}},{"class_name":"Flatten","config":{"name":"f"}},{"class_name":"Dense","config":{"name":"d","units":3,"activation":"softmax"}}]}""";
        Assert.Contains(problem, Assert.Throws<InvalidFileException>(() => KerasModel.Read("m.h5", config)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Layer> Activations => new()
    {
        { "\"relu\"", new Relu() }, { "\"leaky_relu\"", new LeakyRelu(0.2) }, { "\"gelu\"", new Gelu() }, { "\"silu\"", new Silu() }, { "\"swish\"", new Silu() },
        { "\"hard_silu\"", new HardSwish() }, { "\"hard_swish\"", new HardSwish() }, { "\"relu6\"", new Relu6() }, { "\"tanh\"", new Tanh() }, { "\"sigmoid\"", new Sigmoid() },
        { "\"elu\"", new Elu() }, { """{"module":"keras.layers","class_name":"ELU","config":{"name":"l","alpha":0.5},"registered_name":null}""", new Elu(0.5) },
        { """{"module":"builtins","class_name":"function","config":"tanh","registered_name":"function"}""", new Tanh() },
        { """{"module":"keras.layers","class_name":"LeakyReLU","config":{"name":"l","alpha":0.1},"registered_name":null}""", new LeakyRelu(0.1) },
        { """{"module":"keras.layers","class_name":"ReLU","config":{"name":"l","max_value":6.0,"negative_slope":0.0,"threshold":0.0}}""", new Relu6() },
        { """{"module":"keras.layers","class_name":"ReLU","config":{"name":"l","max_value":null,"negative_slope":0.1,"threshold":0.0}}""", new LeakyRelu(0.1) },
    };

    [Theory]
    [MemberData(nameof(Activations))]
    public void Every_activation_is_read_as_a_setting_and_as_a_layer(string activation, Layer expected)
    {
        string layer = activation[0] == '{' ? activation : $$$"""{"class_name":"Activation","config":{"name":"l","activation":{{{activation}}}}}""";
        if (layer.Contains("\"function\"", StringComparison.Ordinal))
        {
            layer = $$$"""{"class_name":"Activation","config":{"name":"l","activation":{{{layer}}}}}""";
        }
        string config = $$$"""
            {"class_name":"Sequential","config":[{"class_name":"Conv2D","config":{"batch_input_shape":[null,8,7,2],"name":"c","filters":4,"kernel_size":3,"strides":1,"padding":"valid",
            "activation":{{{activation}}}}},{{{layer}}},{"class_name":"Flatten","config":{"name":"f"}},{"class_name":"Dense","config":{"name":"d","units":3,"activation":"softmax"}}]}
            """;
        Assert.Equal([new Conv2d(4, 3, 3), expected, expected, new Flatten(), new Dense(3)], KerasModel.Read("m.h5", config).Layers);
    }

    [Fact]
    public void Every_activation_of_ours_has_a_word_in_Keras() =>
        Assert.All(typeof(ActivationLayer).Assembly.GetTypes().Where(type => type.BaseType == typeof(ActivationLayer)),
            type => Assert.NotEmpty(LayerKind.Of((Layer)RuntimeHelpers.GetUninitializedObject(type)).Kind.Keras));

    [Fact]
    public void Layers_that_Keras_made_without_a_bias_have_none()
    {
        const string config = """
            {"class_name":"Sequential","config":[{"class_name":"Conv2D","config":{"batch_input_shape":[null,8,7,1],"name":"c","filters":4,"kernel_size":3,"strides":1,"padding":"valid","use_bias":false,
            "activation":"relu"}},{"class_name":"Flatten","config":{"name":"f"}},{"class_name":"Dense","config":{"name":"d","units":3,"use_bias":false,"activation":"linear"}},
            {"class_name":"Dense","config":{"name":"e","units":2,"use_bias":true,"activation":"softmax"}}]}
            """;
        ModelDefinition model = KerasModel.Read("m.h5", config);
        Assert.Equal([new Conv2d(4, 3, 3, Bias: false), new Relu(), new Flatten(), new Dense(3, Bias: false), new Dense(2)], model.Layers);
    }

    [Fact]
    public void Weights_of_another_model_are_refused_by_layer()
    {
        InvalidFileException exception = Assert.Throws<InvalidFileException>(() => KerasImport.Read(FileOf("small-keras2.h5"), ModelZoo.Cnn1));
        Assert.EndsWith("layer conv2d has [2, 3, 2, 3] and [3], but conv1 of model cnn1 needs [3, 3, 1, 32] and [32]", exception.Message, StringComparison.Ordinal);
        exception = Assert.Throws<InvalidFileException>(() => KerasImport.Read(FileOf("small-weights-only.h5"), null));
        Assert.EndsWith("it holds weights alone, and they are those of none of the models cnn1, cnn2, cnn3, small; name the model with --model", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_the_bytes_only_a_refusal_comes_out()
    {
        byte[] valid = File.ReadAllBytes(FileOf("small-keras2.h5"));
        string path = tiny.New("h5") + ".h5";
        Gen.Select(Gen.Int[0, valid.Length - 1].Array[1, 4], Gen.Byte.Array[1, 4], Gen.Int[0, valid.Length], Gen.Bool).Sample((places, bytes, length, cut) =>
        {
            byte[] mutated = [.. valid];
            for (int i = 0; i < places.Length; i++)
            {
                mutated[places[i]] = bytes[i % bytes.Length];
            }
            File.WriteAllBytes(path, cut ? mutated[..length] : mutated);
            try
            {
                KerasImport.Read(path, null);
            }
            catch (InvalidFileException exception)
            {
                Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', exception.Message);
            }
        }, iter: 2000, threads: 1);
    }

    private static string FileOf(string name) => Path.Combine(AppContext.BaseDirectory, "Import", "Files", name);
}
