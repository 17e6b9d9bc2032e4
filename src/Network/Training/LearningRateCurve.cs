namespace GpuCnn;

/// <summary>The share of the learning rate that each step of a training takes: that of the schedule, and before it the warm-up.</summary>
/// <remarks>It depends on the options, the step and the epochs done alone, so a training that goes on from a checkpoint has it without a state of its own.
/// With a warm-up of W steps the first takes 1/(W+1), the next 2/(W+1), and the one after the last of them all (PyTorch's LinearLR from 1/(W+1) in W steps). A cosine begins
/// behind the warm-up; epochs count from the beginning.</remarks>
internal sealed class LearningRateCurve
{
    private readonly LearningRateSchedule schedule;
    private readonly int stepsPerEpoch;
    private readonly long steps, warmUp;
    private PlateauWatch? watch;

    /// <summary>The curve of a training that begins.</summary>
    /// <param name="options">How it is trained.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public LearningRateCurve(TrainingOptions options, int stepsPerEpoch)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stepsPerEpoch);
        options.Validate();
        (schedule, this.stepsPerEpoch) = (options.Schedule, stepsPerEpoch);
        steps = (long)options.Epochs * stepsPerEpoch;
        // Less than all epochs may be all steps where an epoch has few.
        warmUp = Math.Min(steps - 1, (long)Math.Round(options.WarmUp * stepsPerEpoch));
        watch = schedule.Watch();
    }

    /// <summary>Goes to where a training is.</summary>
    /// <param name="epochs">The epochs done.</param>
    public void Restore(IEnumerable<EpochResult> epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        watch = schedule.Watch();
        foreach (EpochResult epoch in epochs)
        {
            Add(epoch);
        }
    }

    /// <summary>An epoch is done.</summary>
    /// <param name="epoch">The epoch.</param>
    public void Add(EpochResult epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        if (watch is not null && epoch.ValueOf(watch.Metric) is { } value)
        {
            watch.Add(value);
        }
    }

    /// <summary>The share that a step takes, of the epoch under way or of one before it; plateaus that came later count for all.</summary>
    /// <param name="step">The step of the run, from 0. Behind the last the share stays what one more step would take.</param>
    public double ShareAt(long step)
    {
        step = Math.Min(step, steps);
        double share = schedule.ShareIn((int)(step / stepsPerEpoch)) * (watch?.Share ?? 1);
        return step < warmUp ? share * schedule.ShareAt(0, steps - warmUp) * (step + 1) / (warmUp + 1) : share * schedule.ShareAt(step - warmUp, steps - warmUp);
    }
}
