namespace GpuCnn;

/// <summary>A model that cannot be: unknown, or with layers that do not fit. The message is one line.</summary>
public sealed class ModelException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that names the model or layer and what does not fit.</param>
    public ModelException(string message) : base(message)
    {
    }

    internal static int Positive(int value, string layer, string name) =>
        value > 0 ? value : throw new ModelException($"{layer}: {name} must be at least 1, not {value}");
}
