using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU.Algorithms;

namespace GpuCnn.Kernels;

/// <summary>What several activations make of the exponential function, for scalars of both bodies and for vectors.</summary>
internal static class Exponential
{
    /// <summary>Below it exp(x) - 1 loses no digits; above it a polynomial P gives x + x² P(x) with an error of 0.7 units in the last place.</summary>
    private const float Middle = -0.5f;

    private const float P4 = 1.1259225e-3f, P3 = 8.193295e-3f, P2 = 4.163205e-2f, P1 = 1.6666289e-1f, P0 = 4.9999985e-1f;

    /// <summary>exp(x) - 1 for x up to 0.</summary>
    public static float MinusOne(float x) => x < Middle
        ? XMath.Exp(x) - 1f
        : (((((((((P4 * x) + P3) * x) + P2) * x) + P1) * x) + P0) * (x * x)) + x;

    /// <summary>exp(x) - 1 of each element, all up to 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MinusOne(Vector512<float> x)
    {
        Vector512<float> middle = (((((((((x * P4) + Vector512.Create(P3)) * x) + Vector512.Create(P2)) * x) + Vector512.Create(P1)) * x)
            + Vector512.Create(P0)) * (x * x)) + x;
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(Middle)), Vector512.Exp(x) - Vector512<float>.One, middle);
    }

    /// <summary>1 / (1 + exp(-x)) and 1 minus that, both without cancellation or overflow.</summary>
    public static (float Share, float Complement) Logistic(float x)
    {
        float e = XMath.Exp(-Math.Abs(x)), large = 1f / (1f + e), small = e * large;
        return x < 0f ? (small, large) : (large, small);
    }

    /// <summary>The same of each element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> Share, Vector512<float> Complement) Logistic(Vector512<float> x)
    {
        Vector512<float> e = Vector512.Exp(-Vector512.Abs(x)), large = Vector512<float>.One / (Vector512<float>.One + e), small = e * large;
        Vector512<float> negative = Vector512.LessThan(x, Vector512<float>.Zero);
        return (Vector512.ConditionalSelect(negative, small, large), Vector512.ConditionalSelect(negative, large, small));
    }
}
