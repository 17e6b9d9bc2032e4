using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace GpuCnn;

/// <summary>Memory of a device, 64-byte aligned, with a fixed number of elements; zero when new.</summary>
/// <typeparam name="T">The element type.</typeparam>
internal sealed class DeviceBuffer<T> : IDisposable where T : unmanaged
{
    private readonly Device device;
    private readonly MemoryBuffer1D<T, Stride1D.Dense> memory;

    internal unsafe DeviceBuffer(Device device, Accelerator accelerator, long length)
    {
        this.device = device;
        // The CPU accelerator aligns to 16 bytes: one line more lets the view start at the next line. Elsewhere memory is aligned already, and on
        // OpenCL AlignTo would go by the address of the driver's handle.
        bool isCpu = device.Info.Kind == AcceleratorKind.Cpu;
        memory = accelerator.Allocate1D<T>(length + (isCpu ? Math.Max(1, 64 / sizeof(T)) : 0));
        ArrayView<T> all = memory.View.AsContiguous();
        View = isCpu ? all.AlignTo(64).Main.SubView(0, length) : all;
        try
        {
            memory.MemSetToZero();
            // A driver may provide memory only when it is first used: now, where the failure can be told with its size.
            accelerator.Synchronize();
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>The number of elements.</summary>
    public long Length => View.Length;

    /// <summary>The elements, for kernels.</summary>
    public ArrayView<T> View { get; }

    /// <summary>Copies host memory to the start of this buffer.</summary>
    /// <param name="source">At most <see cref="Length"/> elements.</param>
    /// <exception cref="ArgumentException">The source is empty or longer than the buffer.</exception>
    public void CopyFrom(ReadOnlySpan<T> source)
    {
        Check(source.Length);
        device.Write(source, View);
    }

    /// <summary>Waits for the device and copies this buffer's start to host memory.</summary>
    /// <param name="target">At most <see cref="Length"/> elements.</param>
    /// <exception cref="ArgumentException">The target is empty or longer than the buffer.</exception>
    public void CopyTo(Span<T> target) => device.Read(View, target);

    /// <summary>Sets every byte to zero.</summary>
    /// <remarks>All of the memory: on OpenCL, ILGPU 1.5.3 multiplies a view's byte offset by the element size and so clears elsewhere.</remarks>
    public void Clear() => device.Clear(memory);

    /// <inheritdoc/>
    public void Dispose() => device.Release(memory.Dispose, Length * Unsafe.SizeOf<T>());

    private void Check(int length)
    {
        if (length == 0 || length > Length)
        {
            throw new ArgumentException($"{length} elements cannot be copied to a buffer of {Length}");
        }
    }
}
