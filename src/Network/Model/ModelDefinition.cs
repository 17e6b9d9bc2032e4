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

    private readonly List<LayerNode> nodes = [];

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
    /// <exception cref="ArgumentException">The recipe has an option that is out of range, or does not go with another.</exception>
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
        Chain = Place(layers, input, input, "");
        Parameters = [.. nodes.SelectMany(node => node.Parameters)];
        TensorShape shape = nodes[^1].Output;
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
    public string RecipeFlags => TrainingOption.Flags(Recipe);

    /// <summary>How many epochs it is trained for unless said otherwise.</summary>
    public int Epochs => Recipe.Epochs;

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>The number of classes: outputs of the last layer.</summary>
    public int Classes { get; }

    /// <summary>The number of trained parameters.</summary>
    public long ParameterCount { get; private set; }

    /// <summary>Multiply-adds for one image.</summary>
    public long MultiplyAdds => nodes.Sum(node => node.MultiplyAdds);

    /// <summary>Every layer in its place; the layers of a residual block, those of its shortcut, then the block, which adds them.</summary>
    internal IReadOnlyList<LayerNode> Nodes => nodes;

    /// <summary>The tensors of a weights file with their shapes, in the order of the layers.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> Parameters { get; }

    /// <summary>The layers in their places, those of blocks within them.</summary>
    internal IReadOnlyList<LayerNode> Chain { get; }

    private List<LayerNode> Place(IReadOnlyList<Layer> layers, TensorShape shape, TensorShape memory, string prefix)
    {
        var chain = new List<LayerNode>();
        var numbers = new Dictionary<string, int>();
        foreach (Layer layer in layers)
        {
            int number = numbers[layer.Kind] = numbers.GetValueOrDefault(layer.Kind) + 1;
            LayerNode node = Place(layer, $"{prefix}{layer.Kind}{(layer is Flatten ? "" : number)}", shape, memory, prefix.Length > 0);
            chain.Add(node);
            (shape, memory) = (node.Output, node.OutputMemory);
        }
        return chain;
    }

    private LayerNode Place(Layer layer, string name, TensorShape input, TensorShape memory, bool isInside)
    {
        // Behind a flatten layer the memory is still that of the image, and only dense layers know.
        if (layer.NeedsChannelsLast && input != memory)
        {
            throw new ModelException($"model {Name}, layer {name}: {layer.Kind}: it cannot follow a flatten layer of {memory}; put it before that, or behind a dense layer");
        }
        IReadOnlyList<LayerNode> body = [], shortcut = [];
        if (layer is Residual block)
        {
            body = Place(block.Body, input, memory, $"{name}.");
            shortcut = Place(block.Shortcut, input, memory, $"{name}.shortcut.");
        }
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
        var node = new LayerNode(layer, name, nodes.Count, input, memory, output) { Body = body, Shortcut = shortcut };
        nodes.Add(node);
        ParameterCount += node.ParameterCount;
        if (ParameterCount > MostParameters)
        {
            throw new ModelException($"model {Name}, layer {name}: with its {node.ParameterCount} parameters the model has {ParameterCount}; at most {MostParameters} are taken");
        }
        return nodes.Count <= MostLayers ? node : throw new ModelException($"model {Name}: it has more than {MostLayers} layers");
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

    /// <summary>The same layers for images of another shape and another number of classes; the last layer, a dense one, gets as many units.</summary>
    /// <param name="input">The shape of an image.</param>
    /// <param name="classes">The number of classes, at least 1.</param>
    /// <returns>The model itself when it fits already.</returns>
    /// <exception cref="ModelException">The layers do not fit such images, or the last layer is not dense.</exception>
    public ModelDefinition Fit(TensorShape input, int classes)
    {
        if (Input == input && Classes == classes)
        {
            return this;
        }
        if (Classes == classes)
        {
            return new ModelDefinition(Name, input, Recipe, Layers);
        }
        return Layers[^1] is Dense last
            ? new ModelDefinition(Name, input, Recipe, [.. Layers.SkipLast(1), last with { Units = classes }])
            : throw new ModelException($"model {Name}: its last layer is {Layers[^1].Kind}, so it cannot be given {classes} classes; end with a dense layer");
    }

    /// <summary>Checks that tensors are this model's.</summary>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <returns>The tensors by name.</returns>
    /// <exception cref="ModelMismatchException">One is missing, superfluous, or has another shape.</exception>
    public IReadOnlyDictionary<string, WeightTensor> Match(IReadOnlyList<WeightTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Dictionary<string, IReadOnlyList<int>> shapes = Parameters.ToDictionary(each => each.Name, each => each.Shape);
        var named = new Dictionary<string, WeightTensor>();
        foreach (WeightTensor tensor in tensors)
        {
            if (!shapes.TryGetValue(tensor.Name, out IReadOnlyList<int>? shape))
            {
                throw new ModelMismatchException($"the weights have a tensor '{tensor.Name}', which model {Name} has not");
            }
            if (!shape.SequenceEqual(tensor.Shape))
            {
                throw new ModelMismatchException($"tensor '{tensor.Name}' is {WeightTensor.Format(tensor.Shape)}, but model {Name} needs {WeightTensor.Format(shape)}");
            }
            if (!named.TryAdd(tensor.Name, tensor))
            {
                throw new ModelMismatchException($"the weights have tensor '{tensor.Name}' twice");
            }
        }
        return Parameters.FirstOrDefault(each => !named.ContainsKey(each.Name)) is { Name: { } missing }
            ? throw new ModelMismatchException($"the weights have no tensor '{missing}', which model {Name} needs")
            : named;
    }
}
