using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>A dense (fully connected) layer.</summary>
/// <param name="Units">Outputs, at least 1.</param>
/// <param name="Bias">Whether each unit has a bias.</param>
public sealed record Dense(int Units, bool Bias = true) : Layer
{
    /// <inheritdoc/>
    public override string Kind => "dense";

    /// <inheritdoc/>
    public override string Description => $"{Units}{(Bias ? "" : " no bias")}";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input)
    {
        ModelException.Positive(Units, Kind, "the number of units");
        return input.Height == 1 && input.Width == 1
            ? new TensorShape(Units, 1, 1)
            : throw new ModelException($"{Kind}: it takes a vector, not {input}; put a flatten layer before it");
    }

    /// <inheritdoc/>
    public override long MultiplyAdds(TensorShape input) => (long)Units * input.Count;

    internal override IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> ParameterShapes(TensorShape input) =>
        WeightAndBias(Bias, Units, input.Count);

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("dense", "A fully connected layer.", [new("units", SettingForm.Whole, "Outputs."), LayerKind.Bias],
        values => new Dense(values.Whole("units"), values.Switch("bias", true)),
        (Dense dense) => new SettingValues().With("units", dense.Units).WithBias(dense.Bias));
}
