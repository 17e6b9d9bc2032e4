using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Bytes of device memory that a layer takes.</summary>
/// <param name="WeightBytes">Its weight and bias.</param>
/// <param name="ActivationBytes">What it keeps of each image; zero where it works in the memory of the layer before, or in one operation with the layers behind it,
/// which then keep the result.</param>
/// <param name="TrainingBytes">All it takes while training: weights, gradients, Adam's two moments; activations, their gradients and partial sums of a batch.</param>
public sealed record LayerMemory(long WeightBytes, long ActivationBytes, long TrainingBytes);

/// <summary>Device memory of a model: what a <see cref="Network"/> of it allocates. The data set, kept on the device as bytes, comes on top.</summary>
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
        var layers = new List<LayerMemory>();
        TensorShape shape = model.Input;
        int pooling = -1;
        for (int i = 0; i < model.Layers.Count; i++)
        {
            // A convolution that pools in the same operation has no output of its own: the pooling, two layers on, keeps the result.
            pooling = model.Layers[i] is Conv2d && StagePlan.FusedAfter(model, i, shape) is > 0 and int behind ? i + behind : pooling;
            layers.Add(Of(model.Layers[i], model.Summary[i], batchSize, pooling - i));
            shape = model.Summary[i].Output;
        }
        long image = ((long)model.Input.Count * Float) + sizeof(int) + Float + sizeof(int);
        return new ModelMemory(batchSize, new LayerMemory(0, image, image * batchSize), layers);
    }

    /// <param name="layer">The layer.</param>
    /// <param name="summary">Its sizes.</param>
    /// <param name="batchSize">Images of a training step.</param>
    /// <param name="toPooling">How many layers on the pooling is that a convolution does; 0 for that pooling itself, negative where there is none.</param>
    private static LayerMemory Of(Layer layer, LayerSummary summary, int batchSize, int toPooling)
    {
        bool keeps = layer switch
        {
            Conv2d => toPooling <= 0,
            Dense or MaxPool2d => true,
            _ => false,
        };
        long output = keeps ? (long)summary.Output.Count * Float : 0;
        long winners = layer is MaxPool2d ? (long)summary.Output.Count * (toPooling == 0 ? sizeof(byte) : sizeof(int)) : 0;
        long partials = layer is Conv2d ? Conv2dWeightGradient.MostChunks(batchSize) * summary.Parameters * Float : 0;
        long trained = 4L * ParameterArena.Align((int)summary.Parameters) * Float;
        return new LayerMemory(summary.Parameters * Float, output + winners, trained + (batchSize * ((2 * output) + winners)) + partials);
    }
}
