using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace GpuCnn.Kernels;

/// <summary>Operations that wait for the CPU accelerator, and run one after the other when somebody waits for them.</summary>
/// <remarks>
/// The caller is the first worker and the accelerator's threads are the others. Waking them takes 20 microseconds and more, longer than most operations of a small batch, so they do not sleep at
/// once: between operations the workers wait for each other by spinning, and after the last one the launch stays open for a moment, in case there is more.
/// ILGPU's own launcher compiles the kernel through its IR and creates a task object at each launch. The task class is public and may carry any delegate, so two tasks,
/// made once, serve all launches; only the method that hands a task to the accelerator's threads is internal. Two, because a thread takes a task only when it is not the
/// one it ran last. That method returns when the launch has ended, so a thread of ours calls it.
/// </remarks>
internal sealed class CpuQueue : IDisposable
{
    /// <summary>How long a launch stays open: longer than the host needs between two training steps.</summary>
    private static readonly long Linger = Stopwatch.Frequency / 5000;

    /// <summary>Operations that may wait: many training steps of them, so that it bounds memory and nothing else.</summary>
    private const int Capacity = 4096;

    private readonly CPUAccelerator accelerator;
    private readonly CpuScratch[] scratch;
    private readonly Dictionary<Type, object> slots = [];
    private readonly Slot[] queue = new Slot[Capacity];
    private readonly SemaphoreSlim launches = new(0);
    private Thread? launcher;
    private int count;
    private long generation;
    private Shared arrivals, departures, ticket;
    private Exception? failure;
    private volatile int failed = int.MaxValue;
    private volatile bool stopping;

    public CpuQueue(CPUAccelerator accelerator, CpuScratch[] scratch)
    {
        this.accelerator = accelerator;
        this.scratch = scratch;
    }

    private int Helpers => scratch.Length - 1;

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
        failed = int.MaxValue;
        arrivals.Value = 0;
        departures.Value = 0;
        if (Helpers > 0)
        {
            Publish();
        }
        Work(0);
        WaitFor(ref departures.Value, Helpers);
        count = 0;
        generation++;
        if (failed != int.MaxValue)
        {
            ExceptionDispatchInfo.Throw(failure!);
        }
    }

    /// <summary>Forgets what waits, and ends.</summary>
    public void Dispose()
    {
        count = 0;
        stopping = true;
        launches.Release();
        launcher?.Join();
        launches.Dispose();
    }

    /// <summary>Tells the accelerator's threads that there is work, and starts a launch if none is open.</summary>
    /// <remarks>The ticket's upper half is the number of the launch, odd while it is open; its lower half counts what was published, so that a change is always seen.</remarks>
    private void Publish()
    {
        long now, then;
        do
        {
            now = Volatile.Read(ref ticket.Value);
            then = ((LaunchOf(now) | 1) << 32) | (uint)((int)now + 1);
        }
        while (Interlocked.CompareExchange(ref ticket.Value, then, now) != now);
        if (LaunchOf(now) != LaunchOf(then))
        {
            if (launcher is null)
            {
                launcher = new Thread(LaunchWhenAsked) { IsBackground = true, Name = "GpuCnn launches" };
                launcher.Start();
            }
            launches.Release();
        }
    }

    private static long LaunchOf(long ticket) => ticket >> 32;

    private void LaunchWhenAsked()
    {
        Task next = new(this), last = new(this);
        while (true)
        {
            launches.Wait();
            if (stopping)
            {
                return;
            }
            (next, last) = (last, next);
            Launch(accelerator, last);
        }
    }

    /// <summary>What a thread of the accelerator does in a launch: what was published when the launch began, and what is published while it is open.</summary>
    private void Help(int index)
    {
        // Still open: it is closed only when every helper has done what was published.
        long now = Volatile.Read(ref ticket.Value), launch = LaunchOf(now);
        while (LaunchOf(now) == launch)
        {
            Work(index);
            long done = now, start = Stopwatch.GetTimestamp();
            Interlocked.Increment(ref departures.Value);
            var spin = default(SpinWait);
            while ((now = Volatile.Read(ref ticket.Value)) == done)
            {
                spin.SpinOnce(sleep1Threshold: -1);
                if (index == 1 && Stopwatch.GetTimestamp() - start > Linger && Volatile.Read(ref departures.Value) == Helpers)
                {
                    Interlocked.CompareExchange(ref ticket.Value, ((launch + 1) << 32) | (uint)(int)done, done);
                }
            }
        }
    }

    private void Work(int index)
    {
        var worker = new CpuWorker(index, scratch.Length, scratch[index]);
        for (int i = 0; i < count; i++)
        {
            if (i > 0)
            {
                Interlocked.Increment(ref arrivals.Value);
                WaitFor(ref arrivals.Value, (long)i * scratch.Length);
                // By number: another worker may have failed in this operation already.
                if (failed < i)
                {
                    return;
                }
            }
            try
            {
                queue[i].Execute(worker);
            }
            catch (Exception exception)
            {
                // Left alone it would end the process: it may be on the accelerator's thread.
                failure = exception;
                failed = i;
            }
        }
    }

    private static void WaitFor(ref long number, long value)
    {
        var spin = default(SpinWait);
        while (Volatile.Read(ref number) < value)
        {
            // Never to sleep, which would take a millisecond; it yields where there are more threads than cores.
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Launch")]
    private static extern void Launch(CPUAccelerator accelerator, CPUAcceleratorTask task);

    private sealed class Task(CpuQueue queue)
        : CPUAcceleratorTask(Execute, new KernelConfig(queue.scratch.Length - 1, 1), new RuntimeKernelConfig(new KernelConfig(queue.scratch.Length - 1, 1), default))
    {
        private readonly CpuQueue queue = queue;

        private static void Execute(CPUAcceleratorTask task, int index) => ((Task)task).queue.Help(index + 1);
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

    /// <summary>A number in cache lines of its own, which workers spin on.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Shared
    {
        [FieldOffset(128)]
        public long Value;
    }
}
