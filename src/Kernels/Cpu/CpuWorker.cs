using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>One of the workers that share an operation on the CPU accelerator.</summary>
/// <remarks>The split of the work may change where a number is computed, never in which order its terms are added: results do not depend on the
/// number of workers.</remarks>
internal readonly struct CpuWorker
{
    /// <summary>Floats in a 64-byte cache line, which is also the widest vector.</summary>
    internal const int Line = 16;

    private readonly CpuScratch scratch;

    internal CpuWorker(int index, int count, CpuScratch scratch)
    {
        Index = index;
        Count = count;
        this.scratch = scratch;
    }

    /// <summary>This worker's number, from 0.</summary>
    public int Index { get; }

    /// <summary>The number of workers.</summary>
    public int Count { get; }

    /// <summary>This worker's own memory, aligned to 64 bytes, with unknown content; ask once in an operation.</summary>
    /// <param name="floats">How many floats are needed.</param>
    internal unsafe float* Scratch(nint floats) => scratch.Reserve(floats);

    /// <summary>This worker's contiguous part of the items 0..n-1.</summary>
    /// <param name="items">How many items there are.</param>
    /// <param name="grain">Parts start at multiples of this.</param>
    /// <returns>The first item and the one behind the last.</returns>
    internal (int From, int To) Share(int items, int grain = 1)
    {
        int blocks = (items + grain - 1) / grain;
        return ((int)((long)blocks * Index / Count) * grain, (int)Math.Min(items, (long)blocks * (Index + 1) / Count * grain));
    }

    /// <summary>Asks for memory that will be read soon; where it is does not matter.</summary>
    internal static unsafe void Prefetch(float* start, nint floats)
    {
        if (Sse.IsSupported)
        {
            for (nint i = 0; i < floats; i += Line)
            {
                Sse.Prefetch1(start + i);
            }
        }
    }

    /// <summary>A view's first element; null for an empty view. The accelerator's memory does not move.</summary>
    internal static unsafe T* Pointer<T>(ArrayView<T> view) where T : unmanaged =>
        view.Length == 0 ? null : (T*)Unsafe.AsPointer(ref view[0]);
}
