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
    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["val_loss", "val_accuracy"];

    /// <summary>A metric's name.</summary>
    /// <param name="metric">The metric.</param>
    public static string NameOf(ValidationMetric metric) => Names[(int)metric];

    /// <summary>The metric of a name.</summary>
    /// <param name="flag">The flag that it was given to.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="OptionException">There is none of that name.</exception>
    public static ValidationMetric Parse(string flag, string name)
    {
        int index = Names.ToList().IndexOf(name);
        return index >= 0 ? (ValidationMetric)index : throw new OptionException(flag, $"'{PlainText.Beginning(name, LearningRateSchedule.LongestText)}' is not allowed: give {string.Join(" or ", Names)}");
    }

    /// <summary>A metric's value in an epoch; null when nothing is held out.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="metric">The metric.</param>
    internal static double? ValueOf(this EpochResult epoch, ValidationMetric metric) => metric == ValidationMetric.Loss ? epoch.ValLoss : epoch.ValAccuracy;
}
