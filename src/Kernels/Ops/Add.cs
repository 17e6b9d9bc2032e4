using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Adds two tensors: output = left + right. The output may be the memory of either.</summary>
public readonly struct Add : IOp
{
    private readonly ArrayView<float> left, right, output;
    private readonly int count;

    private Add(ArrayView<float> left, ArrayView<float> right, ArrayView<float> output, int count)
    {
        this.left = left;
        this.right = right;
        this.output = output;
        this.count = count;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="left">[count].</param>
    /// <param name="right">[count].</param>
    /// <param name="output">[count].</param>
    /// <param name="count">The number of elements.</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> left, ArrayView<float> right, ArrayView<float> output, int count)
    {
        Require.Positive(count);
        Require.Length(left, count);
        Require.Length(right, count);
        Require.Length(output, count);
        device.Run(new Add(left, right, output, count));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count);

    void IOp.Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i < count)
        {
            output[i] = left[i] + right[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* a = CpuWorker.Pointer(left), b = CpuWorker.Pointer(right), sum = CpuWorker.Pointer(output);
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            (Vector512.Load(a + i) + Vector512.Load(b + i)).Store(sum + i);
        }
        for (; i < to; i++)
        {
            sum[i] = a[i] + b[i];
        }
    }
}
