namespace GpuCnn;

/// <summary>What a network says of one image.</summary>
/// <param name="Index">The image's place in its set.</param>
/// <param name="Class">The class with the largest logit, the lowest among equals.</param>
/// <param name="Logits">One per class.</param>
/// <param name="Probabilities">The logits' softmax.</param>
public sealed record Prediction(int Index, int Class, IReadOnlyList<float> Logits, IReadOnlyList<double> Probabilities);
