using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Dropout, in place: each element is set to zero with the given rate, the others are divided by 1 - rate.</summary>
/// <remarks>The mask is a function of seed, step, layer and the element's place: the gradient is the same operation on the gradients, with nothing stored
/// in between, and the mask is the same on every accelerator and for any number of threads.</remarks>
public readonly struct Dropout : IOp
{
    private readonly ArrayView<float> values;
    private readonly int count;
    private readonly uint threshold, step, layer;
    private readonly float scale;
    private readonly ulong seed;

    private Dropout(ArrayView<float> values, int count, double rate, ulong seed, uint step, uint layer)
    {
        this.values = values;
        this.count = count;
        threshold = (uint)Math.Round(rate * 4294967296.0);
        scale = (float)(1.0 / (1.0 - rate));
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
        if (!(rate >= 0 && rate < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "a dropout rate lies in [0, 1)");
        }
        device.Run(new Dropout(values, count, rate, seed, step, layer));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape((count + 3) / 4);

    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i < (count + 3) / 4)
        {
            Four(i);
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
            Four(i);
        }
    }

    /// <summary>Four neighbours share one random draw of four words.</summary>
    private void Four(int block)
    {
        Philox random = Philox.At((uint)block, step, layer, 0, seed);
        int i = 4 * block;
        values[i] = Keep(values[i], random.X0);
        if (i + 1 < count) { values[i + 1] = Keep(values[i + 1], random.X1); }
        if (i + 2 < count) { values[i + 2] = Keep(values[i + 2], random.X2); }
        if (i + 3 < count) { values[i + 3] = Keep(values[i + 3], random.X3); }
    }

    private float Keep(float value, uint word) => word < threshold ? 0f : value * scale;
}
