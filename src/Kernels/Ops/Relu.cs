using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>ReLU: output = max(input, 0); NaN stays NaN. Input and output may be the same memory.</summary>
public readonly struct Relu : IOp, IElementWise
{
    private readonly ArrayView<float> input, output;
    private readonly int count, vector;

    private Relu(ArrayView<float> input, ArrayView<float> output, int count)
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
        device.Run(new Relu(input, output, count));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i) => output[i] = Of(input[i]);

    void IElementWise.Four(long i)
    {
        Float4 x = Float4.Load(input, i);
        new Float4(Of(x.X), Of(x.Y), Of(x.Z), Of(x.W)).Store(output, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* x = CpuWorker.Pointer(input), y = CpuWorker.Pointer(output);
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            Elements.Relu(Vector512.Load(x + i)).Store(y + i);
        }
        for (; i < to; i++)
        {
            y[i] = Of(x[i]);
        }
    }

    private static float Of(float x) => x <= 0f ? 0f : x;
}

/// <summary>Gradient of <see cref="Relu"/>: gradInput = gradOutput where output is positive, else 0. Both gradients may be the same memory.</summary>
/// <remarks>Of <see cref="Relu"/> and a <see cref="Dropout"/> behind it too: what was dropped is zero like what was closed, so that the mask need not be drawn again.</remarks>
public readonly struct ReluGradient : IOp, IElementWise
{
    private readonly ArrayView<float> output, gradOutput, gradInput;
    private readonly int count, vector;
    private readonly float scale;

    private ReluGradient(ArrayView<float> output, ArrayView<float> gradOutput, ArrayView<float> gradInput, int count, float scale)
    {
        this.output = output;
        this.gradOutput = gradOutput;
        this.gradInput = gradInput;
        this.count = count;
        this.scale = scale;
        vector = Float4.Fits(output) & Float4.Fits(gradOutput) & Float4.Fits(gradInput);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="output">[count], as <see cref="Relu"/> left it, or dropout behind it.</param>
    /// <param name="gradOutput">[count].</param>
    /// <param name="gradInput">[count].</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="rate">The rate of a dropout that worked on the output; 0 for none.</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> output, ArrayView<float> gradOutput, ArrayView<float> gradInput, int count, double rate = 0)
    {
        Require.Positive(count);
        Require.Length(output, count);
        Require.Length(gradOutput, count);
        Require.Length(gradInput, count);
        Require.Rate(rate);
        device.Run(new ReluGradient(output, gradOutput, gradInput, count, Dropout.Scale(rate)));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i) => gradInput[i] = Of(output[i], gradOutput[i]);

    void IElementWise.Four(long i)
    {
        Float4 y = Float4.Load(output, i), dy = Float4.Load(gradOutput, i);
        new Float4(Of(y.X, dy.X), Of(y.Y, dy.Y), Of(y.Z, dy.Z), Of(y.W, dy.W)).Store(gradInput, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* y = CpuWorker.Pointer(output), dy = CpuWorker.Pointer(gradOutput), dx = CpuWorker.Pointer(gradInput);
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            Vector512<float> closed = Vector512.LessThanOrEqual(Vector512.Load(y + i), Vector512<float>.Zero);
            Vector512.ConditionalSelect(closed, Vector512<float>.Zero, Vector512.Load(dy + i) * scale).Store(dx + i);
        }
        for (; i < to; i++)
        {
            dx[i] = Of(y[i], dy[i]);
        }
    }

    private float Of(float y, float dy) => y <= 0f ? 0f : dy * scale;
}
