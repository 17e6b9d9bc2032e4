using System.Globalization;
using System.Runtime.CompilerServices;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>LeakyReLU: negative values are multiplied by a small slope.</summary>
/// <param name="Slope">From 0 to 1.</param>
public sealed record LeakyRelu(double Slope = 0.01) : ActivationLayer
{
    /// <inheritdoc/>
    public override string Kind => "relu";

    /// <inheritdoc/>
    public override string Description => $"leaky {Slope.ToString("0.####", CultureInfo.InvariantCulture)}";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => Slope is >= 0 and <= 1
        ? input
        : throw new ModelException($"{Kind}: the slope must lie in [0, 1], it is {Slope}");

    internal override IReadOnlyList<OperatorStep> Operators => [new("LeakyRelu") { Attribute = ("alpha", (float)Slope) }];

    internal override string Explain(string input) => string.Create(CultureInfo.InvariantCulture, $"{input} with its negative numbers multiplied by {Slope}.");

    internal override TResult Accept<TResult>(IActivationVisitor<TResult> visitor) => visitor.Visit(new LeakyReluFunction(Slope));

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("leaky_relu", "LeakyReLU: negative values are multiplied by a slope.",
        [new("slope", SettingForm.Number, "The slope below zero.", 0, 1, Preset: "0.01")],
        values => new LeakyRelu(values.Number("slope", 0.01)), (LeakyRelu leaky) => new SettingValues().With("slope", leaky.Slope),
        new KerasForm("leaky_relu", _ => new LeakyRelu(0.2)),
        new KerasForm("LeakyReLU", number => new LeakyRelu(number("negative_slope") ?? number("alpha") ?? 0.3)),
        new KerasForm("ReLU", number => number("max_value") is null && number("negative_slope") is > 0 and double slope && (number("threshold") ?? 0) == 0
            ? new LeakyRelu(slope)
            : null));
}
