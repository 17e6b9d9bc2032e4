using System.Runtime.ExceptionServices;

namespace GpuCnn;

/// <summary>Writes files while a training goes on: one after the other, in the order in which they were given.</summary>
/// <remarks>Whoever has one write under way and one waiting waits himself, so that a slow disk holds the training up instead of filling the memory.</remarks>
internal sealed class BackgroundWriter : IDisposable
{
    private readonly SemaphoreSlim room = new(2);
    private Task last = Task.CompletedTask;
    private ExceptionDispatchInfo? failure;

    /// <summary>Gives it something to write.</summary>
    /// <param name="write">Writes. The first thing that it throws is thrown by the next call of this or of <see cref="Flush"/>; what was given meanwhile is written nevertheless.</param>
    public void Post(Action write)
    {
        ArgumentNullException.ThrowIfNull(write);
        room.Wait();
        last = last.ContinueWith(_ => Write(write), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        ThrowFailure();
    }

    /// <summary>Waits until all is written.</summary>
    public void Flush()
    {
        last.Wait();
        ThrowFailure();
    }

    /// <summary>Waits until all is written; what failed is not told here.</summary>
    public void Dispose()
    {
        last.Wait();
        room.Dispose();
    }

    private void Write(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
        }
        finally
        {
            room.Release();
        }
    }

    private void ThrowFailure() => Interlocked.Exchange(ref failure, null)?.Throw();
}
