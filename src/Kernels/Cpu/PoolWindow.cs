using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuCnn.Kernels;

/// <summary>Pools the four values of a window, adds the bias, applies ReLU, stores values and winners.</summary>
/// <remarks>In 512-bit and 256-bit vectors each: a 512-bit vector of two 256-bit ones costs calls here, ten times the arithmetic.</remarks>
internal static unsafe class PoolWindow
{
    /// <summary>Floats in a 256-bit vector.</summary>
    public const int HalfLine = 8;

    /// <summary>Pools a window of rows.</summary>
    /// <param name="rows">[4, width]: upper left, upper right, lower left, lower right.</param>
    /// <param name="width">A multiple of 16, at least <paramref name="filters"/>.</param>
    /// <param name="bias">[width].</param>
    /// <param name="filters">How many values are stored.</param>
    /// <param name="y">[filters].</param>
    /// <param name="codes">[filters], the position that won, or <see cref="Conv2dOperands.Closed"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store(float* rows, int width, float* bias, int filters, float* y, byte* codes)
    {
        float* b = rows + width, c = b + width, d = c + width;
        int f = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; f < filters; f += CpuWorker.Line)
            {
                Store(Vector512.Load(rows + f), Vector512.Load(b + f), Vector512.Load(c + f), Vector512.Load(d + f), bias + f, filters - f, y + f, codes + f);
            }
        }
        for (; f < filters; f += HalfLine)
        {
            Store(Vector256.Load(rows + f), Vector256.Load(b + f), Vector256.Load(c + f), Vector256.Load(d + f), bias + f, filters - f, y + f, codes + f);
        }
    }

    /// <summary>Pools a window for up to 16 filters; <paramref name="bias"/> has all 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* bias, int filters, float* y, byte* codes)
    {
        Vector512<float> best = Vector512.MaxNative(Vector512.MaxNative(a, b), Vector512.MaxNative(c, d)), sum = a + b + (c + d);
        Vector512<int> winner = Vector512.ConditionalSelect(Vector512.Equals(c, best).AsInt32(), Vector512.Create(2), Vector512.Create(3));
        winner = Vector512.ConditionalSelect(Vector512.Equals(b, best).AsInt32(), Vector512<int>.One, winner);
        winner = Vector512.ConditionalSelect(Vector512.Equals(a, best).AsInt32(), Vector512<int>.Zero, winner);
        if (!Vector512.EqualsAll(sum, sum))
        {
            // There may be a NaN, which the maximum above does not see everywhere. No call here: what is in registers would be spilled on the common path too.
            (best, winner) = (a, Vector512<int>.Zero);
            Challenge(b, 1, ref best, ref winner);
            Challenge(c, 2, ref best, ref winner);
            Challenge(d, 3, ref best, ref winner);
        }
        best += Vector512.Load(bias);
        Vector512<float> closed = Vector512.LessThanOrEqual(best, Vector512<float>.Zero);
        best = Vector512.ConditionalSelect(closed, Vector512<float>.Zero, best);
        winner = Vector512.ConditionalSelect(closed.AsInt32(), Vector512.Create((int)Conv2dOperands.Closed), winner);
        if (filters >= CpuWorker.Line)
        {
            best.Store(y);
            Narrow(winner).Store(codes);
            return;
        }
        for (int i = 0; i < filters; i++)
        {
            y[i] = best[i];
            codes[i] = (byte)winner[i];
        }
    }

    /// <summary>Pools a window for up to 8 filters; <paramref name="bias"/> has all 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, float* bias, int filters, float* y, byte* codes)
    {
        Vector256<float> best = Vector256.MaxNative(Vector256.MaxNative(a, b), Vector256.MaxNative(c, d)), sum = a + b + (c + d);
        Vector256<int> winner = Vector256.ConditionalSelect(Vector256.Equals(c, best).AsInt32(), Vector256.Create(2), Vector256.Create(3));
        winner = Vector256.ConditionalSelect(Vector256.Equals(b, best).AsInt32(), Vector256<int>.One, winner);
        winner = Vector256.ConditionalSelect(Vector256.Equals(a, best).AsInt32(), Vector256<int>.Zero, winner);
        if (!Vector256.EqualsAll(sum, sum))
        {
            (best, winner) = (a, Vector256<int>.Zero);
            Challenge(b, 1, ref best, ref winner);
            Challenge(c, 2, ref best, ref winner);
            Challenge(d, 3, ref best, ref winner);
        }
        best += Vector256.Load(bias);
        Vector256<float> closed = Vector256.LessThanOrEqual(best, Vector256<float>.Zero);
        best = Vector256.ConditionalSelect(closed, Vector256<float>.Zero, best);
        winner = Vector256.ConditionalSelect(closed.AsInt32(), Vector256.Create((int)Conv2dOperands.Closed), winner);
        if (filters >= HalfLine)
        {
            best.Store(y);
            Vector128<short> narrow = Vector128.Narrow(winner.GetLower(), winner.GetUpper());
            *(ulong*)codes = Vector128.Narrow(narrow, narrow).AsUInt64()[0];
            return;
        }
        for (int i = 0; i < filters; i++)
        {
            y[i] = best[i];
            codes[i] = (byte)winner[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Challenge(Vector512<float> x, int position, ref Vector512<float> best, ref Vector512<int> winner)
    {
        Vector512<float> beats = Vector512.GreaterThan(x, best) | ~Vector512.Equals(x, x);
        best = Vector512.ConditionalSelect(beats, x, best);
        winner = Vector512.ConditionalSelect(beats.AsInt32(), Vector512.Create(position), winner);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Challenge(Vector256<float> x, int position, ref Vector256<float> best, ref Vector256<int> winner)
    {
        Vector256<float> beats = Vector256.GreaterThan(x, best) | ~Vector256.Equals(x, x);
        best = Vector256.ConditionalSelect(beats, x, best);
        winner = Vector256.ConditionalSelect(beats.AsInt32(), Vector256.Create(position), winner);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector512<int> values)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector128Byte(values);
        }
        Vector256<short> half = Vector256.Narrow(values.GetLower(), values.GetUpper());
        return Vector128.Narrow(half.GetLower(), half.GetUpper()).AsByte();
    }
}
