using System.Text;

namespace GpuCnn.Runner.Completion;

/// <summary>Splits a line that is being typed as shells do: blanks part words unless they are quoted or escaped.</summary>
internal static class ShellWords
{
    /// <summary>A word as it must be typed to be one word.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && word.All(letter => char.IsLetterOrDigit(letter) || "-_./:+@%,=".Contains(letter, StringComparison.Ordinal) || letter == Path.DirectorySeparatorChar) ? word
        : OperatingSystem.IsWindows() ? $"\"{word}\"" : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>The words; the last one is what is being typed, empty behind a blank.</summary>
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool begun = false;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char letter = line[i];
            if (quote == '\0' && letter is ' ' or '\t')
            {
                if (begun)
                {
                    words.Add(word.ToString());
                    word.Clear();
                    begun = false;
                }
                continue;
            }
            begun = true;
            if (quote != '\0' ? letter == quote : letter is '"' or '\'')
            {
                quote = quote == '\0' ? letter : '\0';
            }
            else if (letter == '\\' && quote != '\'' && i + 1 < line.Length && Path.DirectorySeparatorChar != '\\')
            {
                word.Append(line[++i]);
            }
            else
            {
                word.Append(letter);
            }
        }
        words.Add(word.ToString());
        return words;
    }
}
