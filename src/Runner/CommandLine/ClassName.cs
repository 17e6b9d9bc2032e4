using System.Globalization;

namespace GpuCnn.Runner.CommandLine;

/// <summary>Reads a class: its name, in any case, or its number.</summary>
internal static class ClassName
{
    /// <summary>The number of a class.</summary>
    /// <param name="flag">The option it was given to.</param>
    /// <param name="text">What was given.</param>
    /// <param name="names">The names of the classes.</param>
    /// <exception cref="OptionException">There is no such class.</exception>
    public static int Parse(string flag, string text, IReadOnlyList<string> names)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i].Equals(text, StringComparison.OrdinalIgnoreCase) || text == i.ToString(CultureInfo.InvariantCulture))
            {
                return i;
            }
        }
        throw new OptionException(flag, NearestName.Of(text, names) is { } nearest
            ? $"no class '{text}'; did you mean {nearest}?"
            : $"no class '{text}': give 0 to {names.Count - 1} or {string.Join(", ", names)}");
    }
}
