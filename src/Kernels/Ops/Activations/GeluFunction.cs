using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU.Algorithms;

namespace GpuCnn.Kernels;

/// <summary>GELU in its exact form: x Φ(x), with the normal distribution's Φ(x) = (1 + erf(x / √2)) / 2. Negative infinity gives NaN, as in PyTorch.</summary>
/// <remarks>Hendrycks and Gimpel, "Gaussian error linear units", 2016; not their approximation by a hyperbolic tangent.</remarks>
internal readonly struct GeluFunction : IActivation
{
    public static OutputUse Reads => OutputUse.None;

    public float Of(float x) => x * NormalDistribution.At(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x) => x * NormalDistribution.At(x);

    public float Gradient(float known, float gradOutput) => gradOutput * (NormalDistribution.At(known) + (known * NormalDistribution.Density(known)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput) =>
        gradOutput * (NormalDistribution.At(known) + (known * NormalDistribution.Density(known)));
}

/// <summary>The normal distribution, for scalars of both bodies and for vectors.</summary>
/// <remarks>erf by two polynomials of t = |x / √2|: below 0.927 of t², above it in the exponent of 1 - exp. Errors are within 1.2 units in the last place of erf.</remarks>
internal static class NormalDistribution
{
    private const float RootHalf = 0.70710678f, DensityAtZero = 0.39894228f, Middle = 0.927734375f;

    /// <summary>The tail's exponent, highest power first; then the middle's polynomial of t², likewise, whose result is multiplied by t.</summary>
    private const float T6 = -1.72853470e-5f, T5 = 3.83197126e-4f, T4 = -3.88396438e-3f, T3 = 2.42546219e-2f, T2 = -1.06777877e-1f, T1 = -6.34846687e-1f,
        T0 = -1.28717512e-1f,
        M5 = -5.96761703e-4f, M4 = 4.99119423e-3f, M3 = -2.67681349e-2f, M2 = 1.12819925e-1f, M1 = -3.76125336e-1f, M0 = 1.28379166e-1f;

    /// <summary>Φ(x).</summary>
    public static float At(float x)
    {
        float a = x * RootHalf, t = Math.Abs(a), s = a * a, erf;
        if (t > Middle)
        {
            float exponent = (((((((((T6 * t) + T5) * s) + ((T4 * t) + T3)) * t) + T2) * t) + T1) * t) + T0;
            float rest = 1f - XMath.Exp((exponent * t) - t);
            erf = a < 0f ? -rest : rest;
        }
        else
        {
            erf = (((((((((((M5 * s) + M4) * s) + M3) * s) + M2) * s) + M1) * s) + M0) * a) + a;
        }
        return 0.5f + (0.5f * erf);
    }

    /// <summary>φ(x).</summary>
    public static float Density(float x) => DensityAtZero * XMath.Exp(-0.5f * x * x);

    /// <summary>Φ of each element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> At(Vector512<float> x)
    {
        Vector512<float> a = x * RootHalf, t = Vector512.Abs(a), s = a * a;
        Vector512<float> exponent = (((((((((t * T6) + Vector512.Create(T5)) * s) + ((t * T4) + Vector512.Create(T3))) * t)
            + Vector512.Create(T2)) * t) + Vector512.Create(T1)) * t) + Vector512.Create(T0);
        Vector512<float> rest = Vector512<float>.One - Vector512.Exp((exponent * t) - t);
        Vector512<float> tail = Vector512.ConditionalSelect(Vector512.LessThan(a, Vector512<float>.Zero), -rest, rest);
        Vector512<float> middle = (((((((((((s * M5) + Vector512.Create(M4)) * s) + Vector512.Create(M3)) * s)
            + Vector512.Create(M2)) * s) + Vector512.Create(M1)) * s) + Vector512.Create(M0)) * a) + a;
        Vector512<float> erf = Vector512.ConditionalSelect(Vector512.GreaterThan(t, Vector512.Create(Middle)), tail, middle);
        return Vector512.Create(0.5f) + (erf * 0.5f);
    }

    /// <summary>φ of each element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Density(Vector512<float> x) => Vector512.Exp(x * x * -0.5f) * DensityAtZero;
}
