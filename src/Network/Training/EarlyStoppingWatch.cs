namespace GpuCnn;

/// <summary>A training ended before all its epochs were done.</summary>
/// <param name="Rule">Why.</param>
/// <param name="Epoch">The last epoch, from 1.</param>
/// <param name="Best">The best value of the rule's metric.</param>
/// <param name="BestEpoch">The epoch that had it.</param>
internal sealed record EarlyStop(EarlyStopping Rule, int Epoch, double Best, int BestEpoch);

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
        if (epoch > rule.Skip && result.ValueOf(rule.Metric) is { } value
            && (bestEpoch == 0 || (rule.Metric == ValidationMetric.Loss ? value < best - rule.MinChange : value > best + rule.MinChange)))
        {
            (best, bestEpoch) = (value, epoch);
        }
    }
}
