using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>ReLU: negative values become zero.</summary>
public sealed record Relu : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "relu";

    internal override IReadOnlyList<OperatorStep> Operators => [new("Relu")];

    internal override string Explain(string input) => $"{input} with its negative numbers set to zero.";

    internal override TResult Accept<TResult>(IActivationVisitor<TResult> visitor) => visitor.Visit(new ReluFunction());

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("relu", "ReLU: negative values become zero.", [], _ => new Relu(), (Relu _) => new SettingValues(),
        new KerasForm("relu", _ => new Relu()),
        new KerasForm("ReLU", number => number("max_value") is null && (number("negative_slope") ?? 0) == 0 && (number("threshold") ?? 0) == 0 ? new Relu() : null));
}
