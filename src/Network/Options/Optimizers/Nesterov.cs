using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Stochastic gradient descent with Nesterov's momentum of 0.9, as PyTorch defines it; weight decay is part of the gradient.</summary>
public sealed record Nesterov : Optimizer
{
    private static readonly IReadOnlyList<OptimizerState> Velocities = [new("velocities", "the velocity of ")];

    /// <inheritdoc/>
    public override string Name => "nesterov";

    /// <inheritdoc/>
    public override string Title => "SGD with Nesterov momentum 0.9";

    /// <inheritdoc/>
    public override string Description => "gradient descent with Nesterov's momentum 0.9";

    /// <inheritdoc/>
    public override double DefaultLearningRate => 0.05;

    internal override IReadOnlyList<OptimizerState> States => Velocities;

    [ModuleInitializer]
    internal static void Register() => Register(new Nesterov());

    internal override void Step(in OptimizerStep step) => SgdMomentum.Run(step.Device, step.Parameters, step.Gradients, step.States[0], step.Count,
        step.LearningRate, Sgd.Momentum, step.WeightDecay, step.DecayRanges, step.GradientScale, nesterov: true);
}
