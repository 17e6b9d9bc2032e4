using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GpuCnn.Runner;

/// <summary>While it lives, the first Ctrl-C, SIGTERM or closed terminal asks for a stop instead of ending the process; a second Ctrl-C or SIGTERM ends it at once.</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>Some programs send their signal to a process and to its group: it arrives twice, and means one stop.</summary>
    private static readonly TimeSpan Echo = TimeSpan.FromMilliseconds(250);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource source;
    private readonly Action abandon;
    private readonly PosixSignalRegistration[] registrations;
    private long firstTime;

    /// <summary>Starts to listen.</summary>
    /// <param name="abandon">What to do before the process ends at once.</param>
    /// <param name="stop">Another way to ask for a stop.</param>
    public Interruption(Action abandon, CancellationToken stop)
    {
        this.abandon = abandon;
        source = CancellationTokenSource.CreateLinkedTokenSource(stop);
        registrations = [.. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP]).Select(signal => PosixSignalRegistration.Create(signal, Handle))];
    }

    /// <summary>Cancelled when a stop is asked for.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>What the process returns when a stop was asked for: as a shell reports the signal that asked.</summary>
    public int ExitCode { get; private set; } = Runner.ExitCode.Interrupted;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
        {
            registration.Dispose();
        }
        source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        lock (gate)
        {
            if (!source.IsCancellationRequested)
            {
                context.Cancel = true;
                firstTime = Stopwatch.GetTimestamp();
                ExitCode = context.Signal switch
                {
                    PosixSignal.SIGTERM => Runner.ExitCode.Terminated,
                    PosixSignal.SIGHUP => Runner.ExitCode.HungUp,
                    _ => Runner.ExitCode.Interrupted,
                };
                source.Cancel();
                return;
            }
            // A terminal that closes says so several times, and none of them is impatience.
            if (context.Signal == PosixSignal.SIGHUP || Stopwatch.GetElapsedTime(firstTime) < Echo)
            {
                context.Cancel = true;
                return;
            }
        }
        abandon();
    }
}
