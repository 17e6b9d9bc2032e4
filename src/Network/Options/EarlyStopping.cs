namespace GpuCnn;

/// <summary>When a training ends before all its epochs are done: when a metric of the images held out has not improved for so many epochs in a row.</summary>
public sealed record EarlyStopping
{
    /// <summary>Epochs in a row without improvement after which the training ends; 0 for never.</summary>
    public int Patience { get; init; }

    /// <summary>What is to improve.</summary>
    public ValidationMetric Metric { get; init; }

    /// <summary>An improvement on the best value by no more than this is none: as much loss, or as much of the share of images.</summary>
    public double MinChange { get; init; }

    /// <summary>What <see cref="Patience"/> may be.</summary>
    public static OptionRule<int> PatienceRule { get; } = new("--stop-patience", "0 (never) or more", value => value >= 0);

    /// <summary>What <see cref="MinChange"/> may be.</summary>
    public static OptionRule<double> MinChangeRule { get; } = new("--stop-min-change", "0 or more", value => value >= 0 && double.IsFinite(value));

    /// <summary>Checks every option.</summary>
    /// <exception cref="OptionException">One is out of range.</exception>
    public void Validate()
    {
        PatienceRule.Check(Patience);
        MinChangeRule.Check(MinChange);
    }
}

/// <summary>A training ended before all its epochs were done.</summary>
/// <param name="Rule">Why.</param>
/// <param name="Epoch">The last epoch, from 1.</param>
/// <param name="Best">The best value of the rule's metric.</param>
/// <param name="BestEpoch">The epoch that had it.</param>
public sealed record EarlyStop(EarlyStopping Rule, int Epoch, double Best, int BestEpoch);

/// <summary>Follows the epochs for an <see cref="EarlyStopping"/>. All it knows follows from them, so a training that goes on from a checkpoint needs no more.</summary>
internal sealed class EarlyStoppingWatch(EarlyStopping rule)
{
    private double best;
    private int bestEpoch, epoch;

    /// <summary>Why the training is to end; null while it is to go on.</summary>
    public EarlyStop? Stop => rule.Patience > 0 && bestEpoch > 0 && epoch - bestEpoch >= rule.Patience ? new EarlyStop(rule, epoch, best, bestEpoch) : null;

    /// <summary>Goes to where a training is.</summary>
    /// <param name="epochs">The epochs done.</param>
    public void Restore(IEnumerable<EpochResult> epochs)
    {
        (best, bestEpoch, epoch) = (0, 0, 0);
        foreach (EpochResult each in epochs)
        {
            Add(each);
        }
    }

    /// <summary>An epoch is done.</summary>
    public void Add(EpochResult result)
    {
        epoch = result.Epoch;
        if (result.ValueOf(rule.Metric) is { } value
            && (bestEpoch == 0 || (rule.Metric == ValidationMetric.Loss ? value < best - rule.MinChange : value > best + rule.MinChange)))
        {
            (best, bestEpoch) = (value, epoch);
        }
    }
}
