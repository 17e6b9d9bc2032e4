using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, 2019): at each step weights
/// shrink by the learning rate times the decay, whatever their gradients are.</summary>
public sealed record AdamW : Optimizer
{
    /// <inheritdoc/>
    public override string Name => "adamw";

    /// <inheritdoc/>
    public override string Title => "AdamW";

    /// <inheritdoc/>
    public override string Description => "Adam with decoupled weight decay";

    /// <inheritdoc/>
    public override double DefaultLearningRate => 1e-3;

    /// <summary>PyTorch's.</summary>
    public override double DefaultWeightDecay => 0.01;

    internal override string CheckpointName => nameof(AdamW);

    internal override IReadOnlyList<OptimizerState> States => Adam.Moments;

    [ModuleInitializer]
    internal static void Register() => Register(new AdamW());

    internal override void Step(in OptimizerStep step) => Adam.StepOf(step);
}
