using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>The launch of operations with one GPU thread an element.</summary>
internal static class ElementWise
{
    private const int Threads = 256;

    /// <summary>At least <paramref name="count"/> threads; the body checks its index.</summary>
    public static KernelConfig Shape(int count) => ((count + Threads - 1) / Threads, Threads);
}
