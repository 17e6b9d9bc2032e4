using ILGPU;

namespace GpuCnn;

/// <summary>Bytes of device memory that a layer takes.</summary>
/// <param name="WeightBytes">Its parameters and running moments.</param>
/// <param name="ActivationBytes">What evaluation keeps for each image of a batch.</param>
/// <param name="TrainingBytes">What a training keeps in all: parameters, gradients, Adam's moments, activations and their gradients, sums under way.</param>
internal sealed record LayerMemory(long WeightBytes, long ActivationBytes, long TrainingBytes);

/// <summary>Device memory of a model: what a <see cref="Network"/> of it allocates, and its training for Adam's moments. The data set, kept on the device as bytes, comes on top;
/// so does an average of the weights, as much memory as these take, and descent with momentum needs one moment less.</summary>
/// <param name="BatchSize">Images a training step.</param>
/// <param name="Input">Images, labels, losses and classes of a batch.</param>
/// <param name="Layers">Each of <see cref="ModelDefinition.Nodes"/>.</param>
internal sealed record ModelMemory(int BatchSize, LayerMemory Input, IReadOnlyList<LayerMemory> Layers)
{
    /// <summary>Bytes of all weights and biases.</summary>
    public long WeightBytes => Layers.Sum(layer => layer.WeightBytes);

    /// <summary>Bytes for each image of a batch.</summary>
    public long ActivationBytes => Input.ActivationBytes + Layers.Sum(layer => layer.ActivationBytes);

    /// <summary>Bytes of a training.</summary>
    public long TrainingBytes => Input.TrainingBytes + Layers.Sum(layer => layer.TrainingBytes);

    /// <summary>Computes the memory of a model by planning it without a device.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batchSize">Images a training step, at least 1.</param>
    /// <returns>The memory, layer by layer.</returns>
    public static ModelMemory Of(ModelDefinition model, int batchSize)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        using var arena = new ParameterArena(model, null, training: false);
        IReadOnlyList<long> image = Planned(model, arena, 1, training: false), batch = Planned(model, arena, batchSize, training: true);
        long input = ((long)model.Input.Count * sizeof(float)) + sizeof(int) + sizeof(float) + sizeof(int);
        return new ModelMemory(batchSize, new LayerMemory(0, input, input * batchSize),
            [.. model.Nodes.Select(layer => Of(arena.BlockOf(layer), image[layer.Index], batch[layer.Index]))]);
    }

    private static LayerMemory Of(ParameterBlock? block, long image, long batch)
    {
        (int count, int running) = (block?.Count ?? 0, block?.RunningCount ?? 0);
        // Parameters, their gradients and two moments, each from the start of a line of the cache.
        long trained = 4L * (ParameterArena.Align(count) + ParameterArena.Align(running)) * sizeof(float);
        return new LayerMemory(((long)count + running) * sizeof(float), image, trained + batch);
    }

    private static IReadOnlyList<long> Planned(ModelDefinition model, ParameterArena arena, int batch, bool training)
    {
        var memory = new NodeMemory(null, model.Nodes.Count);
        foreach (Node node in NodePlan.Build(model, memory, arena, batch, training, fuse: true, ArrayView<float>.Empty))
        {
            node.Dispose();
        }
        return memory.Bytes;
    }
}
