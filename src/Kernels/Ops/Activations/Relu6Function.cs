using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>ReLU6: min(max(x, 0), 6). NaN stays NaN; its gradient passes. At 0 and at 6 the gradient is 0.</summary>
internal readonly struct Relu6Function : IActivation
{
    private const float End = 6f;

    public static OutputUse Reads => OutputUse.Values;

    public float Of(float x)
    {
        float positive = x <= 0f ? 0f : x;
        return positive >= End ? End : positive;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x) =>
        Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(x, Vector512.Create(End)), Vector512.Create(End), Elements.Relu(x));

    public float Gradient(float known, float gradOutput)
    {
        float open = known <= 0f ? 0f : gradOutput;
        return known >= End ? 0f : open;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput)
    {
        Vector512<float> closed = Vector512.LessThanOrEqual(known, Vector512<float>.Zero) | Vector512.GreaterThanOrEqual(known, Vector512.Create(End));
        return Vector512.ConditionalSelect(closed, Vector512<float>.Zero, gradOutput);
    }
}
