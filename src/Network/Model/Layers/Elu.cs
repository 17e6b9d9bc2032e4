using System.Globalization;
using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>ELU: negative values x become alpha (exp(x) - 1).</summary>
/// <param name="Alpha">From 0 to 100; the lowest value is its negative.</param>
public sealed record Elu(double Alpha = 1) : ActivationLayer
{
    private const double Max = 100;

    /// <inheritdoc/>
    public override string Kind => "elu";

    /// <inheritdoc/>
    public override string Description => $"alpha {Alpha.ToString("0.####", CultureInfo.InvariantCulture)}";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => Alpha is >= 0 and <= Max
        ? input
        : throw new ModelException($"{Kind}: alpha must lie in [0, {Max}], it is {Alpha}");

    internal override IReadOnlyList<OperatorStep> Operators => [new("Elu") { Attribute = ("alpha", (float)Alpha) }];

    internal override string Explain(string input) =>
        string.Create(CultureInfo.InvariantCulture, $"{input} with each negative number x set to {Alpha} (e^x - 1), which is never below {-Alpha}.");

    internal override TResult Accept<TResult>(IActivationVisitor<TResult> visitor) => visitor.Visit(new EluFunction(Alpha));

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("elu", "ELU: negative values x become alpha (exp(x) - 1).",
        [new("alpha", SettingForm.Number, "Minus the lowest value.", 0, Max, Preset: "1")],
        values => new Elu(values.Number("alpha", 1)), (Elu elu) => new SettingValues().With("alpha", elu.Alpha),
        new KerasForm("elu", _ => new Elu()), new KerasForm("ELU", number => new Elu(number("alpha") ?? 1)));
}
