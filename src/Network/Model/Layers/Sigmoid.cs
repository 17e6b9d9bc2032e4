using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>The logistic function: 1 / (1 + exp(-x)).</summary>
public sealed record Sigmoid : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "sigmoid";

    internal override IReadOnlyList<OperatorStep> Operators => [new("Sigmoid")];

    internal override string Explain(string input) =>
        $"Each number x of {input} becomes 1 / (1 + e^-x): nearly 0 where x is far below zero, one half at zero, nearly 1 far above.";

    internal override TResult Accept<TResult>(IActivationVisitor<TResult> visitor) => visitor.Visit(new SigmoidFunction());

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("sigmoid", "The logistic function: 1 / (1 + exp(-x)).", [], _ => new Sigmoid(), (Sigmoid _) => new SettingValues(),
        new KerasForm("sigmoid", _ => new Sigmoid()));
}
