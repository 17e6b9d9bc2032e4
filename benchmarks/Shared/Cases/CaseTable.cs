using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks;

/// <summary>An operation on a shape, at any batch.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Shape">Its sizes, for people.</param>
/// <param name="HasBatch">Whether its work depends on the batch.</param>
/// <param name="Create">Makes the case; its memory comes with <see cref="KernelCase.Open"/>.</param>
internal sealed record CaseEntry(string Op, string Shape, bool HasBatch, Func<int, KernelCase> Create);

/// <summary>Every operation on every shape that it has in the models; layers that these have not on some shapes of docs/models/resnet.json, and what recipes add to a training of cnn1.</summary>
internal static class CaseTable
{
    /// <summary>The batches that are measured.</summary>
    public static IReadOnlyList<int> Batches { get; } = [1, 64, 512];

    /// <summary>The entries, each shape once, in the order of the models' layers.</summary>
    public static IReadOnlyList<CaseEntry> All { get; } = [.. ModelZoo.All.SelectMany(Of).Concat(OtherLayers()).Concat(Recipes()).DistinctBy(entry => (entry.Op, entry.Shape)).OrderBy(entry => entry.Op, StringComparer.Ordinal)];

    /// <summary>The entries of an operation.</summary>
    public static IEnumerable<CaseEntry> OfOp(string op) => All.Where(entry => entry.Op == op);

    /// <summary>One of them.</summary>
    public static CaseEntry Find(string op, string shape) => All.Single(entry => entry.Op == op && entry.Shape == shape);

    private static List<CaseEntry> Of(ModelDefinition model)
    {
        var entries = new List<CaseEntry>();
        void Add(Func<int, KernelCase> create, bool hasBatch = true) => entries.Add(Entry(create, hasBatch));
        Add(batch => new GatherImagesCase(model.Input.Count, batch));
        AddLayers(create => Add(create), model.Layers, model.Input, isFirst: true);
        Add(batch => new SoftmaxCrossEntropyCase(model.Classes, batch));
        Add(batch => new BatchMetricsCase(batch));
        Add(_ => new AdamCase((int)model.ParameterCount), hasBatch: false);
        Add(_ => new SgdMomentumCase((int)model.ParameterCount), hasBatch: false);
        return entries;
    }

    private static void AddLayers(Action<Func<int, KernelCase>> add, IReadOnlyList<Layer> layers, TensorShape shape, bool isFirst)
    {
        for (int i = 0; i < layers.Count; shape = layers[i++].OutputShape(shape))
        {
            TensorShape input = shape;
            Layer? next = layers.ElementAtOrDefault(i + 1);
            switch (layers[i])
            {
                case Conv2d conv:
                    Add2d(add, new Conv2dShape(input.Channels, input.Height, input.Width, conv.Filters, conv.KernelHeight, conv.KernelWidth, conv.Stride, conv.Padding,
                        next is Relu && layers.ElementAtOrDefault(i + 2) is MaxPool2d { Window: 2, Stride: 2 }), isFirst && i == 0);
                    break;
                case Residual residual:
                    AddLayers(add, residual.Body, input, isFirst: false);
                    AddLayers(add, residual.Shortcut, input, isFirst: false);
                    break;
                case MaxPool2d pool:
                    var sizes = new Pool2dShape(input.Channels, input.Height, input.Width, pool.Window, pool.Window, pool.Stride, pool.CeilMode);
                    add(batch => new MaxPool2dCase(sizes, batch));
                    add(batch => new MaxPool2dGradientCase(sizes, batch));
                    break;
                case Relu:
                    add(ActivationEntry.Relu(input.Count).Forward);
                    add(ActivationEntry.Relu(input.Count).Gradient);
                    break;
                case Dropout dropout:
                    add(batch => new DropoutCase(input.Count, dropout.Rate, batch));
                    break;
                case Dense dense:
                    add(batch => new DenseForwardCase(input.Count, dense.Units, batch, next is Relu));
                    add(batch => new DenseInputGradientCase(input.Count, dense.Units, batch));
                    add(batch => new DenseWeightGradientCase(input.Count, dense.Units, batch));
                    break;
            }
        }
    }

    private static IEnumerable<CaseEntry> OtherLayers()
    {
        foreach ((int channels, int size, bool relu) in ((int, int, bool)[])[(16, 28, true), (24, 14, false), (40, 7, true)])
        {
            int count = channels * size * size;
            yield return Entry(batch => new BatchNormCase(channels, size, size, relu, batch));
            yield return Entry(batch => new BatchNormGradientCase(channels, size, size, relu, batch));
            foreach (ActivationEntry activation in ActivationEntry.OfSize(count))
            {
                yield return Entry(activation.Forward);
                yield return Entry(activation.Gradient);
            }
            yield return Entry(batch => new AddCase(count, batch));
        }
        foreach (Pool2dShape sizes in (Pool2dShape[])[new(16, 28, 28, 2, 2, 2), new(24, 14, 14, 2, 2, 2), new(40, 7, 7, 7, 7, 7)])
        {
            yield return Entry(batch => new AveragePool2dCase(sizes, batch));
            yield return Entry(batch => new AveragePool2dGradientCase(sizes, batch));
        }
    }

    private static IEnumerable<CaseEntry> Recipes()
    {
        int parameters = (int)ModelZoo.Cnn1.ParameterCount;
        yield return Entry(batch => new AugmentImagesCase(batch));
        yield return Entry(_ => new AdamWCase(parameters), hasBatch: false);
        yield return Entry(_ => new SgdDecayCase(parameters), hasBatch: false);
        yield return Entry(_ => new GradientClipCase(parameters), hasBatch: false);
        yield return Entry(_ => new MovingAverageCase(parameters), hasBatch: false);
    }

    private static CaseEntry Entry(Func<int, KernelCase> create, bool hasBatch = true)
    {
        using KernelCase one = create(1);
        return new CaseEntry(one.Op, one.Shape, hasBatch, create);
    }

    /// <summary>A convolution's operations; nobody asks for the gradient of the images.</summary>
    private static void Add2d(Action<Func<int, KernelCase>> add, Conv2dShape sizes, bool isFirst)
    {
        add(batch => new Conv2dForwardCase(sizes, batch));
        add(batch => new Conv2dWeightGradientCase(sizes, batch));
        add(batch => new SumRowsCase(sizes.ParameterCount, batch));
        if (!isFirst)
        {
            add(batch => new Conv2dInputGradientCase(sizes, batch));
        }
    }
}
