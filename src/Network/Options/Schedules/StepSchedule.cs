namespace GpuCnn;

/// <summary>The rate is multiplied by a factor every so many epochs (PyTorch's StepLR).</summary>
public sealed record StepSchedule : LearningRateSchedule
{
    /// <summary>Epochs between two steps, at least 1.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>The factor, above 0 and below 1.</summary>
    public double Factor { get; init; } = 0.1;

    /// <inheritdoc/>
    public override string Name => "step";

    /// <inheritdoc/>
    public override int EpochsUnchanged => Epochs;

    private protected override IReadOnlyList<string> Texts => [Text(Epochs), Text(Factor)];

    /// <inheritdoc/>
    public override string Describe() => $"times {Text(Factor)} every {Text(Epochs)} epochs";

    internal static StepSchedule Of(Parameters parameters)
    {
        var preset = new StepSchedule();
        return preset with { Epochs = parameters.Next(preset.Epochs), Factor = parameters.Next(preset.Factor) };
    }

    internal override void Validate()
    {
        Require(Epochs >= 1, "EPOCHS", Epochs, "of at least 1");
        Require(Factor is > 0 and < 1, "FACTOR", Factor, "above 0 and below 1");
    }

    internal override double ShareIn(int epoch) => Math.Pow(Factor, epoch / Epochs);
}
