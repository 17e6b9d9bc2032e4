using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuCnn.Kernels;

/// <summary>An open accelerator: its memory, its kernels and the launches. Not thread-safe.</summary>
public sealed class Device : IDisposable
{
    private readonly Context context;
    private readonly Accelerator accelerator;
    private readonly Dictionary<Type, object> launchers = [];
    private readonly CpuScratch[] scratch;
    private readonly CpuQueue? queue;
    private bool disposed;

    internal Device(AcceleratorInfo info, Context context, Accelerator accelerator, int workers)
    {
        Info = info;
        Workers = workers;
        this.context = context;
        this.accelerator = accelerator;
        scratch = new CpuScratch[workers];
        for (int i = 0; i < workers; i++)
        {
            scratch[i] = new CpuScratch();
        }
        queue = accelerator is CPUAccelerator cpu ? new CpuQueue(cpu, scratch) : null;
    }

    /// <summary>Which accelerator this is.</summary>
    public AcceleratorInfo Info { get; }

    /// <summary>The number of workers of the CPU accelerator; 1 elsewhere.</summary>
    public int Workers { get; }

    /// <summary>Kernel launches so far.</summary>
    public long Launches { get; private set; }

    /// <summary>Copies between host and device so far; each waits for the device.</summary>
    public long Copies { get; private set; }

    /// <summary>Allocates memory, filled with zeros.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="length">The number of elements, at least 1.</param>
    /// <returns>The buffer, which the caller disposes before this device.</returns>
    /// <exception cref="DeviceException">The device has not that much memory.</exception>
    public DeviceBuffer<T> Allocate<T>(long length) where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        try
        {
            return new DeviceBuffer<T>(this, accelerator, length);
        }
        catch (Exception exception) when (exception is ILGPU.Runtime.AcceleratorException or OutOfMemoryException)
        {
            throw new DeviceException(this, $"no memory for {length * Unsafe.SizeOf<T>():N0} bytes; a smaller batch size needs less", exception);
        }
    }

    /// <summary>Launches an operation. It runs later, in order; on the CPU accelerator when somebody waits for the device.</summary>
    /// <typeparam name="T">The operation.</typeparam>
    /// <param name="op">Its operands, whose sizes the caller has validated.</param>
    public void Run<T>(in T op) where T : struct, IOp
    {
        Launches++;
        if (queue is not null)
        {
            queue.Add(op);
            return;
        }
        if (!launchers.TryGetValue(typeof(T), out object? launcher))
        {
            launchers.Add(typeof(T), launcher = accelerator.LoadStreamKernel<T>(GpuKernel));
        }
        ((Action<KernelConfig, T>)launcher)(op.GpuShape, op);
    }

    /// <summary>Waits for the device and copies the start of a view to host memory.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="source">Memory of this device.</param>
    /// <param name="target">At most as many elements as the view has.</param>
    /// <exception cref="ArgumentException">The target is empty or longer than the view.</exception>
    public unsafe void Read<T>(ArrayView<T> source, Span<T> target) where T : unmanaged
    {
        if (target.Length == 0 || target.Length > source.Length)
        {
            throw new ArgumentException($"{target.Length} elements cannot be copied from a view of {source.Length}");
        }
        PrepareCopy();
        if (Info.Kind == AcceleratorKind.Cpu)
        {
            new ReadOnlySpan<T>(CpuWorker.Pointer(source), target.Length).CopyTo(target);
            return;
        }
        fixed (T* start = target)
        {
            source.SubView(0, target.Length).CopyToCPU(ref *start, target.Length);
        }
    }

    /// <summary>Waits until every launched operation is done.</summary>
    /// <remarks>On the CPU accelerator an exception in an operation comes out here, or out of the copy that waits.</remarks>
    public void Synchronize()
    {
        RunWaiting();
        accelerator.Synchronize();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        queue?.Dispose();
        launchers.Clear();
        accelerator.Dispose();
        context.Dispose();
        foreach (CpuScratch memory in scratch)
        {
            memory.Dispose();
        }
    }

    /// <summary>Counts a copy, which sees what was launched before it.</summary>
    internal void PrepareCopy()
    {
        Copies++;
        RunWaiting();
    }

    /// <summary>On the CPU accelerator, runs what was launched so far: host code is about to touch its memory.</summary>
    internal void RunWaiting() => queue?.Run();

    /// <summary>The one GPU kernel: ILGPU compiles it once for every operation.</summary>
    internal static void GpuKernel<T>(T op) where T : struct, IOp => op.Gpu();
}
