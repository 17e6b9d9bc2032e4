using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Moves an exponential average of values towards what they are now: a += (1 - d)(x - a).</summary>
/// <remarks>Not d a + (1 - d) x: d and 1 - d rounded do not add up to 1, which for d = 0.9999 makes the average of a constant wrong by up to 3 parts in 10,000.</remarks>
internal readonly struct MovingAverage : IOp, IElementWise
{
    private readonly ArrayView<float> averages, values;
    private readonly int count, vector;
    private readonly float rest;

    private MovingAverage(ArrayView<float> averages, ArrayView<float> values, int count, double decay)
    {
        this.averages = averages;
        this.values = values;
        this.count = count;
        vector = Float4.Fits(averages) & Float4.Fits(values);
        rest = (float)(1 - decay);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="averages">[count], a, changed in place.</param>
    /// <param name="values">[count], x.</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="decay">d, from 0 (the average is the value) to 1 (it never changes).</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> averages, ArrayView<float> values, int count, double decay)
    {
        Require.Positive(count);
        Require.Length(averages, count);
        Require.Length(values, count);
        device.Run(new MovingAverage(averages, values, count, decay));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i) => averages[i] = Moved(averages[i], values[i]);

    void IElementWise.Four(long i)
    {
        Float4 a = Float4.Load(averages, i), x = Float4.Load(values, i);
        new Float4(Moved(a.X, x.X), Moved(a.Y, x.Y), Moved(a.Z, x.Z), Moved(a.W, x.W)).Store(averages, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* a = CpuWorker.Pointer(averages), x = CpuWorker.Pointer(values);
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            Vector512<float> average = Vector512.Load(a + i);
            (average + (rest * (Vector512.Load(x + i) - average))).Store(a + i);
        }
        for (; i < to; i++)
        {
            a[i] = Moved(a[i], x[i]);
        }
    }

    private float Moved(float a, float x) => a + (rest * (x - a));
}
