namespace GpuCnn;

/// <summary>A model, its weights, and what is known of them: all that a weights file holds, and all that a program needs to use the model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Weights">Its tensors, in any order.</param>
public sealed record TrainedModel(ModelDefinition Model, IReadOnlyList<WeightTensor> Weights)
{
    /// <summary>The names of the classes; null where they are not known.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>The accuracy on images held out from training; null where it is not known.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>The accuracy on the test images; null where it is not known.</summary>
    public double? TestAccuracy { get; init; }
}
