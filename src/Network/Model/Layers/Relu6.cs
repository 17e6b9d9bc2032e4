using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>ReLU6: negative values become zero, those above 6 become 6.</summary>
public sealed record Relu6 : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "relu";

    /// <inheritdoc/>
    public override string Description => "up to 6";

    internal override IReadOnlyList<OperatorStep> Operators => [new("Clip") { Constants = [("zero", 0), ("six", 6)] }];

    internal override string Explain(string input) => $"{input} with its negative numbers set to zero and those above 6 set to 6.";

    internal override TResult Accept<TResult>(IActivationVisitor<TResult> visitor) => visitor.Visit(new Relu6Function());

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("relu6", "ReLU6: negative values become zero, those above 6 become 6.",
        [], _ => new Relu6(), (Relu6 _) => new SettingValues(),
        new KerasForm("relu6", _ => new Relu6()),
        new KerasForm("ReLU", number => number("max_value") == 6 && (number("negative_slope") ?? 0) == 0 && (number("threshold") ?? 0) == 0 ? new Relu6() : null));
}
