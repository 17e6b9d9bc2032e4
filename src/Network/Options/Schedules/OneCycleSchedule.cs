namespace GpuCnn;

/// <summary>The one-cycle policy: the rate rises to the learning rate, then falls to almost nothing, both along cosines, over all steps (PyTorch's OneCycleLR with its defaults,
/// stepped after each batch; Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates", 2018).</summary>
/// <remarks>The momentum is not moved against the rate, as OneCycleLR does unless told <c>cycle_momentum=False</c>: it stays what it was set to.</remarks>
public sealed record OneCycleSchedule : LearningRateSchedule
{
    /// <summary>The rate at the first step is the learning rate over this, that at the last the first over the second.</summary>
    private const double First = 25, Last = 1e4;

    /// <summary>The share of the steps in which the rate rises, above 0 and below 1.</summary>
    public double Rise { get; init; } = 0.3;

    /// <inheritdoc/>
    public override string Name => "one-cycle";

    /// <inheritdoc/>
    public override bool SpansAllEpochs => true;

    internal override bool WarmsUp => true;

    private protected override IReadOnlyList<string> Texts => [Text(Rise)];

    /// <inheritdoc/>
    public override string Describe() => $"one cycle, rising for {Text(Rise)} of the steps";

    internal static OneCycleSchedule Of(Parameters parameters) => new() { Rise = parameters.Next(new OneCycleSchedule().Rise) };

    internal override void Validate() => Require(Rise is > 0 and < 1, "RISE", Rise, "above 0 and below 1");

    internal override double ShareAt(long step, long steps)
    {
        double top = (Rise * steps) - 1, end = steps - 1;
        return step < top ? Between(1 / First, 1, step / top)
            : step == top ? 1
            : Between(1, 1 / (First * Last), Math.Min(1, (step - top) / (end - top)));
    }

    private static double Between(double from, double to, double share) => to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * share)));
}
