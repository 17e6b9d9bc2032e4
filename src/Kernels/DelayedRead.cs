using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace GpuCnn.Kernels;

/// <summary>Reads from a device without holding it up: the copy is launched behind the operations before it, more can be launched at once, and the host waits
/// for the copy alone.</summary>
/// <remarks>On CUDA the end of the copy is an event, which ILGPU calls a profiling marker. On OpenCL ILGPU waits for such a marker when it makes it, so there the
/// event is OpenCL's own. On the CPU accelerator, where waiting costs nothing, the copy is made when it is waited for.</remarks>
/// <typeparam name="T">The element type.</typeparam>
internal sealed class DelayedRead<T> : IDisposable where T : unmanaged
{
    private readonly Device device;
    private readonly AcceleratorStream stream;
    private readonly PageLockedArray1D<T> host;
    private ArrayView<T> source;
    private ProfilingMarker? marker;
    private nint clEvent;

    internal DelayedRead(Device device, Accelerator accelerator, int length)
    {
        this.device = device;
        stream = accelerator.DefaultStream;
        host = accelerator.AllocatePageLocked1D<T>(length);
    }

    /// <summary>Whether a read was started and not awaited.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Launches a copy.</summary>
    /// <param name="view">As many elements as this reads, unchanged until the read was awaited.</param>
    /// <exception cref="ArgumentException">The view has another length.</exception>
    /// <exception cref="InvalidOperationException">The read before was not awaited.</exception>
    /// <exception cref="DeviceException">The device failed.</exception>
    public void Start(ArrayView<T> view)
    {
        if (view.Length != host.Length)
        {
            throw new ArgumentException($"a view of {view.Length} elements, this reads {host.Length}");
        }
        if (IsPending)
        {
            throw new InvalidOperationException("the read before was not awaited");
        }
        source = view;
        device.Delayed(DeviceActivity.Copy, Launch);
        IsPending = true;
    }

    /// <summary>Waits for the copy and for what was launched before it.</summary>
    /// <returns>The elements, valid until the next start.</returns>
    /// <exception cref="InvalidOperationException">No read was started.</exception>
    /// <exception cref="DeviceException">The device failed.</exception>
    public ReadOnlySpan<T> Wait()
    {
        if (!IsPending)
        {
            throw new InvalidOperationException("no read was started");
        }
        IsPending = false;
        device.Delayed(DeviceActivity.Wait, Await);
        return host.Span;
    }

    /// <inheritdoc/>
    public void Dispose() => device.Release(() =>
    {
        if (IsPending)
        {
            IsPending = false;
            Await();
        }
        host.Dispose();
    });

    private void Launch()
    {
        if (device.Info.Kind == AcceleratorKind.Cpu)
        {
            return;
        }
        // To all of the host's array: on OpenCL, ILGPU copies as much as the target's buffer holds.
        source.CopyTo(stream, host.ArrayView);
        if (stream is CLStream queue)
        {
            clEvent = CLEvent.Enqueue(queue.CommandQueue);
        }
        else
        {
            marker = stream.AddProfilingMarker();
        }
    }

    private unsafe void Await()
    {
        if (device.Info.Kind == AcceleratorKind.Cpu)
        {
            device.RunWaiting();
            new ReadOnlySpan<T>(CpuWorker.Pointer(source), (int)host.Length).CopyTo(host.Span);
        }
        else if (marker is not null)
        {
            marker.Synchronize();
            marker.Dispose();
            marker = null;
        }
        else
        {
            CLEvent.Await(clEvent);
        }
    }
}
