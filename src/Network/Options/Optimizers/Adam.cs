using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>Adam (Kingma and Ba, 2015), with ε 1e-7.</summary>
public sealed record Adam : Optimizer
{
    /// <summary>Of both forms of Adam.</summary>
    internal static readonly IReadOnlyList<OptimizerState> Moments =
        [new("first_moments", "Adam's first moment of "), new("second_moments", "Adam's second moment of ")];

    /// <inheritdoc/>
    public override string Name => "adam";

    /// <inheritdoc/>
    public override string Title => "Adam";

    /// <inheritdoc/>
    public override string Description => "steps adapted to each weight";

    /// <inheritdoc/>
    public override double DefaultLearningRate => 1e-3;

    /// <inheritdoc/>
    public override bool TakesWeightDecay => false;

    internal override string CheckpointName => nameof(Adam);

    internal override IReadOnlyList<OptimizerState> States => Moments;

    [ModuleInitializer]
    internal static void Register() => Register(new Adam());

    internal override void Step(in OptimizerStep step) => StepOf(step);

    /// <summary>A step of either form: plain Adam has a weight decay of 0.</summary>
    internal static void StepOf(in OptimizerStep step) => Kernels.Adam.Run(step.Device, step.Parameters, step.Gradients, step.States[0],
        step.States[1], step.Count, step.Number, step.LearningRate, weightDecay: step.WeightDecay,
        decayRanges: step.DecayRanges, gradientScale: step.GradientScale);
}
