using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Bytes of device memory that a layer takes.</summary>
/// <param name="WeightBytes">Its weight and bias, and a batch normalization's running mean and variance.</param>
/// <param name="ActivationBytes">What it keeps of each image; zero where it works in the memory of the layer before, or in one operation with the layers behind it,
/// which then keep the result.</param>
/// <param name="TrainingBytes">All it takes while training with Adam: weights, gradients, two moments; activations, their gradients and partial sums of a batch.</param>
public sealed record LayerMemory(long WeightBytes, long ActivationBytes, long TrainingBytes);

/// <summary>Device memory of a model: what a <see cref="Network"/> of it allocates, and a <see cref="Trainer"/> for Adam's moments. The data set, kept on the device as bytes, comes on top;
/// so does an average of the weights, as much memory as these take, and descent with momentum needs one moment less.</summary>
/// <param name="BatchSize">Images of a training step.</param>
/// <param name="Input">The images of a batch, with their labels, losses and classes.</param>
/// <param name="Layers">One a layer.</param>
public sealed record ModelMemory(int BatchSize, LayerMemory Input, IReadOnlyList<LayerMemory> Layers)
{
    private const int Float = sizeof(float);

    /// <summary>Bytes of all weights and biases.</summary>
    public long WeightBytes => Layers.Sum(layer => layer.WeightBytes);

    /// <summary>Bytes for each image of a batch.</summary>
    public long ActivationBytes => Input.ActivationBytes + Layers.Sum(layer => layer.ActivationBytes);

    /// <summary>Bytes of a training.</summary>
    public long TrainingBytes => Input.TrainingBytes + Layers.Sum(layer => layer.TrainingBytes);

    /// <summary>Computes the memory of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batchSize">Images of a training step, at least 1.</param>
    /// <returns>Bytes, layer by layer.</returns>
    public static ModelMemory Of(ModelDefinition model, int batchSize)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        var layers = new LayerMemory[model.Summary.Count];
        Fill(model.Placed, batchSize, false, layers);
        long image = ((long)model.Input.Count * Float) + sizeof(int) + Float + sizeof(int);
        return new ModelMemory(batchSize, new LayerMemory(0, image, image * batchSize), layers);
    }

    /// <summary>Computes the memory of a chain of layers.</summary>
    /// <param name="chain">The layers.</param>
    /// <param name="batchSize">Images of a training step.</param>
    /// <param name="hasGradient">Whether anybody asks for the gradient of what goes in: in front of the first output of a network nobody does.</param>
    /// <param name="layers">Gets each layer's.</param>
    /// <returns>Whether what comes out has a gradient.</returns>
    private static bool Fill(IReadOnlyList<PlacedLayer> chain, int batchSize, bool hasGradient, LayerMemory[] layers)
    {
        int pooling = -1;
        for (int i = 0; i < chain.Count; i++)
        {
            PlacedLayer placed = chain[i];
            // A convolution that pools in the same operation has no output of its own: the pooling, two layers on, keeps the result.
            pooling = placed.Layer is Conv2d && StagePlan.FusedAfter(chain, i) is > 0 and int behind ? i + behind : pooling;
            bool gradient = hasGradient;
            hasGradient |= !placed.Layer.WorksInPlace && placed.Layer is not Flatten;
            if (placed.Layer is Residual)
            {
                Fill(placed.Body, batchSize, gradient, layers);
                Fill(placed.Shortcut, batchSize, gradient, layers);
                layers[placed.Index] = OfResidual(placed, batchSize, gradient);
            }
            else
            {
                layers[placed.Index] = Of(placed, batchSize, pooling - i, i + 1 < chain.Count && chain[i + 1].Layer is BatchNorm);
            }
        }
        return hasGradient;
    }

    /// <summary>A block's own: copies where its stages would overwrite what others read, and the gradient that comes back through a shortcut.</summary>
    private static LayerMemory OfResidual(PlacedLayer placed, int batchSize, bool hasGradient)
    {
        long copies = (ResidualStage.NeedsCopyBefore(placed.Body) ? placed.Input.Count : 0L) + (ResidualStage.NeedsCopyBefore(placed.Shortcut) ? placed.Input.Count : 0L)
            + (ResidualStage.NeedsCopyBehind(placed.Body) ? placed.Summary.Output.Count : 0L);
        long shortcut = placed.Shortcut.Count > 0 && hasGradient ? placed.Input.Count : 0;
        return new LayerMemory(0, copies * Float, batchSize * ((2 * copies) + shortcut) * Float);
    }

    /// <param name="placed">The layer.</param>
    /// <param name="batchSize">Images of a training step.</param>
    /// <param name="toPooling">How many layers on the pooling is that a convolution does; 0 for that pooling itself, negative where there is none.</param>
    /// <param name="normalized">Whether a batch normalization follows.</param>
    private static LayerMemory Of(PlacedLayer placed, int batchSize, int toPooling, bool normalized)
    {
        (Layer layer, LayerSummary summary) = (placed.Layer, placed.Summary);
        bool keeps = layer is Conv2d ? toPooling <= 0 : !layer.WorksInPlace && layer is not Flatten;
        long output = keeps ? (long)summary.Output.Count * Float : 0;
        long winners = layer is MaxPool2d ? (long)summary.Output.Count * (toPooling == 0 ? sizeof(byte) : sizeof(int)) : 0;
        long channels = summary.Output.Channels, running = layer.HasRunningMoments ? 2 * channels : 0;
        long partials = layer switch
        {
            Conv2d => Conv2dStage.PartialSums(batchSize, normalized && layer.HasBias) * summary.Parameters * Float,
            BatchNorm => (BatchNormChunks.Bound(batchSize * placed.Input.Height * placed.Input.Width) + 1) * 2 * channels * Float,
            _ => 0,
        };
        long trained = 4L * (ParameterArena.Align((int)summary.Parameters) + ParameterArena.Align((int)running)) * Float;
        return new LayerMemory((summary.Parameters + running) * Float, output + winners, trained + (batchSize * ((2 * output) + winners)) + partials);
    }
}
