using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>LeakyReLU: x where it is positive, otherwise slope x. NaN stays NaN; its gradient passes.</summary>
/// <param name="slope">From 0 to 1, so that the output's sign tells the input's.</param>
/// <exception cref="ArgumentOutOfRangeException">The slope lies outside.</exception>
internal readonly struct LeakyReluFunction(double slope) : IActivation
{
    private readonly float slope = slope is >= 0 and <= 1
        ? (float)slope
        : throw new ArgumentOutOfRangeException(nameof(slope), slope, "a slope lies in [0, 1]");

    public static OutputUse Reads => OutputUse.Sign;

    public float Of(float x) => x <= 0f ? slope * x : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x) => Vector512.ConditionalSelect(Vector512.LessThanOrEqual(x, Vector512<float>.Zero), x * slope, x);

    public float Gradient(float known, float gradOutput) => known <= 0f ? slope * gradOutput : gradOutput;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput) =>
        Vector512.ConditionalSelect(Vector512.LessThanOrEqual(known, Vector512<float>.Zero), gradOutput * slope, gradOutput);
}
