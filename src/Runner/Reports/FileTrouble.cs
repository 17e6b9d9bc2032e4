namespace GpuCnn.Runner.Reports;

/// <summary>Writes the files of a run. That one cannot be written ends no training: it is said once, and each later save tries again.</summary>
/// <param name="say">Says a line to the user.</param>
internal sealed class FileTrouble(Action<string> say)
{
    private readonly Lock gate = new();
    private readonly List<(string Path, string Reason)> unwritten = [];
    private string? said;

    /// <summary>The files that could not be written when they last should have been, and why.</summary>
    public IReadOnlyList<(string Path, string Reason)> Unwritten
    {
        get
        {
            lock (gate)
            {
                return [.. unwritten];
            }
        }
    }

    /// <summary>Whether an exception is the system's word that a file cannot be written.</summary>
    public static bool Is(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>The system's reason, without the name of the file, which it has under a name that nobody knows.</summary>
    public static string Reason(Exception exception) => exception switch
    {
        UnauthorizedAccessException => "permission denied",
        DirectoryNotFoundException => "its folder is not there",
        _ => exception.Message.Split('\n')[0].Split(" : '")[0].TrimEnd('.'),
    };

    /// <summary>Writes a file; whether it could be.</summary>
    /// <param name="path">The file, as the user knows it.</param>
    /// <param name="write">Writes it.</param>
    public bool Try(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (Is(exception))
        {
            Failed(path, Reason(exception));
            return false;
        }
        Written(path);
        return true;
    }

    private void Failed(string path, string reason)
    {
        lock (gate)
        {
            int known = unwritten.FindIndex(each => each.Path == path);
            if (known < 0)
            {
                unwritten.Add((path, reason));
            }
            else
            {
                unwritten[known] = (path, reason);
            }
            if (said is not null)
            {
                return;
            }
            said = path;
        }
        say($"gpucnn: warning: {path} cannot be written: {reason}; the training goes on, and each save tries again");
    }

    private void Written(string path)
    {
        string first;
        lock (gate)
        {
            if (unwritten.RemoveAll(each => each.Path == path) == 0 || unwritten.Count > 0)
            {
                return;
            }
            (first, said) = (said!, null);
        }
        say($"gpucnn: {first} is written again, nothing is missing");
    }
}
