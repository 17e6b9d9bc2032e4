namespace GpuCnn;

/// <summary>Text that strangers chose, as a terminal or a log may see it: names of files, of tensors, of classes, what a file says.</summary>
internal static class PlainText
{
    /// <summary>The text on one line, a question mark for every character that would do something instead of being seen: control characters, among them those that
    /// begin a terminal's commands, line ends, and marks that turn the direction of writing.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text itself where nothing in it is such.</returns>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Any(Acts) ? string.Create(text.Length, text, (line, from) =>
        {
            for (int i = 0; i < line.Length; i++)
            {
                line[i] = Acts(from[i]) ? '?' : from[i];
            }
        }) : text;
    }

    /// <summary>The beginning of a text, on one line: for what a file says of itself, which may be long.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">The most characters.</param>
    /// <returns>The text, or its beginning and three dots.</returns>
    public static string Beginning(string text, int most)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > most ? string.Concat(Of(text[..most]), "...") : Of(text);
    }

    /// <summary>Names in a sentence: <c>a, b or c</c>.</summary>
    internal static string Or(IReadOnlyList<string> names) => names.Count == 1 ? names[0] : $"{string.Join(", ", names.SkipLast(1))} or {names[^1]}";

    private static bool Acts(char letter) =>
        char.IsControl(letter) || letter is '\u061c' or '\u200e' or '\u200f' or '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
