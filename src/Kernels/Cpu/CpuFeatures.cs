using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>What the vector unit of this process's CPU can do.</summary>
internal static class CpuFeatures
{
    /// <summary>Width in bits of the widest vectors that the JIT compiles to single instructions.</summary>
    public static int VectorBits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 64;

    /// <summary>The vector width as text.</summary>
    public static string Name => $"{VectorBits}-bit vectors";
}
