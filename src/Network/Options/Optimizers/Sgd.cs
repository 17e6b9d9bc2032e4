using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Stochastic gradient descent with momentum 0.9; weight decay is part of the gradient.</summary>
public sealed record Sgd : Optimizer
{
    /// <summary>The share of its velocity that descent keeps at each step.</summary>
    internal const double Momentum = 0.9;

    private static readonly IReadOnlyList<OptimizerState> Velocities = [new("first_moments", "the velocity of ")];

    /// <inheritdoc/>
    public override string Name => "sgd";

    /// <inheritdoc/>
    public override string Title => "SGD with momentum 0.9";

    /// <inheritdoc/>
    public override string Description => "gradient descent with momentum 0.9";

    /// <inheritdoc/>
    public override double DefaultLearningRate => 0.05;

    internal override string CheckpointName => "SgdMomentum";

    internal override IReadOnlyList<OptimizerState> States => Velocities;

    [ModuleInitializer]
    internal static void Register() => Register(new Sgd());

    internal override void Step(in OptimizerStep step) => SgdMomentum.Run(step.Device, step.Parameters, step.Gradients, step.States[0], step.Count,
        step.LearningRate, Momentum, step.WeightDecay, step.DecayRanges, step.GradientScale);
}
