namespace GpuCnn;

/// <summary>Evaluates a network that is being trained; a finished model is a <see cref="Classifier"/>'s.</summary>
public static class Evaluation
{
    /// <summary>Accuracy, loss, confusion matrix and per-class figures of a network in its present state.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The labelled images.</param>
    /// <param name="stop">When cancelled, the evaluation ends after the current batch.</param>
    /// <exception cref="ModelException">The images or their classes do not fit the model, or there are none.</exception>
    /// <exception cref="OperationCanceledException">A stop was asked for.</exception>
    public static EvaluationResult Run(Network network, ImageSet images, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var classifier = new Classifier(network);
        return classifier.Evaluate(images, stop);
    }
}
