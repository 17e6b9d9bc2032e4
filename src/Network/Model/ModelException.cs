namespace GpuCnn;

/// <summary>A model that cannot be: unknown, or with layers that do not fit. The message is one line.</summary>
public sealed class ModelException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that names the model or layer and what does not fit.</param>
    public ModelException(string message) : base(message)
    {
    }

    /// <summary>The largest number that a setting of a layer or a size of an image may be.</summary>
    internal const int Largest = 65_536;

    internal static int Positive(int value, string layer, string name) => Within(value, 1, layer, name);

    /// <summary>Checks a setting.</summary>
    internal static int Within(int value, int least, string layer, string name) => value < least
        ? throw new ModelException($"{layer}: {name} must be at least {least}, not {value}")
        : value <= Largest ? value : throw new ModelException($"{layer}: {name} must be at most {Largest}, not {value}");
}
