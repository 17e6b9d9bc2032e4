namespace GpuCnn;

/// <summary>The rate is multiplied by a factor when a metric of the images held out has not improved for more than so many epochs (PyTorch's ReduceLROnPlateau with its
/// relative threshold of 1e-4, without a least rate).</summary>
public sealed record PlateauSchedule : LearningRateSchedule
{
    /// <summary>Epochs without improvement that are borne; after the next one the rate falls, and they are counted anew.</summary>
    public int Epochs { get; init; } = 5;

    /// <summary>The factor, above 0 and below 1.</summary>
    public double Factor { get; init; } = 0.5;

    /// <summary>What is to improve.</summary>
    public ValidationMetric Metric { get; init; }

    /// <inheritdoc/>
    public override string Name => "plateau";

    /// <inheritdoc/>
    /// <remarks>The first epoch is the best so far, and one more than is borne must come behind it.</remarks>
    public override int EpochsUnchanged => Epochs + 2;

    internal override bool NeedsValidation => true;

    private protected override IReadOnlyList<string> Texts => [Text(Epochs), Text(Factor), ValidationMetrics.Names.Of(Metric)];

    /// <inheritdoc/>
    public override string Describe() => $"times {Text(Factor)} when {ValidationMetrics.Names.Of(Metric)} stays for more than {Text(Epochs)} epochs";

    internal static PlateauSchedule Of(Parameters parameters)
    {
        var preset = new PlateauSchedule();
        return new()
        {
            Epochs = parameters.Next(preset.Epochs),
            Factor = parameters.Next(preset.Factor),
            Metric = parameters.Next() is { } metric ? ValidationMetrics.Names.Parse(Property, metric) : preset.Metric,
        };
    }

    internal override void Validate()
    {
        Require(Epochs >= 0, "EPOCHS", Epochs, "of at least 0");
        Require(Factor is > 0 and < 1, "FACTOR", Factor, "above 0 and below 1");
    }

    internal override PlateauWatch Watch() => new(this);
}

/// <summary>Follows the epochs for a <see cref="PlateauSchedule"/>.</summary>
internal sealed class PlateauWatch(PlateauSchedule schedule)
{
    /// <summary>An improvement by less, in parts of the best value, is none.</summary>
    private const double Threshold = 1e-4;

    private double? best;
    private int without;

    /// <summary>The share of the learning rate that the steps of the next epoch take.</summary>
    public double Share { get; private set; } = 1;

    /// <summary>What is to improve.</summary>
    public ValidationMetric Metric => schedule.Metric;

    /// <summary>An epoch is done.</summary>
    /// <param name="value">What its metric came to.</param>
    public void Add(double value)
    {
        if (best is null || (schedule.Metric == ValidationMetric.Loss ? value < best * (1 - Threshold) : value > best * (1 + Threshold)))
        {
            (best, without) = (value, 0);
        }
        else if (++without > schedule.Epochs)
        {
            Share *= schedule.Factor;
            without = 0;
        }
    }
}
