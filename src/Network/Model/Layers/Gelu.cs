using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>GELU in its exact form: x times the normal distribution's Φ(x).</summary>
public sealed record Gelu : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "gelu";

    internal override bool WorksInPlace => false;

    /// <summary>By erf, for the operators' version has no GELU of its own.</summary>
    internal override IReadOnlyList<OperatorStep> Operators =>
    [
        new("Div") { Constant = ("root_of_2", MathF.Sqrt(2)) }, new("Erf"), new("Add") { Constant = ("one", 1) },
        new("Mul") { ReadsInput = true }, new("Mul") { Constant = ("half", 0.5f) },
    ];

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("gelu", "GELU in its exact form, with erf.", [], _ => new Gelu(), (Gelu _) => new SettingValues());
}
