using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>A pseudo-random order of the numbers 0 to N - 1, each element computed on its own.</summary>
/// <remarks>order [N], overwritten. A Feistel network of 2^b places, b as small as N allows, keyed by seed and epoch, maps places to places one to one; who lands at N or
/// behind walks on until below N, which leaves a permutation of 0 to N - 1 (Mitchell, Stokes, Frank, Holmes: "Bandwidth-optimal random shuffling for GPUs", 2021).
/// Integers alone: the same order on every accelerator and for any number of threads.</remarks>
internal readonly struct ShuffleOrder : IOp
{
    /// <summary>The stream that sets shuffling's random numbers apart from those of dropout and initial weights.</summary>
    private const uint Stream = 2;

    /// <summary>Pairs of rounds: the left half changes, then the right.</summary>
    private const int RoundPairs = 6;

    private readonly ArrayView<int> order;
    private readonly int count, rightBits;
    private readonly uint leftMask, rightMask, leftKey, rightKey;

    private ShuffleOrder(ArrayView<int> order, int count, ulong seed, uint epoch)
    {
        this.order = order;
        this.count = count;
        // Two bits at least, so that no half is empty.
        int bits = Math.Max(2, 32 - BitOperations.LeadingZeroCount((uint)(count - 1)));
        rightBits = bits / 2;
        rightMask = (1u << rightBits) - 1;
        leftMask = (1u << (bits - rightBits)) - 1;
        Philox keys = Philox.At(epoch, 0, 0, Stream, seed);
        leftKey = keys.X0;
        rightKey = keys.X1;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operand.</param>
    /// <param name="order">[count].</param>
    /// <param name="count">N.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The epoch, whose order is another one.</param>
    /// <exception cref="ArgumentException">The operand is shorter than N.</exception>
    public static void Run(Device device, ArrayView<int> order, int count, ulong seed, uint epoch)
    {
        Require.Positive(count);
        Require.Length(order, count);
        device.Run(new ShuffleOrder(order, count, seed, epoch));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count);

    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i < count)
        {
            order[i] = (int)At((uint)i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        (int from, int to) = worker.Share(count, CpuWorker.Line);
        int* y = CpuWorker.Pointer(order);
        for (int i = from; i < to; i++)
        {
            y[i] = (int)At((uint)i);
        }
    }

    /// <summary>The number at a place. The walk ends: it goes round a cycle of the network, on which the place itself lies.</summary>
    private uint At(uint place)
    {
        do
        {
            uint left = place >> rightBits, right = place & rightMask, key0 = leftKey, key1 = rightKey;
            for (int pair = 0; pair < RoundPairs; pair++)
            {
                left ^= Mix(right + key0) & leftMask;
                right ^= Mix(left + key1) & rightMask;
                key0 += 0x9E3779B9u;
                key1 += 0xBB67AE85u;
            }
            place = (left << rightBits) | right;
        }
        while (place >= (uint)count);
        return place;
    }

    /// <summary>Every bit of the result depends on every bit of x (the end of MurmurHash3, Appleby 2011).</summary>
    private static uint Mix(uint x)
    {
        x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
        x = (x ^ (x >> 13)) * 0xC2B2AE35u;
        return x ^ (x >> 16);
    }
}
