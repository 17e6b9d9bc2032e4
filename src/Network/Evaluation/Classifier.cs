using System.Diagnostics;
using System.Globalization;

namespace GpuCnn;

/// <summary>A trained model ready to classify.</summary>
/// <remarks>Any number of threads may call it; their calls take turns, each using all of the device.</remarks>
public sealed class Classifier : IDisposable
{
    private readonly Lock turn = new();
    private readonly Network network;
    private readonly bool ownsNetwork;
    private readonly DeviceImages images;

    /// <summary>Puts a model with weights on a device.</summary>
    /// <param name="model">The model with its weights, for example from <see cref="TrainedModel.Load"/>.</param>
    /// <param name="device">Where it runs; it must live longer than the classifier, and nothing else may use it at the same time.</param>
    /// <param name="maxBatch">Images that are computed at once; a call may bring more.</param>
    /// <exception cref="ModelMismatchException">The weights are another model's.</exception>
    /// <exception cref="DeviceException">Not enough device memory.</exception>
    public Classifier(TrainedModel model, Device device, int maxBatch = 256) : this(Load(model, device, maxBatch), model.ClassNames, ownsNetwork: true)
    {
    }

    /// <summary>Classifies with a network of somebody else's, in its present state.</summary>
    internal Classifier(Network network) : this(network, null, ownsNetwork: false)
    {
    }

    private Classifier(Network network, IReadOnlyList<string>? classNames, bool ownsNetwork)
    {
        (this.network, this.ownsNetwork) = (network, ownsNetwork);
        try
        {
            images = new DeviceImages(network.Device, network.MaxBatch, Model.Input.Count);
        }
        catch when (ownsNetwork)
        {
            network.Dispose();
            throw;
        }
        ClassNames = classNames ?? [.. Enumerable.Range(0, Model.Classes).Select(i => i.ToString(CultureInfo.InvariantCulture))];
    }

    /// <summary>The model.</summary>
    public ModelDefinition Model => network.Model;

    /// <summary>The classes' names; their numbers where the file has none.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The probability of every class for every image. Allocates no managed memory.</summary>
    /// <param name="pixels">[images, height, width, channels], 0 to 255.</param>
    /// <param name="probabilities">[images, classes]; each image's sum is 1.</param>
    /// <exception cref="ArgumentException">The pixels are not a whole number of images, or the probabilities do not have one element per image and class.</exception>
    public void Predict(ReadOnlySpan<byte> pixels, Span<float> probabilities)
    {
        int size = Model.Input.Count, classes = Model.Classes, count = pixels.Length / size;
        if (pixels.Length != count * size || probabilities.Length != count * classes)
        {
            throw new ArgumentException($"{pixels.Length} bytes and {probabilities.Length} probabilities do not fit images of {size} bytes and {classes} classes");
        }
        Forward(pixels, probabilities, CancellationToken.None);
        for (int first = 0; first < probabilities.Length; first += classes)
        {
            Span<float> row = probabilities.Slice(first, classes);
            new Softmax(row).CopyTo(row);
        }
    }

    /// <summary>The most probable class of one image, the lowest among equals. Allocates no managed memory.</summary>
    /// <param name="pixels">[height, width, channels], 0 to 255.</param>
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

    /// <summary>Class, logits and probabilities of every image; the labels are ignored.</summary>
    /// <exception cref="ModelException">The images do not fit the model, or there are none.</exception>
    public IReadOnlyList<Prediction> Predict(ImageSet images)
    {
        float[] logits = Logits(images, CancellationToken.None);
        return [.. logits.Chunk(Model.Classes).Select((row, i) => Predict(i, row))];
    }

    /// <summary>Accuracy, loss, confusion matrix, per-class figures, and what the model says of each image, all from one pass.</summary>
    /// <param name="images">The labelled images.</param>
    /// <param name="stop">When cancelled, the evaluation ends after the current batch.</param>
    /// <exception cref="ModelException">The images or their classes do not fit the model, or there are none.</exception>
    /// <exception cref="OperationCanceledException">A stop was asked for.</exception>
    public EvaluationResult Evaluate(ImageSet images, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        long start = Stopwatch.GetTimestamp();
        var scores = new ScoredImages(images.Labels.Span, Logits(images, stop));
        return EvaluationResult.Create(scores, images.ClassNames, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        images.Dispose();
        if (ownsNetwork)
        {
            network.Dispose();
        }
    }

    private static Network Load(TrainedModel model, Device device, int maxBatch)
    {
        ArgumentNullException.ThrowIfNull(model);
        var network = new Network(model.Model, device, maxBatch, training: false);
        try
        {
            network.ImportWeights(model.Weights);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static Prediction Predict(int index, float[] logits)
    {
        var softmax = new Softmax(logits);
        var probabilities = new double[logits.Length];
        for (int i = 0; i < logits.Length; i++)
        {
            probabilities[i] = softmax[i];
        }
        return new Prediction(index, softmax.Class, logits, probabilities);
    }

    private float[] Logits(ImageSet images, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(images);
        Model.RequireFit(images);
        if (images.Count == 0)
        {
            throw new ModelException("there are no images to evaluate");
        }
        var logits = new float[images.Count * Model.Classes];
        Forward(images.Pixels.Span, logits, stop);
        return logits;
    }

    /// <summary>Runs images forward, batch by batch, and reads their logits.</summary>
    private void Forward(ReadOnlySpan<byte> pixels, Span<float> logits, CancellationToken stop)
    {
        int size = Model.Input.Count, classes = Model.Classes, count = pixels.Length / size;
        lock (turn)
        {
            for (int first = 0; first < count; first += network.MaxBatch)
            {
                stop.ThrowIfCancellationRequested();
                int batch = Math.Min(network.MaxBatch, count - first);
                images.Pixels.CopyFrom(pixels.Slice(first * size, batch * size));
                network.Forward(images, 0, new Pass(batch, null, 0));
                network.ReadLogits(logits.Slice(first * classes, batch * classes));
            }
        }
    }
}
