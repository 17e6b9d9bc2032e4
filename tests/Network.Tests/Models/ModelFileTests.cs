using System.Text;
using System.Text.Json.Nodes;
using NJsonSchema;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Descriptions of models: what is read, what is refused and how, and that the schema says the same.</summary>
public sealed class ModelFileTests
{
    private const string Layers = """[{ "kind": "flatten" }, { "kind": "dense", "units": 3 }]""";

    private static readonly Lazy<JsonSchema> Schema = new(() => JsonSchema.FromJsonAsync(ModelSchema.Text).GetAwaiter().GetResult());

    /// <summary>Descriptions with a mistake that a schema can see: the whole, or a layer in front of a dense one; and what the message says.</summary>
    public static TheoryData<string, string> Wrong => new()
    {
        { "[]", "it must be an object in braces, not a list of 0" },
        { """{ "input": [1, 8, 8], "layers": LAYERS }""", "it has no 'name'" },
        { """{ "name": "m", "layers": LAYERS }""", "it has no 'input'" },
        { """{ "name": "m", "input": [1, 8, 8] }""", "it has no 'layers'" },
        { """{ "name": "", "input": [1, 8, 8], "layers": LAYERS }""", "'name' must be 1 to 64 letters" },
        { """{ "name": "../m", "input": [1, 8, 8], "layers": LAYERS }""", "'name' must be 1 to 64 letters" },
        { """{ "name": "m\u000an", "input": [1, 8, 8], "layers": LAYERS }""", "'name' must be 1 to 64 letters" },
        { """{ "name": 7, "input": [1, 8, 8], "layers": LAYERS }""", "'name' must be 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first, not 7" },
        { """{ "name": "m", "input": [8, 8], "layers": LAYERS }""", "'input' must be [channels, height, width], not a list of 2" },
        { """{ "name": "m", "input": [1, 8, 0], "layers": LAYERS }""", "'input': a size must be a whole number from 1 to 65536, not 0" },
        { """{ "name": "m", "input": [1, 8, 65537], "layers": LAYERS }""", "'input': a size must be a whole number from 1 to 65536, not 65537" },
        { """{ "name": "m", "input": [1, 8, "8"], "layers": LAYERS }""", "'input': a size must be a whole number" },
        { """{ "name": "m", "input": [1, 8, 8], "epochs": 0, "layers": LAYERS }""", "'epochs' must be a whole number from 1 to 1000000, not 0" },
        { """{ "name": "m", "input": [1, 8, 8], "epochs": null, "layers": LAYERS }""", "'epochs' must be a whole number from 1 to 1000000, not null" },
        { """{ "name": "m", "input": [1, 8, 8], "epoch": 5, "layers": LAYERS }""", "it has a key 'epoch' that means nothing here: it may have $schema, name, input, epochs" },
        { """{ "name": "m", "input": [1, 8, 8], "classes": 0, "layers": LAYERS }""", "'classes' must be a whole number" },
        { """{ "name": "m", "input": [1, 8, 8], "parameters": "many", "layers": LAYERS }""", "'parameters' must be a whole number, not \"many\"; or leave it out" },
        { """{ "$schema": 1, "name": "m", "input": [1, 8, 8], "layers": LAYERS }""", "'$schema' must be a text, not 1" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": [], "layers": LAYERS }""", "recipe must be an object in braces, not a list of 0" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": { "seed": 1 }, "layers": LAYERS }""", "recipe has a key 'seed' that means nothing here: it may have batch_size, optimizer, learning_rate" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": { "batch_size": 0 }, "layers": LAYERS }""", "recipe: 'batch_size' must be a whole number from 1 to 65536, not 0" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": { "optimizer": "rmsprop" }, "layers": LAYERS }""", "recipe: 'optimizer' must be adam, adamw, nesterov or sgd, not \"rmsprop\"" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": { "learning_rate": 0 }, "layers": LAYERS }""", "recipe: 'learning_rate' must be above 0 and at most 1, not 0" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": { "ema": 1 }, "layers": LAYERS }""", "recipe: 'ema' must be at least 0 and below 1, not 1" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": { "schedule": 1 }, "layers": LAYERS }""", "recipe: 'schedule' must be constant, cosine[=END], " },
        { """{ "name": "m", "input": [1, 8, 8], "layers": {} }""", "'layers' must be a list of layers, not an object" },
        { "7", "layer 1 must be an object with a 'kind', not 7" },
        { "{}", "layer 1 has no 'kind': give one of average_pool, batch_norm" },
        { """{ "kind": "conv3d" }""", "layer 1: there is no kind \"conv3d\": give one of average_pool" },
        { """{ "kind": 3 }""", "layer 1: there is no kind 3" },
        { """{ "kind": "relu", "units": 3 }""", "layer 1 (relu) has a key 'units' that means nothing here: it may have kind, name, output" },
        { """{ "kind": "conv", "filter": 3, "kernel": 3 }""", "layer 1 (conv) has a key 'filter' that means nothing here: it may have kind, filters, kernel" },
        { """{ "kind": "conv", "kernel": 3 }""", "layer 1 (conv) has no 'filters': give a whole number from 1 to 65536" },
        { """{ "kind": "conv", "filters": 4 }""", "layer 1 (conv) has no 'kernel': give a whole number from 1 to 65536, or two as [height, width]" },
        { """{ "kind": "conv", "filters": -4, "kernel": 3 }""", "layer 1 (conv): 'filters' must be a whole number from 1 to 65536, not -4" },
        { """{ "kind": "conv", "filters": 4.5, "kernel": 3 }""", "layer 1 (conv): 'filters' must be a whole number from 1 to 65536, not 4.5" },
        { """{ "kind": "conv", "filters": 1e99, "kernel": 3 }""", "layer 1 (conv): 'filters' must be a whole number from 1 to 65536, not 1e99" },
        { """{ "kind": "conv", "filters": 4, "kernel": [3] }""", "layer 1 (conv): 'kernel' must be a whole number from 1 to 65536, or two as [height, width], not a list of 1" },
        { """{ "kind": "conv", "filters": 4, "kernel": [3, 0] }""", "layer 1 (conv): 'kernel' must be a whole number from 1 to 65536, not 0" },
        { """{ "kind": "conv", "filters": 4, "kernel": "3x3" }""", "layer 1 (conv): 'kernel' must be" },
        { """{ "kind": "conv", "filters": 4, "kernel": 3, "stride": 0 }""", "layer 1 (conv): 'stride' must be a whole number from 1 to 65536, not 0" },
        { """{ "kind": "conv", "filters": 4, "kernel": 3, "padding": -1 }""", "layer 1 (conv): 'padding' must be a whole number from 0 to 65536, not -1" },
        { """{ "kind": "conv", "filters": 4, "kernel": 3, "bias": 0 }""", "layer 1 (conv): 'bias' must be true or false, not 0" },
        { """{ "kind": "dense", "units": 4, "bias": "no" }""", "layer 1 (dense): 'bias' must be true or false, not \"no\"" },
        { """{ "kind": "max_pool", "window": 2, "ceil_mode": 1 }""", "layer 1 (max_pool): 'ceil_mode' must be true or false, not 1" },
        { """{ "kind": "dropout", "rate": 1 }""", "layer 1 (dropout): 'rate' must be a number from 0 up to but not including 1, not 1" },
        { """{ "kind": "dropout", "rate": "half" }""", "layer 1 (dropout): 'rate' must be a number" },
        { """{ "kind": "max_pool", "window": 3, "padding": -1 }""", "layer 1 (max_pool): 'padding' must be a whole number from 0 to 65536, not -1" },
        { """{ "kind": "leaky_relu", "slope": 1.5 }""", "layer 1 (leaky_relu): 'slope' must be a number from 0 to 1, not 1.5" },
        { """{ "kind": "elu", "alpha": -1 }""", "layer 1 (elu): 'alpha' must be a number from 0 to 100, not -1" },
        { """{ "kind": "batch_norm", "epsilon": 0 }""", "layer 1 (batch_norm): 'epsilon' must be a number from 1E-12 to 1, not 0" },
        { """{ "kind": "residual" }""", "layer 1 (residual) has no 'layers': give a list of layers" },
        { """{ "kind": "residual", "layers": 3 }""", "layer 1 (residual): 'layers' must be a list of layers, not 3" },
        { """{ "kind": "residual", "layers": [{ "kind": "relu" }, { "kind": "dense" }] }""", "layer 1 (residual), layers 2 (dense) has no 'units'" },
        { """{ "kind": "residual", "layers": [{ "kind": "relu" }], "shortcut": [{ "kind": "gelo" }] }""", "layer 1 (residual), shortcut 1: there is no kind \"gelo\"" },
        { """{ "kind": "relu", "name": 1 }""", "layer 1 (relu): 'name' must be a text, not 1" },
        { """{ "kind": "relu", "output": [1] }""", "layer 1 (relu): 'output' must be [channels, height, width], not a list of 1" },
        { """{ "kind": "relu", "multiply_adds": -1 }""", "layer 1 (relu): 'multiply_adds' must be a whole number, not -1" },
    };

