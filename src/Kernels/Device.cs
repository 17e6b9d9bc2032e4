using System.Runtime.CompilerServices;
using GpuCnn.Kernels;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuCnn;

/// <summary>An open accelerator: its memory, its kernels and the launches. Not thread-safe.</summary>
/// <remarks>What ILGPU or a driver throws becomes a <see cref="DeviceException"/> here, on every path but <see cref="Dispose"/>, which is silent.</remarks>
public sealed class Device : IDisposable
{
    private readonly Context context;
    private readonly Accelerator accelerator;
    private readonly Dictionary<Type, object> launchers = [];
    private readonly CpuScratch[] scratch;
    private readonly CpuQueue? queue;
    private DeviceBuffer<float>? partials;
    private readonly Action<DeviceActivity>? intercept;
    private long allocated;
    private bool disposed, lost;

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
        intercept = Interceptor.Value;
        queue = accelerator is CPUAccelerator cpu ? new CpuQueue(cpu, scratch) : null;
    }

    /// <summary>Tests' way to let devices that are opened from here on fail: called before each activity, it may throw what a driver would.</summary>
    internal static AsyncLocal<Action<DeviceActivity>?> Interceptor { get; } = new();

    /// <summary>Which accelerator this is.</summary>
    public AcceleratorInfo Info { get; }

    /// <summary>The number of workers of the CPU accelerator; 1 elsewhere.</summary>
    public int Workers { get; }

    /// <summary>Kernel launches so far.</summary>
    internal long Launches { get; private set; }

    /// <summary>Copies between host and device so far, those of a <see cref="DelayedRead{T}"/> not counted; each waits for the device.</summary>
    internal long Copies { get; private set; }

    /// <summary>The bytes of those copies.</summary>
    internal long BytesCopied { get; private set; }

    /// <summary>How often the host has waited until the device had nothing left to do: in <see cref="Synchronize"/> and in each copy.</summary>
    internal long Synchronizations { get; private set; }

    /// <summary>Reads by a <see cref="DelayedRead{T}"/> so far, which let the device go on.</summary>
    internal long DelayedReads { get; private set; }

    /// <summary>Allocates memory, filled with zeros.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="length">The number of elements, at least 1.</param>
    /// <returns>The buffer, which the caller disposes before this device.</returns>
    /// <exception cref="DeviceException">The device has not that much memory.</exception>
    internal DeviceBuffer<T> Allocate<T>(long length) where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        long bytes = checked(length * Unsafe.SizeOf<T>());
        try
        {
            intercept?.Invoke(DeviceActivity.Allocate);
            // Systems promise memory that they do not have and end the process that uses it: what cannot fit is refused here.
            if (bytes > Info.MemoryBytes - allocated)
            {
                throw new InsufficientMemoryException();
            }
            var buffer = new DeviceBuffer<T>(this, accelerator, length);
            allocated += bytes;
            return buffer;
        }
        catch (Exception exception) when (DeviceFailure.IsOfRuntime(exception))
        {
            throw Failed(DeviceActivity.Allocate, $"{bytes:N0} bytes", exception);
        }
    }

    /// <summary>Prepares reads that do not hold the device up.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="length">The number of elements of each read.</param>
    /// <returns>The place for one read at a time, which the caller disposes before this device.</returns>
    /// <exception cref="DeviceException">There is no memory for it.</exception>
    internal DelayedRead<T> PrepareRead<T>(int length) where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        try
        {
            intercept?.Invoke(DeviceActivity.Allocate);
            return new DelayedRead<T>(this, accelerator, length);
        }
        catch (Exception exception) when (DeviceFailure.IsOfRuntime(exception))
        {
            throw Failed(DeviceActivity.Allocate, $"{length * Unsafe.SizeOf<T>():N0} bytes that it can write to", exception);
        }
    }

    /// <summary>Whether operations of a layer are compiled for its sizes, once for each layer: worth it where they are launched often. The results are the same bits.
    /// The CPU accelerator compiles nothing.</summary>
    internal bool CompilesForSizes { get; set; }

    /// <summary>Launches an operation. It runs later, in order; on the CPU accelerator when somebody waits for the device.</summary>
    /// <typeparam name="T">The operation.</typeparam>
    /// <param name="op">Its operands, whose sizes the caller has validated.</param>
    /// <exception cref="DeviceException">The device failed, perhaps in an operation before this one.</exception>
    internal void Run<T>(in T op) where T : struct, IOp => Launch<T, GeneralLauncher<T>>(op);

    /// <summary>Launches an operation of a layer, compiled for the layer's sizes if this device does that.</summary>
    internal void Run<T, TConstants>(in T op) where T : struct, ILayerOp<T, TConstants> where TConstants : unmanaged, IEquatable<TConstants>
    {
        if (CompilesForSizes)
        {
            Launch<T, LayerLauncher<T, TConstants>>(op);
        }
        else
        {
            Launch<T, GeneralLauncher<T>>(op);
        }
    }

    private void Launch<T, TLauncher>(in T op) where T : struct, IOp where TLauncher : class, ILauncher<T>, new()
    {
        Launches++;
        var activity = DeviceActivity.Launch;
        try
        {
            intercept?.Invoke(activity);
            if (queue is not null)
            {
                queue.Add(op);
                return;
            }
            if (!launchers.TryGetValue(typeof(TLauncher), out object? found))
            {
                launchers.Add(typeof(TLauncher), found = new TLauncher());
            }
            var launcher = (TLauncher)found;
            if (launcher.IsReadyFor(op))
            {
                launcher.Launch(accelerator, op);
                return;
            }
            activity = DeviceActivity.Load;
            Load(launcher, op);
        }
        catch (Exception exception) when (DeviceFailure.IsOfRuntime(exception) || activity == DeviceActivity.Load)
        {
            throw Failed(activity, Operation.Name(typeof(T)), exception);
        }
    }

    private void Load<T>(ILauncher<T> launcher, T op) where T : struct, IOp => ProgramBuild.Run(() =>
    {
        intercept?.Invoke(DeviceActivity.Load);
        launcher.Launch(accelerator, op);
        return launcher;
    });

    /// <summary>Waits for the device and copies the start of a view to host memory.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="source">Memory of this device.</param>
    /// <param name="target">At most as many elements as the view has.</param>
    /// <exception cref="ArgumentException">The target is empty or longer than the view.</exception>
    /// <exception cref="DeviceException">The device failed.</exception>
    internal unsafe void Read<T>(ArrayView<T> source, Span<T> target) where T : unmanaged
    {
        if (target.Length == 0 || target.Length > source.Length)
        {
            throw new ArgumentException($"{target.Length} elements cannot be copied from a view of {source.Length}");
        }
        try
        {
            CountCopy((long)target.Length * sizeof(T));
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
        catch (Exception exception) when (DeviceFailure.IsOfRuntime(exception))
        {
            throw Failed(DeviceActivity.Copy, "from it", exception);
        }
    }

    /// <summary>Waits until every launched operation is done.</summary>
    /// <remarks>On the CPU accelerator an exception in an operation comes out here, or out of the copy that waits.</remarks>
    /// <exception cref="DeviceException">The device failed.</exception>
    internal void Synchronize()
    {
        Synchronizations++;
        try
        {
            intercept?.Invoke(DeviceActivity.Wait);
            queue?.Run();
            accelerator.Synchronize();
        }
        catch (Exception exception) when (DeviceFailure.IsOfRuntime(exception))
        {
            throw Failed(DeviceActivity.Wait, "", exception);
        }
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
        // A driver may fail again or never return when it is asked to free what a lost device held; the process's end frees it.
        if (!lost)
        {
            Quietly(() => partials?.Dispose());
            Quietly(accelerator.Dispose);
            Quietly(context.Dispose);
        }
        foreach (CpuScratch memory in scratch)
        {
            memory.Dispose();
        }
    }

    /// <summary>Whether operations run by their GPU bodies.</summary>
    internal bool RunsGpuBodies => queue is null;

    /// <summary>Memory for partial sums, which the next caller may overwrite: operations run in order. It grows to the largest size asked for and stays.</summary>
    internal ArrayView<float> Scratch(long length)
    {
        if (partials is null || partials.Length < length)
        {
            // A driver frees memory when what was launched before has used it.
            partials?.Dispose();
            partials = null;
            partials = Allocate<float>(length);
        }
        return partials.View.SubView(0, length);
    }

    /// <summary>Copies to the start of a view, which is at least as long.</summary>
    internal unsafe void Write<T>(ReadOnlySpan<T> source, ArrayView<T> target) where T : unmanaged
    {
        try
        {
            CountCopy((long)source.Length * sizeof(T));
            if (Info.Kind == AcceleratorKind.Cpu)
            {
                source.CopyTo(new Span<T>(CpuWorker.Pointer(target), source.Length));
                return;
            }
            // ILGPU takes the address of what it is given, so it must not move; and it copies the whole of a view.
            fixed (T* start = source)
            {
                target.SubView(0, source.Length).CopyFromCPU(ref *start, source.Length);
            }
        }
        catch (Exception exception) when (DeviceFailure.IsOfRuntime(exception))
        {
            throw Failed(DeviceActivity.Copy, "to it", exception);
        }
    }

    /// <summary>Sets all of a buffer to zero.</summary>
    internal void Clear<T>(MemoryBuffer1D<T, Stride1D.Dense> memory) where T : unmanaged
    {
        try
        {
            intercept?.Invoke(DeviceActivity.Launch);
            queue?.Run();
            memory.MemSetToZero();
        }
        catch (Exception exception) when (DeviceFailure.IsOfRuntime(exception))
        {
            throw Failed(DeviceActivity.Launch, "the clearing of memory", exception);
        }
    }

    /// <summary>Frees memory, which what was launched may still need.</summary>
    internal void Release(Action free, long bytes = 0)
    {
        if (disposed || lost)
        {
            return;
        }
        allocated -= bytes;
        Quietly(RunWaiting);
        Quietly(free);
    }

    /// <summary>Starts or awaits a delayed read.</summary>
    internal void Delayed(DeviceActivity activity, Action action)
    {
        try
        {
            DelayedReads += activity == DeviceActivity.Copy ? 1 : 0;
            intercept?.Invoke(activity);
            action();
        }
        catch (Exception exception) when (DeviceFailure.IsOfRuntime(exception))
        {
            throw Failed(activity, "from it", exception);
        }
    }

    /// <summary>On the CPU accelerator, runs what was launched so far: host code is about to touch its memory.</summary>
    internal void RunWaiting() => queue?.Run();

    private void CountCopy(long bytes)
    {
        Copies++;
        BytesCopied += bytes;
        Synchronizations++;
        intercept?.Invoke(DeviceActivity.Copy);
        queue?.Run();
    }

    /// <summary>The one place where a driver's failure becomes ours.</summary>
    private DeviceException Failed(DeviceActivity activity, string what, Exception exception)
    {
        lost |= Info.Kind != AcceleratorKind.Cpu && !DeviceFailure.IsShortOfMemory(activity, exception);
        return new DeviceException(Info, DeviceFailure.Explain(Info, activity, what, exception), exception);
    }

    /// <summary>Frees something: a failure would hide the one that brought us here, and nothing is left to be done about it.</summary>
    private static void Quietly(Action free)
    {
        try
        {
            free();
        }
        catch (Exception exception) when (DeviceFailure.IsOfRuntime(exception))
        {
        }
    }
}
