using System.Diagnostics;

namespace GpuCnn.Runner.Reports;

/// <summary>How a run can stand.</summary>
internal static class RunStatus
{
    public const string Running = "running";

    public const string Done = "done";

    public const string Interrupted = "interrupted";

    public const string Failed = "failed";

    /// <summary>Its process is gone without having said so. No file says this; whoever reads the files finds out.</summary>
    public const string Died = "died";

    /// <summary>Two looks at when one process started differ by as much.</summary>
    private static readonly TimeSpan StartTolerance = TimeSpan.FromSeconds(5);

    /// <summary>How long a run on another machine, whose processes cannot be seen, may write nothing before it counts as dead.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(10);

    /// <summary>The state of a run that this process begins or resumes.</summary>
    /// <param name="trainer">What trains.</param>
    /// <param name="begun">When a run that is resumed began; null for a new one.</param>
    public static StateDocument Begin(Trainer trainer, DateTimeOffset? begun)
    {
        using Process process = Process.GetCurrentProcess();
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return new StateDocument(Running, process.Id, process.StartTime.ToUniversalTime(), Environment.MachineName, trainer.StepsPerEpoch, trainer.TrainingImages,
            trainer.ValidationImages, begun ?? now, null, null, begun is null ? null : now);
    }

    /// <summary>Whether the process of a run that counts as running is gone.</summary>
    /// <param name="state">What its state.json says.</param>
    /// <param name="lastWrite">When it last wrote into its files.</param>
    /// <param name="now">The time.</param>
    public static bool HasDied(StateDocument state, DateTimeOffset lastWrite, DateTimeOffset now)
    {
        if (state.Status != Running)
        {
            return false;
        }
        if (state.Machine != Environment.MachineName)
        {
            return now - lastWrite > LongestSilence;
        }
        try
        {
            using Process process = Process.GetProcessById(state.Process);
            return (process.StartTime.ToUniversalTime() - state.ProcessStarted).Duration() > StartTolerance;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return true;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // It is there, but another user's.
            return false;
        }
    }
}