    /// <summary>Descriptions that a schema takes, for it cannot multiply or read twice.</summary>
    public static TheoryData<string, string> Unfit => new()
    {
        { "", "it is empty; a description of a model has name, input, epochs and layers" },
        { " \n", "it is empty; " },
        { "x", "it is not JSON at line 1, byte 1: " },
        { "{ \"name\": \"m\",\n  \"input\": [1, 8,, 8] }", "it is not JSON at line 2, byte 18: " },
        { """{ "name": "m", "name": "n", "input": [1, 8, 8], "layers": LAYERS }""", "it has 'name' twice" },
        { """{ "name": "m", "input": [1, 8, 8], "layers": [] }""", "model m: it has no layers" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": { "schedule": "sine" }, "layers": LAYERS }""", "recipe: 'schedule' must be constant, cosine" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": { "augment": "shift=0" }, "layers": LAYERS }""", "recipe: 'augment' must be none, or some of " },
        { """{ "name": "m", "input": [1, 8, 8], "epochs": 2, "recipe": { "warm_up": 2 }, "layers": LAYERS }""", "recipe: 'warm_up' must be below 'epochs' (2), not 2" },
        { """{ "name": "m", "input": [1, 8, 8], "recipe": { "weight_decay": 0.1 }, "layers": LAYERS }""", "recipe: 'weight_decay' must be 0 with 'optimizer' adam, not 0.1; adamw, nesterov and sgd take it" },
        { """{ "name": "m", "input": [1, 8, 8], "classes": 4, "layers": LAYERS }""", "it says 4 classes, but its last layer gives 3; change one of the two" },
        { """{ "kind": "conv", "filters": 4, "kernel": [3, 9] }""", "model m, layer conv1: conv: a 3x9 kernel does not fit an input of 1x8x8 with padding 0" },
        { """{ "kind": "max_pool", "window": 9 }""", "model m, layer pool1: pool: a 9x9 window does not fit an input of 1x8x8" },
        { """{ "kind": "conv", "filters": 60000, "kernel": 3, "padding": 40 }""", "model m, layer conv1: what an image becomes is 60000x86x86, more than the 16777216 values that are taken" },
        { """{ "kind": "flatten" }, { "kind": "dense", "units": 65536 }, { "kind": "dense", "units": 65536 }""", "model m, layer dense2: with its 4295032832 parameters the model has 4299292672" },
        { """{ "kind": "residual", "layers": [] }""", "model m, layer residual1: residual: it has no layers" },
        { """{ "kind": "residual", "layers": [{ "kind": "conv", "filters": 2, "kernel": 3 }] }""",
            "model m, layer residual1: residual: its layers make 2x6x6 of 1x8x8, its shortcut leaves it; give it a shortcut, a 1x1 convolution for example, that makes the same" },
        { """{ "kind": "residual", "layers": [{ "kind": "conv", "filters": 2, "kernel": 3 }], "shortcut": [{ "kind": "conv", "filters": 2, "kernel": 1 }] }""",
            "model m, layer residual1: residual: its layers make 2x6x6 of 1x8x8, its shortcut makes 2x8x8; the two must be the same to be added" },
        { """{ "kind": "residual", "layers": [{ "kind": "relu" }, { "kind": "conv", "filters": 1, "kernel": 9 }] }""", "model m, layer residual1.conv1: conv: a 9x9 kernel does not fit an input of 1x8x8" },
        { """{ "kind": "residual", "layers": [{ "kind": "flatten" }] }""", "model m, layer residual1.flatten: flatten: it cannot stand in a residual block; put it behind" },
        { """{ "kind": "flatten" }, { "kind": "batch_norm" }""", "model m, layer norm1: norm: it cannot follow a flatten layer of 1x8x8; put it before that, or behind a dense layer" },
        { """{ "kind": "flatten" }, { "kind": "conv", "filters": 2, "kernel": 1 }""", "model m, layer conv1: conv: it cannot follow a flatten layer of 1x8x8" },
        { """{ "kind": "flatten" }, { "kind": "max_pool", "window": 1 }""", "model m, layer pool1: pool: it cannot follow a flatten layer of 1x8x8" },
        { """{ "kind": "flatten" }, { "kind": "average_pool", "window": 1 }""", "model m, layer pool1: pool: it cannot follow a flatten layer of 1x8x8" },
        { """{ "kind": "flatten" }, { "kind": "dropout", "rate": 0.5 }, { "kind": "global_average_pool" }""", "model m, layer pool1: pool: it cannot follow a flatten layer of 1x8x8" },
        { """{ "kind": "flatten" }, { "kind": "relu" }, { "kind": "residual", "layers": [{ "kind": "dense", "units": 64 }] }""", "model m, layer residual1: residual: it cannot follow a flatten layer" },
        { """{ "kind": "average_pool", "window": 3, "padding": 2 }""", "model m, layer pool1: pool: a padding of 2 is more than half of a 3x3 window" },
        { """{ "name": "m", "input": [60000, 60000, 60000], "layers": LAYERS }""", "model m: an image is 60000x60000x60000, more than the" },
        { """{ "name": "m", "input": [1, 8, 8], "layers": [{ "kind": "relu" }] }""", "model m: its last layer gives 1x8x8; end with a dense layer of one unit a class" },
    };

