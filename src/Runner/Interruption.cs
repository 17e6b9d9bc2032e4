using System.Runtime.InteropServices;

namespace GpuCnn.Runner;

/// <summary>While it lives, the first Ctrl-C (or SIGTERM) asks for a stop instead of ending the process; the second ends it at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource source;
    private readonly Action abandon;
    private readonly PosixSignalRegistration[] registrations;

    /// <summary>Starts to listen.</summary>
    /// <param name="abandon">What to do before the process ends at once.</param>
    /// <param name="stop">Another way to ask for a stop.</param>
    public Interruption(Action abandon, CancellationToken stop)
    {
        this.abandon = abandon;
        source = CancellationTokenSource.CreateLinkedTokenSource(stop);
        registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
    }

    /// <summary>Cancelled when a stop is asked for.</summary>
    public CancellationToken Token => source.Token;

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
        if (source.IsCancellationRequested)
        {
            abandon();
            return;
        }
        context.Cancel = true;
        source.Cancel();
    }
}
