using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>Counter-based random numbers, Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).</summary>
/// <remarks>A pure function of counter and key, so that every accelerator, thread and restart gets the same numbers without any state.</remarks>
internal readonly struct Philox
{
    private Philox(uint x0, uint x1, uint x2, uint x3)
    {
        X0 = x0;
        X1 = x1;
        X2 = x2;
        X3 = x3;
    }

    /// <summary>The first of four random words.</summary>
    public uint X0 { get; }

    /// <summary>The second.</summary>
    public uint X1 { get; }

    /// <summary>The third.</summary>
    public uint X2 { get; }

    /// <summary>The fourth.</summary>
    public uint X3 { get; }

    /// <summary>The random words of a counter.</summary>
    /// <param name="c0">The counter's first word.</param>
    /// <param name="c1">Its second.</param>
    /// <param name="c2">Its third.</param>
    /// <param name="c3">Its fourth.</param>
    /// <param name="key">The key: a seed.</param>
    /// <returns>Four independent words.</returns>
    public static Philox At(uint c0, uint c1, uint c2, uint c3, ulong key)
    {
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = (ulong)c0 * 0xD2511F53u, p1 = (ulong)c2 * 0xCD9E8D57u;
            uint high0 = (uint)(p0 >> 32), high1 = (uint)(p1 >> 32);
            c0 = high1 ^ c1 ^ k0;
            c2 = high0 ^ c3 ^ k1;
            c1 = (uint)p1;
            c3 = (uint)p0;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        return new Philox(c0, c1, c2, c3);
    }

    /// <summary>Counters that <see cref="Fill"/> serves at once.</summary>
    internal const int Lanes = 8;

    /// <summary>The words of <see cref="Lanes"/> counters in a row, each word in a 64-bit lane so that its products fit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static unsafe void Fill(uint first, uint counter1, uint counter2, uint counter3, ulong key, uint* words)
    {
        Vector512<ulong> low = Vector512.Create(0xFFFFFFFFul), m0 = Vector512.Create(0xD2511F53ul), m1 = Vector512.Create(0xCD9E8D57ul);
        Vector512<ulong> c0 = (Vector512.Create((ulong)first) + Vector512.Create(0ul, 1, 2, 3, 4, 5, 6, 7)) & low;
        Vector512<ulong> c1 = Vector512.Create((ulong)counter1), c2 = Vector512.Create((ulong)counter2), c3 = Vector512.Create((ulong)counter3);
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < 10; round++)
        {
            Vector512<ulong> p0 = c0 * m0, p1 = c2 * m1;
            c0 = (p1 >> 32) ^ c1 ^ Vector512.Create((ulong)k0);
            c2 = (p0 >> 32) ^ c3 ^ Vector512.Create((ulong)k1);
            c1 = p1 & low;
            c3 = p0 & low;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        // Two words a lane, then the lanes of both pairs in turn: a counter's four words become neighbours.
        ulong* pairs = stackalloc ulong[2 * Lanes], target = (ulong*)words;
        (c0 | (c1 << 32)).Store(pairs);
        (c2 | (c3 << 32)).Store(pairs + Lanes);
        for (int i = 0; i < Lanes; i++)
        {
            target[2 * i] = pairs[i];
            target[(2 * i) + 1] = pairs[Lanes + i];
        }
    }
}
