using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Dropout, in place: each element is set to zero with the given rate, the others are divided by 1 - rate.</summary>
/// <remarks>The mask is a function of seed, step, layer and the element's place: the gradient is the same operation on the gradients, with nothing stored
/// in between, and the mask is the same on every accelerator and for any number of threads.</remarks>
internal readonly struct Dropout : IOp
{
    private readonly ArrayView<float> values;
    private readonly int count, vector;
    private readonly uint threshold, step, layer;
    private readonly float scale;
    private readonly ulong seed;

    private Dropout(ArrayView<float> values, int count, double rate, ulong seed, uint step, uint layer)
    {
        this.values = values;
        this.count = count;
        vector = Float4.Fits(values);
        threshold = (uint)Math.Round(rate * 4294967296.0);
        scale = Scale(rate);
        this.seed = seed;
        this.step = step;
        this.layer = layer;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operand.</param>
    /// <param name="values">[count], changed in place.</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="rate">The share of elements to drop, from 0 up to but not including 1.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="step">The training step: another step, another mask.</param>
    /// <param name="layer">The layer: another layer, another mask.</param>
    /// <exception cref="ArgumentException">The operand is shorter, or the rate is outside [0, 1).</exception>
    public static void Run(Device device, ArrayView<float> values, int count, double rate, ulong seed, uint step, uint layer)
    {
        Require.Positive(count);
        Require.Length(values, count);
        Require.Rate(rate);
        device.Run(new Dropout(values, count, rate, seed, step, layer));
    }

    /// <summary>What elements are multiplied by that are not dropped.</summary>
    internal static float Scale(double rate) => (float)(1.0 / (1.0 - rate));

    KernelConfig IOp.GpuShape => ElementWise.Shape((count + 3) / 4);

    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i < (count + 3) / 4)
        {
            Four(i, vector);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        (int from, int to) = worker.Share((count + 3) / 4, Philox.Lanes);
        uint* words = stackalloc uint[4 * Philox.Lanes];
        float* x = CpuWorker.Pointer(values);
        int i = from;
        for (; i + Philox.Lanes <= count / 4 && i + Philox.Lanes <= to; i += Philox.Lanes)
        {
            Philox.Fill((uint)i, step, layer, 0, seed, words);
            for (int j = 0; j < 4 * Philox.Lanes; j += CpuWorker.Line)
            {
                Vector512<float> dropped = Vector512.LessThan(Vector512.Load(words + j), Vector512.Create(threshold)).AsSingle();
                float* sixteen = x + (4 * i) + j;
                Vector512.ConditionalSelect(dropped, Vector512<float>.Zero, Vector512.Load(sixteen) * scale).Store(sixteen);
            }
        }
        for (; i < to; i++)
        {
            Four(i, 0);
        }
    }

    /// <summary>Four neighbours share one random draw of four words.</summary>
    /// <param name="block">Which four; the last may be fewer.</param>
    /// <param name="aligned">1 when they may be loaded and stored together.</param>
    private void Four(int block, int aligned)
    {
        Philox random = Philox.At((uint)block, step, layer, 0, seed);
        int i = Float4.Count * block, left = count - i;
        bool together = aligned != 0 && left >= Float4.Count;
        Float4 x = together ? Float4.Load(values, i) : Float4.Load(values, i, left);
        Float4 kept = new(Keep(x.X, random.X0), Keep(x.Y, random.X1), Keep(x.Z, random.X2), Keep(x.W, random.X3));
        if (together)
        {
            kept.Store(values, i);
        }
        else
        {
            kept.Store(values, i, left);
        }
    }

    private float Keep(float value, uint word) => word < threshold ? 0f : value * scale;
}
