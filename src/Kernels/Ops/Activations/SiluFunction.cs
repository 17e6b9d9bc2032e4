using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>SiLU, also called swish: x / (1 + exp(-x)). Negative infinity gives NaN, as in PyTorch.</summary>
internal readonly struct SiluFunction : IActivation
{
    public static OutputUse Reads => OutputUse.None;

    public float Of(float x) => x * Exponential.Logistic(x).Share;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x) => x * Exponential.Logistic(x).Share;

    public float Gradient(float known, float gradOutput)
    {
        (float share, float rest) = Exponential.Logistic(known);
        return gradOutput * (share * (1f + (known * rest)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput)
    {
        (Vector512<float> share, Vector512<float> rest) = Exponential.Logistic(known);
        return gradOutput * (share * (Vector512<float>.One + (known * rest)));
    }
}
