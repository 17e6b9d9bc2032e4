using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>HardSwish: 0 up to -3, x from 3 on, x (x + 3) / 6 between. NaN stays NaN. At -3 the gradient is 0, at 3 it is 1.</summary>
/// <remarks>Howard et al., "Searching for MobileNetV3", 2019.</remarks>
internal readonly struct HardSwishFunction : IActivation
{
    private const float End = 3f, Sixth = 1f / 6f, Third = 1f / 3f;

    public static OutputUse Reads => OutputUse.None;

    public float Of(float x)
    {
        float middle = x * (x + End) * Sixth, lower = x <= -End ? 0f : middle;
        return x >= End ? x : lower;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x) => Choose(x, x * (x + Vector512.Create(End)) * Sixth, x);

    public float Gradient(float known, float gradOutput)
    {
        float middle = gradOutput * ((known * Third) + 0.5f), lower = known <= -End ? 0f : middle;
        return known >= End ? gradOutput : lower;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput) =>
        Choose(known, gradOutput * ((known * Third) + Vector512.Create(0.5f)), gradOutput);

    /// <summary>0, a value or another one, for x up to -3, between and from 3 on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Choose(Vector512<float> x, Vector512<float> middle, Vector512<float> above)
    {
        Vector512<float> lower = Vector512.ConditionalSelect(Vector512.LessThanOrEqual(x, Vector512.Create(-End)), Vector512<float>.Zero, middle);
        return Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(x, Vector512.Create(End)), above, lower);
    }
}
