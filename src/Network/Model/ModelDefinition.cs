namespace GpuCnn;

/// <summary>A model: its input and its layers in order. It holds no weights; a <see cref="Network"/> does.</summary>
public sealed class ModelDefinition
{
    /// <summary>The most layers of a model, those inside of others counted too.</summary>
    public const int MostLayers = 1000;

    /// <summary>The most parameters of a model: a gibibyte of weights, four while training with Adam.</summary>
    public const long MostParameters = 1L << 28;

    /// <summary>The most values that an image may become in a layer: 64 MiB of floats, and as much again for their gradients.</summary>
    public const long MostValues = 1L << 24;

    private readonly List<LayerSummary> summary = [];
    private readonly List<ParameterSpec> parameterSpecs = [];

    /// <summary>Creates a model and infers all shapes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="input">The shape of an image.</param>
    /// <param name="epochs">How many epochs it is trained for unless said otherwise.</param>
    /// <param name="layers">The layers; the last one's outputs are the logits, one a class.</param>
    /// <exception cref="ModelException">A layer does not fit the one before it, or the model is too large.</exception>
    public ModelDefinition(string name, TensorShape input, int epochs, params IReadOnlyList<Layer> layers) : this(name, input, new TrainingOptions { Epochs = epochs }, layers)
    {
    }

    /// <summary>Creates a model with a recipe and infers all shapes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="input">The shape of an image.</param>
    /// <param name="recipe">How it is trained unless said otherwise.</param>
    /// <param name="layers">The layers; the last one's outputs are the logits, one a class.</param>
    /// <exception cref="ModelException">A layer does not fit the one before it, or the model is too large.</exception>
    /// <exception cref="OptionException">The recipe has an option that is out of range, or does not go with another.</exception>
    public ModelDefinition(string name, TensorShape input, TrainingOptions recipe, params IReadOnlyList<Layer> layers)
    {
        recipe.Validate();
        Name = name;
        Input = input;
        Recipe = recipe;
        Layers = layers;
        if (layers.Count == 0)
        {
            throw new ModelException($"model {name}: it has no layers");
        }
        RequireSize(input, $"model {name}: an image");
        Placed = Place(layers, input, input, "");
        TensorShape shape = summary[^1].Output;
        if (shape.Height != 1 || shape.Width != 1)
        {
            throw new ModelException($"model {name}: its last layer gives {shape}; end with a dense layer of one unit a class");
        }
        Classes = shape.Channels;
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The shape of an image.</summary>
    public TensorShape Input { get; }

    /// <summary>How it is trained unless said otherwise.</summary>
    public TrainingOptions Recipe { get; }

    /// <summary>What of the recipe differs from the defaults, but for the epochs, as the flags of a command line; empty for a model without a recipe of its own.</summary>
    public string RecipeFlags => string.Join(' ', RecipeKey.Of(Recipe).Select(each => $"{each.Key.Flag} {RecipeKey.Text(each.Value)}"));

    /// <summary>How many epochs it is trained for unless said otherwise.</summary>
    public int Epochs => Recipe.Epochs;

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>The number of classes: outputs of the last layer.</summary>
    public int Classes { get; }

    /// <summary>The number of trained parameters.</summary>
    public long Parameters => summary.Sum(layer => layer.Parameters);

    /// <summary>Layer by layer: name, settings, output shape, parameters, multiply-adds; the layers of a residual block, those of its shortcut, then the block, which adds them.</summary>
    public IReadOnlyList<LayerSummary> Summary => summary;

    /// <summary>The tensors of a weights file, in the order of the layers.</summary>
    public IReadOnlyList<ParameterSpec> ParameterSpecs => parameterSpecs;

    /// <summary>The layers in their places, those of blocks within them.</summary>
    internal IReadOnlyList<PlacedLayer> Placed { get; }

    private List<PlacedLayer> Place(IReadOnlyList<Layer> layers, TensorShape shape, TensorShape memory, string prefix)
    {
        var placed = new List<PlacedLayer>();
        var numbers = new Dictionary<string, int>();
        foreach (Layer layer in layers)
        {
            int number = numbers[layer.Kind] = numbers.GetValueOrDefault(layer.Kind) + 1;
            string name = $"{prefix}{layer.Kind}{(layer is Flatten ? "" : number)}";
            IReadOnlyList<PlacedLayer> body = [], shortcut = [];
            if (layer is Residual block)
            {
                RequireChannels(layer, name, shape, memory);
                body = Place(block.Body, shape, memory, $"{name}.");
                shortcut = Place(block.Shortcut, shape, memory, $"{name}.shortcut.");
            }
            LayerSummary line = Summarize(layer, name, shape, memory, prefix.Length > 0);
            memory = line.Memory;
            placed.Add(new PlacedLayer(layer, line, summary.Count - 1, shape, line.InputMemory, body, shortcut));
            shape = line.Output;
        }
        return placed;
    }

    private LayerSummary Summarize(Layer layer, string name, TensorShape input, TensorShape memory, bool isInside)
    {
        RequireChannels(layer, name, input, memory);
        TensorShape output;
        try
        {
            output = isInside && layer is Flatten ? throw new ModelException("flatten: it cannot stand in a residual block; put it behind") : layer.OutputShape(input);
        }
        catch (ModelException exception)
        {
            throw new ModelException($"model {Name}, layer {name}: {exception.Message}");
        }
        RequireSize(output, $"model {Name}, layer {name}: what an image becomes");
        long parameters = 0;
        if (layer.WeightShape(input) is { } weight)
        {
            parameterSpecs.Add(new ParameterSpec($"{name}.weight", weight));
            string[] vectors = [.. layer.HasBias ? ["bias"] : (string[])[], .. layer.HasRunningMoments ? ["running_mean", "running_var"] : (string[])[]];
            parameterSpecs.AddRange(vectors.Select(each => new ParameterSpec($"{name}.{each}", [weight[0]])));
            parameters = weight.Aggregate(1L, (product, size) => product * size) + (layer.HasBias ? weight[0] : 0);
        }
        var line = new LayerSummary(name, layer.Description, output, parameters, layer.MultiplyAdds(input))
        {
            Layer = layer,
            InputMemory = memory,
            Memory = layer.KeepsMemory ? memory : output,
        };
        summary.Add(line);
        if (Parameters > MostParameters)
        {
            throw new ModelException($"model {Name}, layer {name}: with its {parameters} parameters the model has {Parameters}; at most {MostParameters} are taken");
        }
        return summary.Count <= MostLayers ? line : throw new ModelException($"model {Name}: it has more than {MostLayers} layers");
    }

    /// <summary>Behind a flatten layer the memory is still that of the image, and only dense layers know.</summary>
    private void RequireChannels(Layer layer, string name, TensorShape input, TensorShape memory)
    {
        if (layer.NeedsChannelsLast && input != memory)
        {
            throw new ModelException($"model {Name}, layer {name}: {layer.Kind}: it cannot follow a flatten layer of {memory}; put it before that, or behind a dense layer");
        }
    }

    private static void RequireSize(TensorShape shape, string what)
    {
        if ((Int128)shape.Channels * shape.Height * shape.Width > MostValues)
        {
            throw new ModelException($"{what} is {shape}, more than the {MostValues} values that are taken; use strides, pooling or fewer filters");
        }
    }

    /// <summary>Checks that images can go through this model.</summary>
    /// <param name="images">The images.</param>
    /// <exception cref="ModelException">They have another shape, or other classes.</exception>
    public void RequireFit(ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Shape != Input)
        {
            throw new ModelException($"model {Name} takes images of {Input}, these are {images.Shape}");
        }
        if (images.ClassNames.Count != Classes)
        {
            throw new ModelException($"model {Name} has {Classes} classes, these images have {images.ClassNames.Count}");
        }
    }