    [Fact]
    public void What_is_written_is_read_and_written_the_same()
    {
        foreach (ModelDefinition model in (ModelDefinition[])[.. ModelZoo.All, Odd])
        {
            foreach (bool figures in (bool[])[true, false])
            {
                foreach (bool indented in (bool[])[true, false])
                {
                    string text = ModelFile.Text(model, figures, indented);
                    ModelDefinition read = ModelFile.Read(text, "m.json");
                    Assert.Equal(model.Layers, read.Layers);
                    Assert.Equal((model.Name, model.Input, model.Recipe, model.Classes), (read.Name, read.Input, read.Recipe, read.Classes));
                    Assert.Equal(model.Nodes.Select(Describe), read.Nodes.Select(Describe));
                    Assert.Equal(text, ModelFile.Text(read, figures, indented));
                    Assert.Equal(indented, text.Contains('\n', StringComparison.Ordinal));
                    Assert.Empty(Schema.Value.Validate(text));
                }
            }
        }
    }

    [Fact]
    public void A_recipe_says_what_is_not_as_usual_and_nothing_else()
    {
        Assert.Equal("--batch-size 33 --optimizer adamw --learning-rate 0.004 --schedule cosine=0.1 --warm-up 1.5 --weight-decay 0.03 --label-smoothing 0.05 --gradient-clip 2.5 --ema 0.9 "
            + "--augment shift=1,flip,erase=0.25 --validation-split 0.15 --stop-patience 2 --stop-metric val_accuracy --stop-min-change 0.001", Odd.RecipeFlags);
        Assert.Equal("", ModelZoo.Cnn1.RecipeFlags);
        Assert.DoesNotContain("recipe", ModelFile.Text(ModelZoo.Cnn1), StringComparison.Ordinal);
        ModelDefinition usual = ModelFile.Read("""{ "name": "m", "input": [1, 8, 8], "recipe": { "learning_rate": 0.05, "optimizer": "sgd" }, "layers": LAYERS }""".Replace("LAYERS", Layers, StringComparison.Ordinal), "m.json");
        Assert.Equal("--optimizer sgd", usual.RecipeFlags);
        Assert.Equal(Odd.Recipe, Odd.Fit(new TensorShape(2, 12, 14), 5).Recipe);
        Assert.Throws<ArgumentException>(() => new ModelDefinition("m", new TensorShape(1, 8, 8), new TrainingOptions { WeightDecay = 0.1 }, new Flatten(), new Dense(3)));
    }

