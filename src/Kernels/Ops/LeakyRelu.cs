using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>LeakyReLU: output = input where that is positive, else slope x input; NaN stays NaN. Input and output may be the same memory.</summary>
public readonly struct LeakyRelu : IOp, IElementWise
{
    private readonly ArrayView<float> input, output;
    private readonly int count, vector;
    private readonly float slope;

    private LeakyRelu(ArrayView<float> input, ArrayView<float> output, int count, float slope)
    {
        this.input = input;
        this.output = output;
        this.count = count;
        vector = Float4.Fits(input) & Float4.Fits(output);
        this.slope = slope;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[count].</param>
    /// <param name="output">[count].</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="slope">The slope below zero, from 0 to 1.</param>
    /// <exception cref="ArgumentException">An operand is shorter, or the slope lies outside.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> output, int count, double slope)
    {
        Require.Positive(count);
        Require.Length(input, count);
        Require.Length(output, count);
        device.Run(new LeakyRelu(input, output, count, RequireSlope(slope)));
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
            Vector512<float> value = Vector512.Load(x + i);
            Vector512.ConditionalSelect(Vector512.LessThanOrEqual(value, Vector512<float>.Zero), value * slope, value).Store(y + i);
        }
        for (; i < to; i++)
        {
            y[i] = Of(x[i]);
        }
    }

    private float Of(float x) => x <= 0f ? slope * x : x;

    /// <summary>With a slope from 0 to 1 the output's sign tells that of the input, which is all that the gradient needs.</summary>
    internal static float RequireSlope(double slope) => slope is >= 0 and <= 1
        ? (float)slope
        : throw new ArgumentOutOfRangeException(nameof(slope), slope, "a slope lies in [0, 1]");
}

/// <summary>Gradient of <see cref="LeakyRelu"/>: gradInput = gradOutput where output is positive, else slope x gradOutput. Both gradients may be the same memory.</summary>
public readonly struct LeakyReluGradient : IOp, IElementWise
{
    private readonly ArrayView<float> output, gradOutput, gradInput;
    private readonly int count, vector;
    private readonly float slope;

    private LeakyReluGradient(ArrayView<float> output, ArrayView<float> gradOutput, ArrayView<float> gradInput, int count, float slope)
    {
        this.output = output;
        this.gradOutput = gradOutput;
        this.gradInput = gradInput;
        this.count = count;
        vector = Float4.Fits(output) & Float4.Fits(gradOutput) & Float4.Fits(gradInput);
        this.slope = slope;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="output">[count], as <see cref="LeakyRelu"/> left it.</param>
    /// <param name="gradOutput">[count].</param>
    /// <param name="gradInput">[count].</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="slope">The slope below zero, from 0 to 1.</param>
    /// <exception cref="ArgumentException">An operand is shorter, or the slope lies outside.</exception>
    public static void Run(Device device, ArrayView<float> output, ArrayView<float> gradOutput, ArrayView<float> gradInput, int count, double slope)
    {
        Require.Positive(count);
        Require.Length(output, count);
        Require.Length(gradOutput, count);
        Require.Length(gradInput, count);
        device.Run(new LeakyReluGradient(output, gradOutput, gradInput, count, LeakyRelu.RequireSlope(slope)));
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
            Vector512<float> gradient = Vector512.Load(dy + i);
            Vector512.ConditionalSelect(Vector512.LessThanOrEqual(Vector512.Load(y + i), Vector512<float>.Zero), gradient * slope, gradient).Store(dx + i);
        }
        for (; i < to; i++)
        {
            dx[i] = Of(y[i], dy[i]);
        }
    }

    private float Of(float y, float dy) => y <= 0f ? slope * dy : dy;
}
