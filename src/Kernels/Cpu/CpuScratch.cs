using System.Runtime.InteropServices;

namespace GpuCnn.Kernels;

/// <summary>A worker's own memory, aligned to 64 bytes, that grows to the largest request and is kept until disposed.</summary>
internal sealed unsafe class CpuScratch : IDisposable
{
    private float* memory;
    private nint length;

    /// <summary>At least this many floats with unknown content; what an earlier call returned is no longer valid.</summary>
    public float* Reserve(nint floats)
    {
        if (floats > length)
        {
            NativeMemory.AlignedFree(memory);
            memory = null;
            length = 0;
            memory = (float*)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), 64);
            length = floats;
        }
        return memory;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
        length = 0;
    }
}
