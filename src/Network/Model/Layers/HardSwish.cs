using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>HardSwish, SiLU without an exponential function: x times (x + 3) / 6, the factor cut off at 0 and at 1.</summary>
public sealed record HardSwish : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "hard_swish";

    /// <summary>Spelled out, because the operators' version has none.</summary>
    internal override IReadOnlyList<OperatorStep> Operators =>
    [
        new("Add") { Constants = [("three", 3)] }, new("Clip") { Constants = [("zero", 0), ("six", 6)] },
        new("Mul") { ReadsInput = true }, new("Div") { Constants = [("divisor", 6)] },
    ];

    internal override string Explain(string input) =>
        $"Numbers of {input} from 3 on stay, those up to -3 become zero, and each x between them becomes x (x + 3) / 6.";

    internal override TResult Accept<TResult>(IActivationVisitor<TResult> visitor) => visitor.Visit(new HardSwishFunction());

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("hard_swish", "HardSwish: 0 up to -3, x from 3 on, x (x + 3) / 6 between.",
        [], _ => new HardSwish(), (HardSwish _) => new SettingValues(),
        new KerasForm("hard_silu", _ => new HardSwish()), new KerasForm("hard_swish", _ => new HardSwish()));
}
