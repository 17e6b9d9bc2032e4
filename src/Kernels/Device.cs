using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
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

    /// <summary>Launches an operation. On a GPU it runs later, in order; on the CPU accelerator it is done on return.</summary>
    /// <typeparam name="T">The operation.</typeparam>
    /// <param name="op">Its operands, whose sizes the caller has validated.</param>
    public void Run<T>(in T op) where T : struct, IOp
    {
        Launches++;
        if (!launchers.TryGetValue(typeof(T), out object? launcher))
        {
            launchers.Add(typeof(T), launcher = Load<T>());
        }
        if (launcher is CpuLauncher<T> cpu)
        {
            cpu.Run(op);
        }
        else
        {
            ((Action<KernelConfig, T>)launcher)(op.GpuShape, op);
        }
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
        CountCopy();
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
    public void Synchronize() => accelerator.Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        launchers.Clear();
        accelerator.Dispose();
        context.Dispose();
        foreach (CpuScratch memory in scratch)
        {
            memory.Dispose();
        }
    }

    internal void CountCopy() => Copies++;

    /// <summary>The one GPU kernel: ILGPU compiles it once for every operation.</summary>
    internal static void GpuKernel<T>(T op) where T : struct, IOp => op.Gpu();

    private object Load<T>() where T : struct, IOp => accelerator is CPUAccelerator cpu
        ? new CpuLauncher<T>(cpu, scratch)
        : accelerator.LoadStreamKernel<T>(GpuKernel);

    /// <summary>Runs one kind of operation on the CPU accelerator without allocating.</summary>
    /// <remarks>ILGPU's own launcher compiles the kernel through its IR and creates a task object at each launch. The task class is public and
    /// may carry any delegate, so two tasks per operation, made once, serve all launches; only the method that hands a task to the
    /// accelerator's threads is internal. Two, because a thread takes a task only when it is not the one it ran last.</remarks>
    private sealed class CpuLauncher<T>(CPUAccelerator accelerator, CpuScratch[] scratch) where T : struct, IOp
    {
        private Task next = new(scratch), last = new(scratch);

        public void Run(in T op)
        {
            (next, last) = (last, next);
            last.Op = op;
            Launch(accelerator, last);
            last.ThrowIfFailed();
        }

        [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Launch")]
        private static extern void Launch(CPUAccelerator accelerator, CPUAcceleratorTask task);

        private sealed class Task(CpuScratch[] scratch)
            : CPUAcceleratorTask(Execute, new KernelConfig(scratch.Length, 1), new RuntimeKernelConfig(new KernelConfig(scratch.Length, 1), default))
        {
            private readonly CpuScratch[] scratch = scratch;
            private Exception? failure;

            public T Op;

            public void ThrowIfFailed()
            {
                if (failure is { } exception)
                {
                    failure = null;
                    ExceptionDispatchInfo.Throw(exception);
                }
            }

            private static void Execute(CPUAcceleratorTask task, int index)
            {
                var self = (Task)task;
                try
                {
                    self.Op.Cpu(new CpuWorker(index, self.scratch.Length, self.scratch[index]));
                }
                catch (Exception exception)
                {
                    // Left alone it would end the process: it is the accelerator's thread.
                    self.failure = exception;
                }
            }
        }
    }
}
