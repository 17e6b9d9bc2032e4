using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>ELU: x where it is positive, otherwise alpha (exp(x) - 1). NaN stays NaN; its gradient passes.</summary>
/// <param name="alpha">Not negative, so that the output's sign tells the input's.</param>
/// <exception cref="ArgumentOutOfRangeException">It is negative, infinite or NaN.</exception>
internal readonly struct EluFunction(double alpha) : IActivation
{
    private readonly float alpha = alpha is >= 0 and <= float.MaxValue
        ? (float)alpha
        : throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "alpha must be 0 or more");

    public static OutputUse Reads => OutputUse.Values;

    public float Of(float x) => x <= 0f ? alpha * Exponential.MinusOne(x) : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x) =>
        Vector512.ConditionalSelect(Vector512.LessThanOrEqual(x, Vector512<float>.Zero), Exponential.MinusOne(x) * alpha, x);

    public float Gradient(float known, float gradOutput) => known <= 0f ? gradOutput * (known + alpha) : gradOutput;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput) =>
        Vector512.ConditionalSelect(Vector512.LessThanOrEqual(known, Vector512<float>.Zero), gradOutput * (known + Vector512.Create(alpha)), gradOutput);
}
