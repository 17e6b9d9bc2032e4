using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Adds two tensors: output = left + right, then perhaps ReLU. The output may be the memory of either.</summary>
internal readonly struct Add : IOp, IElementWise
{
    private readonly ArrayView<float> left, right, output;
    private readonly int count, relu, vector;

    private Add(ArrayView<float> left, ArrayView<float> right, ArrayView<float> output, int count, bool relu)
    {
        this.left = left;
        this.right = right;
        this.output = output;
        this.count = count;
        this.relu = relu ? 1 : 0;
        vector = Float4.Fits(left) & Float4.Fits(right) & Float4.Fits(output);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="left">[count].</param>
    /// <param name="right">[count].</param>
    /// <param name="output">[count].</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="relu">Whether negative sums become zero.</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> left, ArrayView<float> right, ArrayView<float> output, int count, bool relu = false)
    {
        Require.Positive(count);
        Require.Length(left, count);
        Require.Length(right, count);
        Require.Length(output, count);
        device.Run(new Add(left, right, output, count, relu));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i) => output[i] = Activate(left[i] + right[i]);

    void IElementWise.Four(long i)
    {
        Float4 sum = Float4.Load(left, i) + Float4.Load(right, i);
        new Float4(Activate(sum.X), Activate(sum.Y), Activate(sum.Z), Activate(sum.W)).Store(output, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* a = CpuWorker.Pointer(left), b = CpuWorker.Pointer(right), sum = CpuWorker.Pointer(output);
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            Vector512<float> value = Vector512.Load(a + i) + Vector512.Load(b + i);
            (relu != 0 ? Elements.Relu(value) : value).Store(sum + i);
        }
        for (; i < to; i++)
        {
            sum[i] = Activate(a[i] + b[i]);
        }
    }

    /// <remarks>One comparison a choice, as in <see cref="SumRows"/>.</remarks>
    private float Activate(float sum)
    {
        float closed = relu != 0 ? 0f : sum;
        return sum <= 0f ? closed : sum;
    }
}
