namespace GpuCnn;

/// <summary>What an epoch is judged by.</summary>
public enum ValidationMetric
{
    /// <summary>The mean loss of the images held out; less is better. In texts <c>val_loss</c>.</summary>
    Loss,

    /// <summary>The share of the images held out that is classified correctly. In texts <c>val_accuracy</c>.</summary>
    Accuracy,
}

/// <summary>The names of metrics, which are those of the columns of results.csv, and their values.</summary>
public static class ValidationMetrics
{
    /// <summary>The names.</summary>
    public static OptionNames<ValidationMetric> Names { get; } = new("val_loss", "val_accuracy");

    /// <summary>A metric's value in an epoch; null when nothing is held out.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="metric">The metric.</param>
    internal static double? ValueOf(this EpochResult epoch, ValidationMetric metric) => metric == ValidationMetric.Loss ? epoch.ValLoss : epoch.ValAccuracy;
}
