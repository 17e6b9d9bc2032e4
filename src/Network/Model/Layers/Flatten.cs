using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>Makes a vector of an image, in files in the order channels, height, width.</summary>
public sealed record Flatten : Layer
{
    /// <inheritdoc/>
    public override string Kind => "flatten";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => new(input.Count, 1, 1);

    internal override bool KeepsMemory => true;

    internal override bool WorksInPlace => false;

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("flatten", "Makes a vector of an image, in the order channels, height, width.", [], _ => new Flatten(), (Flatten _) => new SettingValues());
}