    /// <summary>Checks that tensors are this model's.</summary>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <returns>The tensors by name.</returns>
    /// <exception cref="ModelMismatchException">One is missing, superfluous, or has another shape.</exception>
    public IReadOnlyDictionary<string, WeightTensor> Match(IReadOnlyList<WeightTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var named = new Dictionary<string, WeightTensor>();
        foreach (WeightTensor tensor in tensors)
        {
            ParameterSpec spec = parameterSpecs.Find(spec => spec.Name == tensor.Name)
                ?? throw new ModelMismatchException($"the weights have a tensor '{tensor.Name}', which model {Name} has not");
            if (!spec.Shape.SequenceEqual(tensor.Shape))
            {
                throw new ModelMismatchException($"tensor '{tensor.Name}' is {WeightTensor.Format(tensor.Shape)}, but model {Name} needs {WeightTensor.Format(spec.Shape)}");
            }
            if (!named.TryAdd(tensor.Name, tensor))
            {
                throw new ModelMismatchException($"the weights have tensor '{tensor.Name}' twice");
            }
        }
        return parameterSpecs.Find(spec => !named.ContainsKey(spec.Name)) is { } missing
            ? throw new ModelMismatchException($"the weights have no tensor '{missing.Name}', which model {Name} needs")
            : named;
    }

