using System.Globalization;

namespace GpuCnn;

/// <summary>A trained model ready to classify: for programs that embed one.</summary>
/// <remarks>Any number of threads may call it; their calls take turns, each using all of the device. A call allocates no managed memory.</remarks>
public sealed class Classifier : IDisposable
{
    private readonly Lock turn = new();
    private readonly Network network;
    private readonly DeviceImages images;
    private readonly float[] logits;

    /// <summary>Puts a model with weights on a device.</summary>
    /// <param name="model">The model with its weights, for example from <see cref="TrainedModel.Load"/>.</param>
    /// <param name="device">Where it runs; it must live longer than the classifier, and nothing else may use it at the same time.</param>
    /// <param name="maxBatch">Images that are computed at once; a call may bring more.</param>
    /// <exception cref="ModelMismatchException">The weights are another model's.</exception>
    /// <exception cref="DeviceException">The device has not the memory.</exception>
    public Classifier(TrainedModel model, Device device, int maxBatch = 256)
    {
        ArgumentNullException.ThrowIfNull(model);
        network = new Network(model.Model, device, maxBatch, training: false);
        images = new DeviceImages(device, maxBatch, model.Model.Input.Count);
        logits = new float[maxBatch * model.Model.Classes];
        ClassNames = model.ClassNames ?? [.. Enumerable.Range(0, model.Model.Classes).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        try
        {
            network.ImportWeights(model.Weights);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The model.</summary>
    public ModelDefinition Model => network.Model;

    /// <summary>The classes' names; their numbers where the file has none.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The probability of every class for every image.</summary>
    /// <param name="pixels">[images, height, width, channels], 0 to 255.</param>
    /// <param name="probabilities">[images, classes]; each image's sum is 1.</param>
    /// <exception cref="ArgumentException">The pixels are no whole number of images, or the probabilities have not one place a class and image.</exception>
    public void Predict(ReadOnlySpan<byte> pixels, Span<float> probabilities)
    {
        int size = Model.Input.Count, classes = Model.Classes, count = pixels.Length / size;
        if (pixels.Length != count * size || probabilities.Length != count * classes)
        {
            throw new ArgumentException($"{pixels.Length} bytes and {probabilities.Length} probabilities do not fit images of {size} bytes and {classes} classes");
        }
        lock (turn)
        {
            for (int first = 0; first < count; first += network.MaxBatch)
            {
                int batch = Math.Min(network.MaxBatch, count - first);
                images.Pixels.CopyFrom(pixels.Slice(first * size, batch * size));
                network.Forward(images, 0, new Pass(batch, null, 0));
                network.ReadLogits(logits.AsSpan(0, batch * classes));
                for (int i = 0; i < batch; i++)
                {
                    Softmax(logits.AsSpan(i * classes, classes), probabilities.Slice((first + i) * classes, classes));
                }
            }
        }
    }

    /// <summary>The most probable class of one image, the lowest among equals.</summary>
    /// <param name="pixels">[height, width, channels], 0 to 255.</param>
    /// <returns>The class.</returns>
    /// <exception cref="ArgumentException">The pixels are not those of one image.</exception>
    public int Predict(ReadOnlySpan<byte> pixels)
    {
        Span<float> probabilities = stackalloc float[Model.Classes];
        Predict(pixels, probabilities);
        int best = 0;
        for (int i = 1; i < probabilities.Length; i++)
        {
            best = probabilities[i] > probabilities[best] ? i : best;
        }
        return best;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        network.Dispose();
        images.Dispose();
    }

    private static void Softmax(ReadOnlySpan<float> logits, Span<float> probabilities)
    {
        float max = logits[0];
        foreach (float logit in logits)
        {
            max = Math.Max(max, logit);
        }
        double sum = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            sum += Math.Exp(logits[i] - max);
        }
        for (int i = 0; i < logits.Length; i++)
        {
            probabilities[i] = (float)(Math.Exp(logits[i] - max) / sum);
        }
    }
}
