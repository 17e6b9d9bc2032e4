using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>Batch normalization: each channel is shifted and scaled to mean 0 and variance 1 over the batch, then by a bias and a weight that are trained.</summary>
/// <remarks>In evaluation the running mean and variance stand for those of the batch. Files hold them beside weight and bias, under PyTorch's names.</remarks>
/// <param name="Momentum">A batch's share in the running values, from 0 to 1, as PyTorch counts it.</param>
/// <param name="Epsilon">What is added to a variance before its root is taken, above 0.</param>
public sealed record BatchNorm(double Momentum = 0.1, double Epsilon = 1e-5) : Layer
{
    /// <inheritdoc/>
    public override string Kind => "norm";

    /// <inheritdoc/>
    public override string Description => "batch";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input) => Momentum is not (>= 0 and <= 1)
        ? throw new ModelException($"{Kind}: the momentum must lie in [0, 1], it is {Momentum}")
        : Epsilon is > 0 and <= 1 ? input : throw new ModelException($"{Kind}: epsilon must be above 0 and at most 1, it is {Epsilon}");

    /// <inheritdoc/>
    public override long MultiplyAdds(TensorShape input) => input.Count;

    internal override bool NeedsChannelsLast => true;

    internal override IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> ParameterShapes(TensorShape input) =>
        [.. WeightAndBias(true, input.Channels), (ParameterNames.RunningMean, [input.Channels]), (ParameterNames.RunningVariance, [input.Channels])];

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("batch_norm", "Batch normalization, with running mean and variance for evaluation.",
        [
            new("momentum", SettingForm.Number, "A batch's share in the running values.", 0, 1, Preset: "0.1"),
            new("epsilon", SettingForm.Number, "What is added to a variance before its root is taken.", 1e-12, 1, Preset: "1e-5"),
        ],
        values => new BatchNorm(values.Number("momentum", 0.1), values.Number("epsilon", 1e-5)),
        (BatchNorm norm) => new SettingValues().With("momentum", norm.Momentum).With("epsilon", norm.Epsilon));
}
