using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Benchmarks.Operations;

/// <summary>What this machine can do at best, as measured in this run on all its threads: FP32 multiply-adds and a copy of arrays beyond the caches.</summary>
/// <param name="GigaFlops">GFLOP/s.</param>
/// <param name="GigaBytes">GB/s, read and written.</param>
internal sealed record CpuPeak(double GigaFlops, double GigaBytes)
{
    private const int Rounds = 4_000_000, Chains = 12, Floats = 64 << 20, Trials = 7;

    private static readonly Lazy<CpuPeak> Measured = new(() => new CpuPeak(MultiplyAdds(), Copying()));

    /// <summary>The threads of everything that is measured.</summary>
    public static int Threads => Environment.ProcessorCount;

    /// <summary>Measured at its first use.</summary>
    public static CpuPeak This => Measured.Value;

    private static double MultiplyAdds()
    {
        bool wide = Vector512.IsHardwareAccelerated;
        double flops = 2.0 * Chains * (wide ? Vector512<float>.Count : Vector256<float>.Count) * Rounds * Threads;
        return flops / Fastest(_ => Sink = wide ? Chains512(Rounds, 0.999f) : Chains256(Rounds, 0.999f)) / 1e9;
    }

    private static double Copying()
    {
        var from = new float[Floats];
        var to = new float[Floats];
        from.AsSpan().Fill(1f);
        int share = Floats / Threads;
        return 2.0 * sizeof(float) * share * Threads / Fastest(thread => from.AsSpan(thread * share, share).CopyTo(to.AsSpan(thread * share, share))) / 1e9;
    }

    /// <summary>Somebody could read the sums, so the compiler keeps them.</summary>
    private static float Sink { get; set; }

    private static double Fastest(Action<int> work)
    {
        double fastest = double.PositiveInfinity;
        for (int trial = 0; trial < Trials; trial++)
        {
            using var start = new Barrier(Threads + 1);
            Thread[] threads = [.. Enumerable.Range(0, Threads).Select(i => new Thread(() => { start.SignalAndWait(); work(i); }))];
            Array.ForEach(threads, thread => thread.Start());
            start.SignalAndWait();
            long begin = Stopwatch.GetTimestamp();
            Array.ForEach(threads, thread => thread.Join());
            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(begin).TotalSeconds);
        }
        return fastest;
    }

    /// <remarks>A multiply-add takes four cycles and two start in each: eight chains keep the units busy, twelve with room.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chains512(int rounds, float factor)
    {
        Vector512<float> x = Vector512.Create(factor), y = Vector512.Create(0.5f);
        Vector512<float> a = y, b = x, c = y + x, d = y - x, e = -x, f = -y, g = a + a, h = b + b, i = c + c, j = d + d, k = e + e, l = f + f;
        for (int round = 0; round < rounds; round++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y); b = Vector512.FusedMultiplyAdd(b, x, y); c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y); e = Vector512.FusedMultiplyAdd(e, x, y); f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y); h = Vector512.FusedMultiplyAdd(h, x, y); i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y); k = Vector512.FusedMultiplyAdd(k, x, y); l = Vector512.FusedMultiplyAdd(l, x, y);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chains256(int rounds, float factor)
    {
        Vector256<float> x = Vector256.Create(factor), y = Vector256.Create(0.5f);
        Vector256<float> a = y, b = x, c = y + x, d = y - x, e = -x, f = -y, g = a + a, h = b + b, i = c + c, j = d + d, k = e + e, l = f + f;
        for (int round = 0; round < rounds; round++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y); b = Vector256.FusedMultiplyAdd(b, x, y); c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y); e = Vector256.FusedMultiplyAdd(e, x, y); f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y); h = Vector256.FusedMultiplyAdd(h, x, y); i = Vector256.FusedMultiplyAdd(i, x, y);
            j = Vector256.FusedMultiplyAdd(j, x, y); k = Vector256.FusedMultiplyAdd(k, x, y); l = Vector256.FusedMultiplyAdd(l, x, y);
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
