using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Copies a tensor within the device's memory.</summary>
internal readonly struct Copy : IOp, IElementWise
{
    private readonly ArrayView<float> input, output;
    private readonly int count, vector;

    private Copy(ArrayView<float> input, ArrayView<float> output, int count)
    {
        this.input = input;
        this.output = output;
        this.count = count;
        vector = Float4.Fits(input) & Float4.Fits(output);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[count].</param>
    /// <param name="output">[count].</param>
    /// <param name="count">The number of elements.</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> output, int count)
    {
        Require.Positive(count);
        Require.Length(input, count);
        Require.Length(output, count);
        device.Run(new Copy(input, output, count));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i) => output[i] = input[i];

    void IElementWise.Four(long i)
    {
        Float4.Load(input, i).Store(output, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        (int from, int to) = worker.Share(count, CpuWorker.Line);
        new ReadOnlySpan<float>(CpuWorker.Pointer(input) + from, to - from).CopyTo(new Span<float>(CpuWorker.Pointer(output) + from, to - from));
    }
}
