using System.Diagnostics;

namespace GpuCnn;

/// <summary>What a network says of one image.</summary>
/// <param name="Index">The image's place in its set.</param>
/// <param name="Class">The class with the largest logit, the lowest among equals.</param>
/// <param name="Logits">One a class.</param>
/// <param name="Probabilities">The logits' softmax.</param>
public sealed record Prediction(int Index, int Class, IReadOnlyList<float> Logits, IReadOnlyList<double> Probabilities);

/// <summary>Runs a network over labelled images.</summary>
public static class Evaluation
{
    /// <summary>Accuracy, loss, confusion matrix, per-class figures, and what the network said of each image: all from one pass.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The images.</param>
    /// <param name="stop">When cancelled, the evaluation ends after the batch under way.</param>
    /// <returns>The figures.</returns>
    /// <exception cref="ModelException">The images or their classes do not fit the model, or there are none.</exception>
    /// <exception cref="OperationCanceledException">A stop was asked for.</exception>
    public static EvaluationResult Run(Network network, ImageSet images, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        long start = Stopwatch.GetTimestamp();
        ScoredImages? scores = null;
        ForEach(network, images, (index, logits) => (scores ??= new ScoredImages(images.Labels.Span, logits.Length)).Set(index, logits), stop);
        return EvaluationResult.Create(scores!, images.ClassNames, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Class, logits and probabilities of every image.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The images; their labels are not looked at.</param>
    /// <returns>One prediction an image.</returns>
    /// <exception cref="ModelException">The images do not fit the model, or there are none.</exception>
    public static IReadOnlyList<Prediction> Predict(Network network, ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        var predictions = new List<Prediction>(images.Count);
        ForEach(network, images, (index, logits) =>
        {
            double logSum = LogSumExp(logits);
            var probabilities = new double[logits.Length];
            for (int i = 0; i < logits.Length; i++)
            {
                probabilities[i] = Math.Exp(logits[i] - logSum);
            }
            predictions.Add(new Prediction(index, Best(logits), logits.ToArray(), probabilities));
        }, CancellationToken.None);
        return predictions;
    }

    private delegate void Visit(int index, ReadOnlySpan<float> logits);

    private static void ForEach(Network network, ImageSet images, Visit visit, CancellationToken stop)
    {
        network.Model.RequireFit(images);
        if (images.Count == 0)
        {
            throw new ModelException("there are no images to evaluate");
        }
        int classes = network.Model.Classes;
        var logits = new float[Math.Min(network.MaxBatch, images.Count) * classes];
        using var onDevice = new DeviceImages(network.Device, images);
        for (int first = 0; first < images.Count; first += network.MaxBatch)
        {
            stop.ThrowIfCancellationRequested();
            int batch = Math.Min(network.MaxBatch, images.Count - first);
            network.Forward(onDevice, first, new Pass(batch, null, 0));
            network.ReadLogits(logits.AsSpan(0, batch * classes));
            for (int i = 0; i < batch; i++)
            {
                visit(first + i, logits.AsSpan(i * classes, classes));
            }
        }
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double max = logits[0], sum = 0;
        foreach (float logit in logits)
        {
            max = Math.Max(max, logit);
        }
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }
        return max + Math.Log(sum);
    }
}
