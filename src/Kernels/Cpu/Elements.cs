using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>Element-wise loops of the CPU bodies.</summary>
internal static unsafe class Elements
{
    /// <summary>values[i] += bias[i], then ReLU unless <paramref name="relu"/> is 0. NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddBias(float* values, float* bias, int count, int relu)
    {
        int i = 0;
        for (; i + CpuWorker.Line <= count; i += CpuWorker.Line)
        {
            Vector512<float> x = Vector512.Load(values + i) + Vector512.Load(bias + i);
            (relu != 0 ? Relu(x) : x).Store(values + i);
        }
        for (; i < count; i++)
        {
            float x = values[i] + bias[i];
            values[i] = relu != 0 && x <= 0f ? 0f : x;
        }
    }

    /// <summary>sums[i] += values[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* sums, float* values, int count)
    {
        int i = 0;
        for (; i + CpuWorker.Line <= count; i += CpuWorker.Line)
        {
            (Vector512.Load(sums + i) + Vector512.Load(values + i)).Store(sums + i);
        }
        for (; i < count; i++)
        {
            sums[i] += values[i];
        }
    }

    /// <summary>values[i] /= divisor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Divide(float* values, float divisor, int count)
    {
        int i = 0;
        for (; i + CpuWorker.Line <= count; i += CpuWorker.Line)
        {
            (Vector512.Load(values + i) / Vector512.Create(divisor)).Store(values + i);
        }
        for (; i < count; i++)
        {
            values[i] /= divisor;
        }
    }

    /// <summary>values[i] = 0 where it is not positive; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Relu(float* values, int count)
    {
        int i = 0;
        for (; i + CpuWorker.Line <= count; i += CpuWorker.Line)
        {
            Relu(Vector512.Load(values + i)).Store(values + i);
        }
        for (; i < count; i++)
        {
            values[i] = values[i] <= 0f ? 0f : values[i];
        }
    }

    /// <summary>Zero where x is not positive; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Relu(Vector512<float> x) =>
        Vector512.ConditionalSelect(Vector512.LessThanOrEqual(x, Vector512<float>.Zero), Vector512<float>.Zero, x);
}
