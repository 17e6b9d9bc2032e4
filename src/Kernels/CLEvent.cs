using System.Runtime.InteropServices;
using ILGPU.Runtime.OpenCL;

namespace GpuCnn.Kernels;

/// <summary>OpenCL's events, which ILGPU keeps to itself.</summary>
internal static partial class CLEvent
{
    /// <summary>An event that happens when all commands so far are done.</summary>
    public static unsafe nint Enqueue(nint queue)
    {
        CLException.ThrowIfFailed(EnqueueMarker(queue, 0, null, out nint handle));
        return handle;
    }

    /// <summary>Waits for an event, which also sends the commands before it on their way, and frees it.</summary>
    public static unsafe void Await(nint handle)
    {
        CLError error = WaitForEvents(1, &handle);
        CLError released = Release(handle);
        CLException.ThrowIfFailed(error);
        CLException.ThrowIfFailed(released);
    }

    [LibraryImport("OpenCL", EntryPoint = "clEnqueueMarkerWithWaitList")]
    private static unsafe partial CLError EnqueueMarker(nint queue, uint count, nint* waitList, out nint handle);

    [LibraryImport("OpenCL", EntryPoint = "clWaitForEvents")]
    private static unsafe partial CLError WaitForEvents(uint count, nint* events);

    [LibraryImport("OpenCL", EntryPoint = "clReleaseEvent")]
    private static partial CLError Release(nint handle);
}
