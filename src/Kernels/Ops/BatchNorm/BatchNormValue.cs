using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU.Algorithms;

namespace GpuCnn.Kernels;

/// <summary>One value of a batch normalization, which the forward operation and both gradients compute with the same roundings: where ReLU has closed, the gradients see from the input, without
/// reading the output.</summary>
internal static class BatchNormValue
{
    /// <summary>1 / √(variance + ε).</summary>
    public static float Inverse(float variance, float epsilon) => 1f / XMath.Sqrt(variance + epsilon);

    /// <summary>The same of four channels.</summary>
    public static Float4 Inverse(Float4 variance, float epsilon) =>
        new(Inverse(variance.X, epsilon), Inverse(variance.Y, epsilon), Inverse(variance.Z, epsilon), Inverse(variance.W, epsilon));

    /// <summary>(x - mean) x scale + bias; the scale is weight x <see cref="Inverse(float, float)"/>.</summary>
    public static float Of(float x, float mean, float scale, float bias) => Fused.MultiplyAdd(x - mean, scale, bias);

    /// <summary>The same of four channels.</summary>
    public static Float4 Of(Float4 x, Float4 mean, Float4 scale, Float4 bias) => Float4.MultiplyAdd(x - mean, scale, bias);

    /// <summary>The same of sixteen channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x, Vector512<float> mean, Vector512<float> scale, Vector512<float> bias) => Vector512.FusedMultiplyAdd(x - mean, scale, bias);

    /// <summary>The gradient where ReLU let the value through, else zero; NaN was let through.</summary>
    public static float Open(float value, float gradient) => value <= 0f ? 0f : gradient;

    /// <summary>The same of four channels.</summary>
    public static Float4 Open(Float4 value, Float4 gradient) => new(Open(value.X, gradient.X), Open(value.Y, gradient.Y), Open(value.Z, gradient.Z), Open(value.W, gradient.W));

    /// <summary>The same of sixteen channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Open(Vector512<float> value, Vector512<float> gradient) =>
        Vector512.ConditionalSelect(Vector512.LessThanOrEqual(value, Vector512<float>.Zero), Vector512<float>.Zero, gradient);

    /// <summary>ε must be above 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public static void RequireEpsilon(double epsilon)
    {
        if (!(epsilon > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "ε is above 0");
        }
    }
}