    /// <summary>Conv 32 3x3; Dense 128: 693,962 parameters.</summary>
    public static ModelDefinition Cnn1 { get; } = new("cnn1", new TensorShape(1, 28, 28), 10,
        new Conv2d(32, 3, 3), new Relu(), new MaxPool2d(2),
        new Flatten(), new Dense(128), new Relu(), new Dense(10));

    /// <summary>Two convolutions and four dense layers: 159,882 parameters.</summary>
    public static ModelDefinition Cnn2 { get; } = new("cnn2", new TensorShape(1, 28, 28), 20,
        new Conv2d(32, 3, 3), new Relu(), new MaxPool2d(2),
        new Conv2d(64, 3, 3, 2, 1), new Relu(), new MaxPool2d(2),
        new Flatten(), new Dense(128), new Relu(), new Dropout(0.25), new Dense(256), new Relu(), new Dropout(0.25),
        new Dense(128), new Relu(), new Dense(10));

    /// <summary>Three convolutions and five dense layers: 289,610 parameters.</summary>
    public static ModelDefinition Cnn3 { get; } = new("cnn3", new TensorShape(1, 28, 28), 50,
        new Conv2d(64, 3, 3), new Relu(), new MaxPool2d(2),
        new Conv2d(128, 3, 3, 2, 1), new Relu(), new MaxPool2d(2),
        new Conv2d(64, 3, 3, 2, 1), new Relu(), new MaxPool2d(2),
        new Flatten(), new Dense(128), new Relu(), new Dropout(0.25), new Dense(256), new Relu(), new Dropout(0.5),
        new Dense(256), new Relu(), new Dropout(0.25), new Dense(128), new Relu(), new Dropout(0.1), new Dense(10));

    /// <summary>The most accurate: six convolutions with batch normalizations, two of them in a residual block, and a recipe of its own; 93,898 parameters.</summary>
    /// <remarks>Max-pooling comes before the normalization: convolution, ReLU and pooling are then one operation, and three of four gradients in front of it are zero.</remarks>
    public static ModelDefinition Small { get; } = new("small", new TensorShape(1, 28, 28),
        new TrainingOptions
        {
            Epochs = 36,
            BatchSize = 256,
            Optimizer = OptimizerKind.AdamW,
            LearningRate = 0.005,
            Schedule = new OneCycleSchedule { Rise = 0.2 },
            WeightDecay = 0.02,
            Augmentation = new Augmentation(Shift: 1, Flip: true),
            ValidationSplit = 0.1,
        },
        new Conv2d(32, 5, 5, 1, 2), new Relu(), new MaxPool2d(2), new BatchNorm(),
        new Residual(new Conv2d(32, 3, 3, 1, 1, Bias: false), new BatchNorm(), new Relu(), new Conv2d(32, 3, 3, 1, 1, Bias: false), new BatchNorm()), new Relu(),
        new Conv2d(64, 3, 3, 1, 1), new Relu(), new MaxPool2d(2), new BatchNorm(),
        new Conv2d(64, 3, 3, 1, 1, Bias: false), new BatchNorm(), new Relu(),
        new Conv2d(32, 3, 3, 1, 1, Bias: false), new BatchNorm(), new Relu(),
        new GlobalAveragePool(), new Dense(10));

    /// <summary>The configurations that come with the library.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } = [Cnn1, Cnn2, Cnn3, Small];

    /// <summary>The configuration of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ModelException">There is none of that name.</exception>
    public static ModelDefinition Find(string name) => All.FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ModelException($"no model '{name}': there are {string.Join(", ", All.Select(model => model.Name))}");
}

/// <summary>One line of a model's summary.</summary>
/// <param name="Name">The layer's name, as its tensors have it in files.</param>
/// <param name="Description">Its settings.</param>
/// <param name="Output">Its output shape.</param>
/// <param name="Parameters">Its trained parameters.</param>
/// <param name="MultiplyAdds">Its multiply-adds for one image.</param>
public sealed record LayerSummary(string Name, string Description, TensorShape Output, long Parameters, long MultiplyAdds)
{
    /// <summary>The layer.</summary>
    public required Layer Layer { get; init; }

    /// <summary>The shape of what it gets as it lies in memory.</summary>
    internal TensorShape InputMemory { get; init; }

    /// <summary>The shape of what it gives as it lies in memory.</summary>
    internal TensorShape Memory { get; init; }
}

/// <summary>A tensor that a weights file holds.</summary>
/// <param name="Name">For example <c>conv1.weight</c>.</param>
/// <param name="Shape">PyTorch's: [out, in, kernel height, kernel width], [out, in], or [out].</param>
public sealed record ParameterSpec(string Name, IReadOnlyList<int> Shape);
