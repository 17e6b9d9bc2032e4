using System.Runtime.InteropServices;

namespace GpuCnn.Benchmarks.TorchSharp;

/// <summary>Settings of glibc's heap, from which libtorch takes every tensor.</summary>
internal static partial class Heap
{
    private const int TrimThreshold = -1, MapMax = -4, ArenaMax = -8;

    /// <summary>Keeps freed blocks in the process; by default big ones are mapped afresh and page-faulted in at every step.
    /// One heap for all threads: those of further threads hold no block above 64 MB, and a first convolution of 512 images took five times as long. Call before libtorch loads.</summary>
    public static void KeepFreedMemory()
    {
        if (OperatingSystem.IsLinux() && (mallopt(MapMax, 0) == 0 || mallopt(TrimThreshold, int.MaxValue) == 0 || mallopt(ArenaMax, 1) == 0))
        {
            throw new InvalidOperationException("the C library takes no heap settings; the peer would not be the tuned one");
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
