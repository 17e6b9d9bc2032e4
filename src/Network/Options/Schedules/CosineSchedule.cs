namespace GpuCnn;

/// <summary>Half a cosine wave from the learning rate down to a share of it, over all steps (PyTorch's CosineAnnealingLR, stepped after each batch; Loshchilov and Hutter,
/// "SGDR: stochastic gradient descent with warm restarts", 2017, without the restarts).</summary>
public sealed record CosineSchedule : LearningRateSchedule
{
    /// <summary>The share of the learning rate that is left at the end, from 0 to 1.</summary>
    public double End { get; init; }

    /// <inheritdoc/>
    public override string Name => "cosine";

    /// <inheritdoc/>
    public override bool SpansAllEpochs => true;

    private protected override IReadOnlyList<string> Texts => [Text(End)];

    /// <inheritdoc/>
    public override string Describe() => End == 0 ? "cosine to 0" : $"cosine to {Text(End)} of it";

    internal static CosineSchedule Of(Parameters parameters) => new() { End = parameters.Next(new CosineSchedule().End) };

    internal override void Validate() => Require(End is >= 0 and <= 1, "END", End, "from 0 to 1");

    internal override double ShareAt(long step, long steps) => End + ((1 - End) * (1 + Math.Cos(Math.PI * step / steps)) / 2);
}
