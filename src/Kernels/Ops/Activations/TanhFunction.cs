using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>The hyperbolic tangent: -m / (m + 2) with m = exp(-2 |x|) - 1, and the sign of x.</summary>
internal readonly struct TanhFunction : IActivation
{
    public static OutputUse Reads => OutputUse.Values;

    public float Of(float x)
    {
        float m = Exponential.MinusOne(-2f * Math.Abs(x)), size = m / (m + 2f);
        return x <= 0f ? size : -size;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x)
    {
        Vector512<float> m = Exponential.MinusOne(Vector512.Abs(x) * -2f), size = m / (m + Vector512.Create(2f));
        return Vector512.ConditionalSelect(Vector512.LessThanOrEqual(x, Vector512<float>.Zero), size, -size);
    }

    public float Gradient(float known, float gradOutput) => gradOutput * ((1f - known) * (1f + known));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput) =>
        gradOutput * ((Vector512<float>.One - known) * (Vector512<float>.One + known));
}
