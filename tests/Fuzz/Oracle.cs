using System.Diagnostics;

namespace GpuCnn.Fuzz;

/// <summary>Says whether a parser did with a file what it may: read it or refuse it in one line, soon, and with little memory.</summary>
internal static class Oracle
{
    private const int LongestMessage = 1000, MostAttempts = 4;

    /// <summary>How long a file may take.</summary>
    public static TimeSpan LongestTime { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Runs a parser over a file.</summary>
    /// <param name="target">The parser.</param>
    /// <param name="path">The file.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static string? Judge(Target target, string path)
    {
        string? problem = Attempt(target, path, out bool again);
        // A busy machine makes anything slow, and what is allocated only once belongs to no file: both are gone another time.
        for (int attempts = 1; again && attempts < MostAttempts; attempts++)
        {
            problem = Attempt(target, path, out again);
        }
        return problem;
    }

    /// <summary>Whether a text is one line that moves no terminal's cursor and changes no colour.</summary>
    /// <param name="text">The text.</param>
    public static bool IsPlain(string text) => !text.Any(each => char.IsControl(each) || each is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'));

    private static string? Attempt(Target target, string path, out bool again)
    {
        again = false;
        long length = new FileInfo(path).Length, honest = length, start = Stopwatch.GetTimestamp(), before = GC.GetAllocatedBytesForCurrentThread();
        string? problem = null;
        try
        {
            honest = Math.Max(length, target.Read(path));
        }
        catch (InvalidFileException exception)
        {
            problem = ProblemOf(exception, path);
        }
        catch (Exception exception)
        {
            problem = $"{exception.GetType().Name} at {Place(exception)}: {exception.Message}";
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        if (problem is not null)
        {
            return problem;
        }
        problem = time > LongestTime ? $"it took {time.TotalSeconds:0.0} s"
            : allocated > (2 * honest) + target.SpareBytes ? $"it allocated {allocated} bytes for {honest}"
            : null;
        again = problem is not null;
        return problem;
    }

    private static string? ProblemOf(InvalidFileException refusal, string path) =>
        !IsPlain(refusal.Message) ? $"the message has control characters: {Escape(refusal.Message)}"
        : !refusal.Message.Contains(Path.GetDirectoryName(path)!, StringComparison.Ordinal) ? $"the message does not name the file: {refusal.Message}"
        : refusal.Message.Length > LongestMessage + path.Length ? $"the message has {refusal.Message.Length} characters: {refusal.Message[..100]}..."
        : null;

    /// <summary>The innermost method of the project, by which two crashes are told apart.</summary>
    private static string Place(Exception exception) =>
        exception.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("GpuCnn.", StringComparison.Ordinal))?.Trim() ?? "no place";

    private static string Escape(string text) => string.Concat(text.Take(300).Select(each => char.IsControl(each) ? $"\\u{(int)each:x4}" : $"{each}"));
}
