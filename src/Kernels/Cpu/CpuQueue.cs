using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace GpuCnn.Kernels;

/// <summary>Operations that wait for the CPU accelerator, and run in one launch when somebody waits for them.</summary>
/// <remarks>
/// Waking the accelerator's threads and waiting for them takes about 20 microseconds, longer than most operations of a small batch. Within a launch the workers wait for
/// each other between operations by spinning, which takes a fraction of one. ILGPU's own launcher compiles the kernel through its IR and creates a task object at each
/// launch. The task class is public and may carry any delegate, so two tasks, made once, serve all launches; only the method that hands a task to the accelerator's
/// threads is internal. Two, because a thread takes a task only when it is not the one it ran last.
/// </remarks>
internal sealed class CpuQueue
{
    /// <summary>Operations that may wait: many training steps of them, so that it bounds memory and nothing else.</summary>
    private const int Capacity = 4096;

    private readonly CPUAccelerator accelerator;
    private readonly CpuScratch[] scratch;
    private readonly Dictionary<Type, object> slots = [];
    private readonly Slot[] queue = new Slot[Capacity];
    private Task next, last;
    private int count;
    private long generation;
    private Arrivals arrivals;
    private Exception? failure;
    private volatile int failed = int.MaxValue;

    public CpuQueue(CPUAccelerator accelerator, CpuScratch[] scratch)
    {
        this.accelerator = accelerator;
        this.scratch = scratch;
        next = new Task(this);
        last = new Task(this);
    }

    /// <summary>Puts an operation behind those that wait.</summary>
    public void Add<T>(in T op) where T : struct, IOp
    {
        if (count == Capacity)
        {
            Run();
        }
        if (!slots.TryGetValue(typeof(T), out object? own))
        {
            slots.Add(typeof(T), own = new Slots<T>());
        }
        queue[count++] = ((Slots<T>)own).Take(op, generation);
    }

    /// <summary>Runs what waits. An exception in an operation drops those behind it and reaches the caller.</summary>
    public void Run()
    {
        if (count == 0)
        {
            return;
        }
        (next, last) = (last, next);
        arrivals.Count = 0;
        Launch(accelerator, last);
        count = 0;
        generation++;
        if (failed != int.MaxValue)
        {
            failed = int.MaxValue;
            ExceptionDispatchInfo.Throw(failure!);
        }
    }

    /// <summary>Forgets what waits: the accelerator is about to go.</summary>
    public void Drop() => count = 0;

    private void Work(int index)
    {
        var worker = new CpuWorker(index, scratch.Length, scratch[index]);
        for (int i = 0; i < count; i++)
        {
            try
            {
                queue[i].Execute(worker);
            }
            catch (Exception exception)
            {
                // Left alone it would end the process: it is the accelerator's thread.
                failure = exception;
                failed = i;
            }
            WaitForOthers(i + 1);
            // By number: another worker may have failed in the next operation already, and it will wait for this one there.
            if (failed <= i)
            {
                return;
            }
        }
    }

    /// <summary>Returns when every worker has called it this many times in this launch.</summary>
    private void WaitForOthers(int times)
    {
        int everyone = times * scratch.Length;
        if (Interlocked.Increment(ref arrivals.Count) == everyone)
        {
            return;
        }
        var spin = default(SpinWait);
        while (Volatile.Read(ref arrivals.Count) < everyone)
        {
            // Never to sleep, which would take a millisecond; it yields where there are more threads than cores.
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Launch")]
    private static extern void Launch(CPUAccelerator accelerator, CPUAcceleratorTask task);

    private sealed class Task(CpuQueue queue)
        : CPUAcceleratorTask(Execute, new KernelConfig(queue.scratch.Length, 1), new RuntimeKernelConfig(new KernelConfig(queue.scratch.Length, 1), default))
    {
        private readonly CpuQueue queue = queue;

        private static void Execute(CPUAcceleratorTask task, int index) => ((Task)task).queue.Work(index);
    }

    /// <summary>An operation in the queue.</summary>
    private abstract class Slot
    {
        public abstract void Execute(in CpuWorker worker);
    }

    private sealed class Slot<T> : Slot where T : struct, IOp
    {
        public T Op;

        public override void Execute(in CpuWorker worker) => Op.Cpu(worker);
    }

    /// <summary>The slots of one kind of operation; as many as one launch ever needed.</summary>
    private sealed class Slots<T> where T : struct, IOp
    {
        private readonly List<Slot<T>> all = [];
        private long generation;
        private int used;

        public Slot<T> Take(in T op, long current)
        {
            if (generation != current)
            {
                generation = current;
                used = 0;
            }
            if (used == all.Count)
            {
                all.Add(new Slot<T>());
            }
            Slot<T> slot = all[used++];
            slot.Op = op;
            return slot;
        }
    }

    /// <summary>A counter in cache lines of its own, which the workers spin on.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Arrivals
    {
        [FieldOffset(128)]
        public int Count;
    }
}