    [Fact]
    public void Settings_that_are_not_given_have_the_values_that_the_schema_says()
    {
        ModelDefinition model = ModelFile.Read("""
            {
              "$schema": "model.schema.json", "name": "m", "input": [1, 9, 9], "classes": 5,
              "layers": [{ "kind": "conv", "filters": 2, "kernel": 3 }, { "kind": "max_pool", "window": 3 }, { "kind": "flatten" }, { "kind": "dense", "units": 5, "name": "whatever" }]
            }
            """, "m.json");
        Assert.Equal([new Conv2d(2, 3, 3), new MaxPool2d(3, 3), new Flatten(), new Dense(5)], model.Layers);
        Assert.Equal(10, model.Epochs);
        Assert.Equal("dense1", model.Nodes[^1].Name);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Mistakes_are_named_and_the_schema_sees_them_too(string description, string problem)
    {
        string text = Whole(description);
        Refused(text, problem);
        Assert.NotEmpty(Schema.Value.Validate(text));
    }

    [Theory]
    [MemberData(nameof(Unfit))]
    public void Layers_that_do_not_fit_are_named(string description, string problem) => Refused(Whole(description), problem);

    [Fact]
    public void Too_much_is_refused_before_it_is_built()
    {
        string many = string.Join(", ", Enumerable.Repeat("""{ "kind": "relu" }""", ModelDefinition.MostLayers + 1));
        Refused($$"""{ "name": "m", "input": [1, 8, 8], "layers": [{{many}}] }""", "it has more than 1000 layers");
        Refused(new string(' ', ModelFile.LargestFile + 1), "it is longer than 1048576 bytes");
        Refused(new string('[', 1000), "it is not JSON at line 1");
        string deep = string.Concat(Enumerable.Repeat("""{ "kind": "residual", "layers": [""", 9)) + """{ "kind": "relu" }""" + string.Concat(Enumerable.Repeat("] }", 9));
        Refused($$"""{ "name": "m", "input": [1, 8, 8], "layers": [{{deep}}] }""", "layer 1 (residual), layers 1 (residual), ");
    }

    [Fact]
    public void A_byte_order_mark_is_passed_over()
    {
        byte[] text = [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(ModelFile.Text(Odd))];
        Assert.Equal(Odd.Layers, ModelFile.Read(text, "m.json").Layers);
    }

    [Fact]
    public void Every_key_of_a_description_left_out_or_spoiled_is_seen_by_both_or_by_neither()
    {
        foreach (JsonNode spoiled in Spoiled(JsonNode.Parse(ModelFile.Text(Odd))!))
        {
            string text = spoiled.ToJsonString();
            bool fits = Schema.Value.Validate(text).Count == 0;
            string? problem = null;
            try
            {
                ModelFile.Read(text, "m.json");
            }
            catch (InvalidFileException exception)
            {
                problem = exception.Message;
            }
            // What only the layers together make wrong is beyond a schema, and so is what options say in texts or together.
            Assert.True(fits == problem is null || problem?.Contains("recipe: 'schedule'", StringComparison.Ordinal) == true || problem?.Contains("recipe: 'augment'", StringComparison.Ordinal) == true
                || problem?.Contains("with 'optimizer' adam", StringComparison.Ordinal) == true || problem?.Contains("below 'epochs'", StringComparison.Ordinal) == true || problem?.Contains("model odd", StringComparison.Ordinal) == true || problem?.Contains("its last layer gives", StringComparison.Ordinal) == true,
                $"schema: {fits}; reader: {problem ?? "fine"}; {text}");
        }
    }

    [Fact]
    public void The_schema_in_the_documentation_is_the_one_that_the_program_writes()
    {
        string file = Path.Combine(RepositoryRoot(), "docs", "model.schema.json");
        if (Environment.GetEnvironmentVariable("GPUCNN_WRITE_EXPECTED") == "1")
        {
            File.WriteAllText(file, ModelSchema.Text);
        }
        Assert.Equal(ModelSchema.Text, File.ReadAllText(file));
    }

    private static TrainingOptions OddRecipe { get; } = new()
    {
        Epochs = 3,
        BatchSize = 33,
        Optimizer = new AdamW(),
        LearningRate = 0.004,
        Schedule = LearningRateSchedule.Parse("cosine=0.1"),
        WarmUp = 1.5,
        WeightDecay = 0.03,
        LabelSmoothing = 0.05,
        GradientClip = 2.5,
        WeightAverage = 0.9,
        Augmentation = new Augmentation(1, true, 0.25),
        ValidationSplit = 0.15,
        EarlyStopping = new EarlyStopping { Patience = 2, Metric = ValidationMetric.Accuracy, MinChange = 0.001 },
    };

    private static ModelDefinition Odd { get; } = new("odd", new TensorShape(2, 11, 13), OddRecipe, new Conv2d(3, 2, 3, 2, 1), new Relu(), new MaxPool2d(3, 2, true, 1),
        new BatchNorm(0.2, 1e-3), new LeakyRelu(0.25), new Residual([new Gelu(), new Residual(new Conv2d(3, 3, 3, 1, 1, Bias: false), new BatchNorm())], [new Conv2d(3, 1, 1)]), new AveragePool2d(2, 1, 1),
        new GlobalAveragePool(), new Residual(new Dense(3)), new Dropout(0.1), new Flatten(), new Dense(7, Bias: false), new Relu(), new Dense(4));

    /// <summary>The document again and again, each time with one value left out or another in its place.</summary>
    private static string Describe(LayerNode node) =>
        $"{node.Name} {node.Layer.Kind} {node.Layer.Description} {node.Input} {node.Output} {string.Join(' ', node.Parameters.Select(each => $"{each.Name} {string.Join(',', each.Shape)}"))}";

    private static IEnumerable<JsonNode> Spoiled(JsonNode whole)
    {
        foreach (string path in Paths(whole).ToArray())
        {
            foreach (string? other in (string?[])[null, "-1", "0", "1", "1.5", "70000", "true", "\"word\"", "[]", "{}", "null", "[1, 2]", "[1, 2, 3]"])
            {
                JsonNode copy = whole.DeepClone();
                JsonNode place = Find(copy, path);
                if (other is not null)
                {
                    place.ReplaceWith(JsonNode.Parse(other));
                }
                else if (place.Parent is JsonObject parent)
                {
                    parent.Remove(place.GetPropertyName());
                }
                yield return copy;
            }
        }
    }

    private static IEnumerable<string> Paths(JsonNode node) => node switch
    {
        JsonObject branch => branch.SelectMany(pair => Paths(pair.Value!).Select(path => $"/{pair.Key}{path}").Append($"/{pair.Key}")),
        JsonArray list => Enumerable.Range(0, list.Count).SelectMany(i => Paths(list[i]!).Select(path => $"/{i}{path}").Append($"/{i}")),
        _ => [],
    };

    private static JsonNode Find(JsonNode node, string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(node, (at, step) => at is JsonArray list ? list[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)]! : at[step]!);

    private static string Whole(string description) => !description.Contains("\"kind\"", StringComparison.Ordinal) && description is not ("7" or "{}") || description.Contains("\"name\": \"m\"", StringComparison.Ordinal)
        ? description.Replace("LAYERS", Layers, StringComparison.Ordinal)
        : $$"""{ "name": "m", "input": [1, 8, 8], "layers": [{{description}}, { "kind": "flatten" }, { "kind": "dense", "units": 3 }] }""";

    private static void Refused(string text, string problem)
    {
        string message = Assert.Throws<InvalidFileException>(() => ModelFile.Read(text, "m.json")).Message;
        Assert.StartsWith($"m.json: {problem}", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    internal static string RepositoryRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "GpuCnn.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests run outside of the repository");
        }
        return folder;
    }
}
