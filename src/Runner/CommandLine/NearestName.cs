namespace GpuCnn.Runner.CommandLine;

/// <summary>Finds what a user may have meant.</summary>
internal static class NearestName
{
    /// <summary>The name with the fewest letters to change; null when none is near.</summary>
    /// <param name="word">What was typed.</param>
    /// <param name="names">What there is.</param>
    public static string? Of(string word, IEnumerable<string> names)
    {
        string? nearest = null;
        // A third of the letters wrong is a typing error, more is another word; and one letter alone is near to every other.
        int letters = word.Trim('-').Length, limit = letters > 1 ? Math.Max(1, letters / 3) : 0;
        foreach (string name in names)
        {
            int distance = Distance(word, name);
            // Half a flag is a way to ask for the whole one.
            bool begun = letters >= 3 && name.StartsWith(word, StringComparison.OrdinalIgnoreCase);
            if (distance <= limit || (begun && nearest is null))
            {
                nearest = name;
                limit = Math.Min(limit, distance - 1);
            }
        }
        return nearest;
    }

    /// <summary>The least number of letters to insert, remove, change or swap with their neighbour.</summary>
    internal static int Distance(string from, string to)
    {
        var rows = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }
                int change = rows[i - 1, j - 1] + (Same(from[i - 1], to[j - 1]) ? 0 : 1);
                rows[i, j] = Math.Min(change, 1 + Math.Min(rows[i - 1, j], rows[i, j - 1]));
                if (i > 1 && j > 1 && Same(from[i - 1], to[j - 2]) && Same(from[i - 2], to[j - 1]))
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }
        return rows[from.Length, to.Length];
    }

    private static bool Same(char a, char b) => char.ToUpperInvariant(a) == char.ToUpperInvariant(b);
}
