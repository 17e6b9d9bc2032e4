using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>Dropout: while training, each value is set to zero with the given rate and the others are divided by 1 - rate.</summary>
/// <param name="Rate">From 0 up to but not including 1.</param>
public sealed record Dropout(double Rate) : Layer
{
    /// <inheritdoc/>
    public override string Kind => "dropout";

    /// <inheritdoc/>
    public override string Description => Rate.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => Rate is >= 0 and < 1
        ? input
        : throw new ModelException($"{Kind}: the rate must lie in [0, 1), it is {Rate}");

    internal override bool KeepsMemory => true;

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("dropout", "While training, sets values to zero at random and divides the others by 1 - rate.",
        [new("rate", SettingForm.Number, "The share of values set to zero.", 0, 1, Below: true)],
        values => new Dropout(values.Number("rate")), (Dropout dropout) => new SettingValues().With("rate", dropout.Rate));
}
