using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Exchanges two tensors within the device's memory, element by element, without a third.</summary>
internal readonly struct Exchange : IOp, IElementWise
{
    private readonly ArrayView<float> left, right;
    private readonly int count, vector;

    private Exchange(ArrayView<float> left, ArrayView<float> right, int count)
    {
        this.left = left;
        this.right = right;
        this.count = count;
        vector = Float4.Fits(left) & Float4.Fits(right);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="left">[count], gets what the other has.</param>
    /// <param name="right">[count], likewise; the two must not overlap.</param>
    /// <param name="count">The number of elements.</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> left, ArrayView<float> right, int count)
    {
        Require.Positive(count);
        Require.Length(left, count);
        Require.Length(right, count);
        device.Run(new Exchange(left, right, count));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i) => (left[i], right[i]) = (right[i], left[i]);

    void IElementWise.Four(long i)
    {
        Float4 a = Float4.Load(left, i), b = Float4.Load(right, i);
        b.Store(left, i);
        a.Store(right, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* a = CpuWorker.Pointer(left), b = CpuWorker.Pointer(right);
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            Vector512<float> mine = Vector512.Load(a + i);
            Vector512.Load(b + i).Store(a + i);
            mine.Store(b + i);
        }
        for (; i < to; i++)
        {
            (a[i], b[i]) = (b[i], a[i]);
        }
    }
}
