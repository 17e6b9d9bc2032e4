namespace GpuCnn.NetworkTests;

/// <summary>Models of layers and settings drawn at random, of every kind that there is.</summary>
internal sealed class RandomModels(int seed)
{
    private const int MostLayers = 7;

    private readonly Random random = new(seed);

    /// <summary>The next model: an image of up to 4 x 20 x 20, layers that fit each other, 2 classes or more.</summary>
    public ModelDefinition Next()
    {
        var input = new TensorShape(random.Next(1, 5), random.Next(6, 21), random.Next(6, 21));
        var layers = new List<Layer>();
        for (int wanted = random.Next(1, MostLayers + 1), tries = 0; layers.Count < wanted && tries < 10 * MostLayers; tries++)
        {
            TryAdd(input, layers, Draw(After(input, layers)));
        }
        TensorShape last = After(input, layers);
        layers.AddRange(random.Next(3) switch
        {
            0 when last is not { Height: 1, Width: 1 } => [new GlobalAveragePool(), new Dense(Channels())],
            1 => [new Flatten(), new Dense(Channels(), Chance()), new BatchNorm(), new LeakyRelu(Slope()), new Flatten(), new Residual(new Dense(Channels()), new Gelu())],
            _ => [new Conv2d(Channels(), last.Height, last.Width, 1, 0, Chance())],
        });
        // The dense layer of a block must give what came in.
        if (layers[^1] is Residual)
        {
            layers[^1] = new Residual(new Dense(((Dense)layers[^5]).Units, Chance()), new Gelu());
        }
        return new ModelDefinition($"random{random.Next(1000)}", input, 1, layers);
    }

    /// <summary>Weights of a model, and running moments, that are far from those that a training begins with.</summary>
    public IReadOnlyList<WeightTensor> Weights(ModelDefinition model) =>
        [.. model.Parameters.Select(spec =>
        {
            double fan = spec.Shape.Skip(1).Aggregate(1, (product, size) => product * size), scale = spec.Shape.Count > 1 ? Math.Sqrt(3 / fan) : 0.5;
            bool isScale = spec.Shape.Count == 1 && (spec.Name.EndsWith(".weight", StringComparison.Ordinal) || spec.Name.EndsWith(".running_var", StringComparison.Ordinal));
            return new WeightTensor(spec.Name, spec.Shape,
                [.. Enumerable.Range(0, spec.Shape.Aggregate(1, (product, size) => product * size)).Select(_ => (float)((isScale ? 1 : 0) + (scale * ((2 * random.NextDouble()) - 1))))]);
        })];

    private static TensorShape After(TensorShape input, IEnumerable<Layer> layers) => layers.Aggregate(input, (shape, layer) => layer.OutputShape(shape));

    private static void TryAdd(TensorShape input, List<Layer> layers, Layer layer)
    {
        try
        {
            // A class more than a dense layer could have is no image.
            _ = new ModelDefinition("part", input, 1, [.. layers, layer, new Flatten(), new Dense(2)]);
            layers.Add(layer);
        }
        catch (ModelException)
        {
            // What does not fit is drawn again.
        }
    }

    private Layer Draw(TensorShape input) => random.Next(11) switch
    {
        0 or 1 => new Conv2d(Channels(), random.Next(1, 6), random.Next(1, 6), random.Next(1, 4), random.Next(3), Chance()),
        2 => Norm(),
        3 => new Relu(),
        4 => new LeakyRelu(Slope()),
        5 => Activation(),
        6 => Window() is var window ? new MaxPool2d(window, random.Next(1, 5), Chance(), random.Next((window / 2) + 1)) : null!,
        7 => Window() is var window ? new AveragePool2d(window, random.Next(1, 4), random.Next((window / 2) + 1)) : null!,
        8 => new Dropout(0.3),
        9 => Block(input),
        _ => Ends(input),
    };

    /// <summary>A block that keeps the image's size, or makes it smaller beside a shortcut that does the same.</summary>
    private Residual Block(TensorShape input)
    {
        int stride = random.Next(1, 4), filters = Chance() && stride == 1 ? input.Channels : Channels();
        List<Layer> body = [new Conv2d(filters, 3, 3, stride, 1, Chance()), Activation(), new AveragePool2d(3, 1, 1)];
        if (Chance())
        {
            body.Insert(1, Norm());
        }
        if (Chance())
        {
            body.Add(new Residual([new Conv2d(filters, 1, 1), new Dropout(0.1)], Chance() ? [] : [new MaxPool2d(3, 1, Padding: 1), Norm()]));
        }
        return new Residual(body, stride == 1 && filters == input.Channels ? [] : Chance() ? [new Conv2d(filters, 1, 1, stride, 0, Chance())] : [new MaxPool2d(1, stride), new Conv2d(filters, 1, 1), Norm()]);
    }

    /// <summary>A block whose ends are vectors or images of one pixel.</summary>
    private Residual Ends(TensorShape input)
    {
        int units = Channels();
        Layer[][] ends =
        [
            [new GlobalAveragePool(), new Dense(units, Chance()), Activation()],
            [new Conv2d(units, input.Height, input.Width), Norm()],
            [new Conv2d(units, 1, 1), Activation(), new GlobalAveragePool()],
            [new Conv2d(3, input.Height, input.Width, 1, 0, false), new Dense(units)],
        ];
        return new Residual(ends[random.Next(ends.Length)], ends[random.Next(ends.Length)]);
    }

    private Layer Activation() => random.Next(9) switch
    {
        0 => new Relu(),
        1 => new Gelu(),
        2 => new Silu(),
        3 => new HardSwish(),
        4 => new Relu6(),
        5 => new Tanh(),
        6 => new Sigmoid(),
        7 => new Elu(Slope()),
        _ => new LeakyRelu(Slope()),
    };

    private BatchNorm Norm() => new(random.NextDouble(), Math.Pow(10, -1 - (6 * random.NextDouble())));

    private double Slope() => random.Next(4) switch { 0 => 0, 1 => 1, _ => random.NextDouble() };

    private int Channels() => random.Next(2, 10);

    private int Window() => random.Next(1, 5);

    private bool Chance() => random.Next(2) == 0;
}
