using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>GELU in its exact form: x times the normal distribution's Φ(x).</summary>
public sealed record Gelu : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "gelu";

    /// <summary>By erf, for the operators' version has no GELU of its own.</summary>
    internal override IReadOnlyList<OperatorStep> Operators =>
    [
        new("Div") { Constants = [("root_of_2", MathF.Sqrt(2))] }, new("Erf"), new("Add") { Constants = [("one", 1)] },
        new("Mul") { ReadsInput = true }, new("Mul") { Constants = [("half", 0.5f)] },
    ];

    internal override string Explain(string input) =>
        $"Each number x of {input} times the share of the normal distribution that lies below x: negative numbers become small, large ones stay.";

    internal override TResult Accept<TResult>(IActivationVisitor<TResult> visitor) => visitor.Visit(new GeluFunction());

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("gelu", "GELU in its exact form, with erf.", [], _ => new Gelu(), (Gelu _) => new SettingValues(),
        new KerasForm("gelu", _ => new Gelu()));
}
