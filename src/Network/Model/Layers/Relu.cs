using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>ReLU: negative values become zero.</summary>
public sealed record Relu : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "relu";

    internal override IReadOnlyList<OperatorStep> Operators => [new("Relu")];

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("relu", "ReLU: negative values become zero.", [], _ => new Relu(), (Relu _) => new SettingValues());
}
