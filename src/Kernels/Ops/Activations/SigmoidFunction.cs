using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>The logistic function: 1 / (1 + exp(-x)).</summary>
internal readonly struct SigmoidFunction : IActivation
{
    public static OutputUse Reads => OutputUse.Values;

    public float Of(float x) => Exponential.Logistic(x).Share;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x) => Exponential.Logistic(x).Share;

    public float Gradient(float known, float gradOutput) => gradOutput * (known * (1f - known));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput) => gradOutput * (known * (Vector512<float>.One - known));
}
