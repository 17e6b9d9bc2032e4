using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>SiLU, also called swish: x times the logistic function of x.</summary>
public sealed record Silu : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "silu";

    internal override IReadOnlyList<OperatorStep> Operators => [new("Sigmoid"), new("Mul") { ReadsInput = true }];

    internal override string Explain(string input) => $"Each number x of {input} divided by 1 + e^-x: negative numbers become small, large ones stay.";

    internal override TResult Accept<TResult>(IActivationVisitor<TResult> visitor) => visitor.Visit(new SiluFunction());

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("silu", "SiLU, also called swish: x / (1 + exp(-x)).", [], _ => new Silu(), (Silu _) => new SettingValues(),
        new KerasForm("silu", _ => new Silu()), new KerasForm("swish", _ => new Silu()));
}
