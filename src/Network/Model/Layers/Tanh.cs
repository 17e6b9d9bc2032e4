using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>The hyperbolic tangent.</summary>
public sealed record Tanh : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "tanh";

    internal override IReadOnlyList<OperatorStep> Operators => [new("Tanh")];

    internal override string Explain(string input) => $"The hyperbolic tangent of each number of {input}: small numbers stay, large ones come near to 1 or -1.";

    internal override TResult Accept<TResult>(IActivationVisitor<TResult> visitor) => visitor.Visit(new TanhFunction());

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("tanh", "The hyperbolic tangent.", [], _ => new Tanh(), (Tanh _) => new SettingValues(),
        new KerasForm("tanh", _ => new Tanh()));
}
