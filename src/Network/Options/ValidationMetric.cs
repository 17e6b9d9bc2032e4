namespace GpuCnn;

/// <summary>What an epoch is judged by.</summary>
public enum ValidationMetric
{
    /// <summary>The mean loss of the images held out; less is better. In texts <c>val_loss</c>.</summary>
    Loss,

    /// <summary>The share of the images held out that is classified correctly. In texts <c>val_accuracy</c>.</summary>
    Accuracy,
}

/// <summary>The names of metrics, which are those of the columns of results.csv.</summary>
internal static class ValidationMetrics
{
    /// <summary>The names.</summary>
    public static OptionNames<ValidationMetric> Names { get; } = new("val_loss", "val_accuracy");
}
