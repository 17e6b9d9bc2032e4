namespace GpuCnn;

/// <summary>How a learning rate is searched.</summary>
internal sealed record LearningRateSearch
{
    /// <summary>The most steps, 20 to 10000.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>The learning rate of the first step, above 0.</summary>
    public double From { get; init; } = 1e-7;

    /// <summary>The learning rate of the last step, above <see cref="From"/> and at most 1000.</summary>
    public double To { get; init; } = 10;

    internal static ValueRange StepsRange { get; } = new IntegerRange<int>(20, 10_000);

    internal static ValueRange FromRange { get; } = new NumberRange(1e-12, 1);

    internal static ValueRange ToRange { get; } = new NumberRange(1e-6, 1000);

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">A property is out of range, or the last learning rate is not ten times the first.</exception>
    public void Validate()
    {
        StepsRange.Check(nameof(Steps), Steps);
        FromRange.Check(nameof(From), From);
        ToRange.Check(nameof(To), To);
        if (To < 10 * From)
        {
            throw TrainingOptions.Refusal(nameof(To), $"must be at least ten times From ({From}), not {To}");
        }
    }
}

/// <summary>Finds a learning rate: trains for a few steps, each with a larger rate than the one before, and looks at the losses.</summary>
/// <remarks>L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017, with the smoothing and the end that fastai's lr_find has.</remarks>
internal static class LearningRateFinder
{
    /// <summary>What a loss weighs one step later.</summary>
    public const double Smoothing = 0.98;

    /// <summary>The search ends when the smoothed loss is so many times its best.</summary>
    public const double Divergence = 4;

    /// <summary>Searches. The trainer is afterwards where it was, with the same weights, whatever happens.</summary>
    /// <param name="trainer">A trainer between epochs; its options say how batches are made and weights updated, not the learning rate.</param>
    /// <param name="search">Between which rates, in how many steps.</param>
    /// <param name="onStep">Told of every step; null for nobody.</param>
    /// <param name="stop">When cancelled, the search ends after the step under way.</param>
    /// <returns>The losses, and what they suggest.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="NonFiniteLossException">A weight was NaN or infinite before the first step.</exception>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public static LearningRateFindings Run(Trainer trainer, LearningRateSearch search, Action<LearningRatePoint>? onStep = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(search);
        search.Validate();
        TrainingState before = trainer.Capture();
        var points = new List<LearningRatePoint>(search.Steps);
        double weighted = 0, best = double.PositiveInfinity;
        try
        {
            for (int i = 0; i < search.Steps; i++)
            {
                stop.ThrowIfCancellationRequested();
                double rate = search.From * Math.Pow(search.To / search.From, (double)i / (search.Steps - 1));
                double loss = trainer.Probe(rate);
                weighted = (Smoothing * weighted) + ((1 - Smoothing) * loss);
                double smoothed = weighted / (1 - Math.Pow(Smoothing, i + 1));
                if (!double.IsFinite(loss))
                {
                    break;
                }
                points.Add(new LearningRatePoint(i + 1, rate, loss, smoothed));
                onStep?.Invoke(points[^1]);
                best = Math.Min(best, smoothed);
                if (smoothed > Divergence * best)
                {
                    break;
                }
            }
        }
        finally
        {
            trainer.Restore(before);
        }
        return new LearningRateFindings(points, search.Steps);
    }
}
