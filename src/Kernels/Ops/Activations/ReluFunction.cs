using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>ReLU: max(x, 0). NaN stays NaN; its gradient passes.</summary>
internal readonly struct ReluFunction : IActivation
{
    public static OutputUse Reads => OutputUse.Sign;

    public float Of(float x) => x <= 0f ? 0f : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x) => Elements.Relu(x);

    public float Gradient(float known, float gradOutput) => known <= 0f ? 0f : gradOutput;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput) =>
        Vector512.ConditionalSelect(Vector512.LessThanOrEqual(known, Vector512<float>.Zero), Vector512<float>.Zero, gradOutput);
}

/// <summary>The gradient of ReLU followed by <see cref="Dropout"/>, from dropout's output: dropped elements are zero like negative ones, so the mask is not
/// drawn again.</summary>
/// <param name="rate">Dropout's rate, 0 without dropout.</param>
/// <exception cref="ArgumentOutOfRangeException">The rate is outside [0, 1).</exception>
internal readonly struct DroppedReluFunction(double rate) : IActivationGradient
{
    private readonly float scale = Dropout.Scale(Require.Rate(rate));

    public static OutputUse Reads => OutputUse.Sign;

    public float Gradient(float known, float gradOutput) => known <= 0f ? 0f : gradOutput * scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Gradient(Vector512<float> known, Vector512<float> gradOutput) =>
        Vector512.ConditionalSelect(Vector512.LessThanOrEqual(known, Vector512<float>.Zero), Vector512<float>.Zero, gradOutput * scale);
}
