namespace GpuCnn;

/// <summary>A named tensor of a weights file.</summary>
/// <param name="Name">For example <c>conv1.weight</c>.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Values">Its elements, the last dimension fastest.</param>
public sealed record WeightTensor(string Name, IReadOnlyList<int> Shape, float[] Values)
{
    /// <summary>A shape as people write it.</summary>
    /// <param name="shape">The dimensions.</param>
    /// <returns>For example <c>[32, 1, 3, 3]</c>.</returns>
    public static string Format(IReadOnlyList<int> shape) => $"[{string.Join(", ", shape)}]";
}

/// <summary>Weights that belong to another model. The message is one line that names the tensor.</summary>
public sealed class ModelMismatchException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line.</param>
    public ModelMismatchException(string message) : base(PlainText.Of(message))
    {
    }
}
