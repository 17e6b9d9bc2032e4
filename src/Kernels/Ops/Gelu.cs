using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;
using ILGPU.Algorithms;

namespace GpuCnn.Kernels;

/// <summary>GELU in its exact form: output = input x Φ(input), with the normal distribution's Φ(x) = (1 + erf(x / √2)) / 2.</summary>
/// <remarks>Hendrycks and Gimpel, "Gaussian error linear units", 2016; not their approximation by a hyperbolic tangent.</remarks>
public readonly struct Gelu : IOp, IElementWise
{
    private readonly ArrayView<float> input, output;
    private readonly int count, vector;

    private Gelu(ArrayView<float> input, ArrayView<float> output, int count)
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
        device.Run(new Gelu(input, output, count));
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
            (value * NormalDistribution.At(value)).Store(y + i);
        }
        for (; i < to; i++)
        {
            y[i] = Of(x[i]);
        }
    }

    private static float Of(float x) => x * NormalDistribution.At(x);
}

/// <summary>Gradient of <see cref="Gelu"/>: gradInput = gradOutput x (Φ(input) + input x φ(input)). Both gradients may be the same memory.</summary>
public readonly struct GeluGradient : IOp, IElementWise
{
    private readonly ArrayView<float> input, gradOutput, gradInput;
    private readonly int count, vector;

    private GeluGradient(ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> gradInput, int count)
    {
        this.input = input;
        this.gradOutput = gradOutput;
        this.gradInput = gradInput;
        this.count = count;
        vector = Float4.Fits(input) & Float4.Fits(gradOutput) & Float4.Fits(gradInput);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[count], what <see cref="Gelu"/> read.</param>
    /// <param name="gradOutput">[count].</param>
    /// <param name="gradInput">[count].</param>
    /// <param name="count">The number of elements.</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<float> gradInput, int count)
    {
        Require.Positive(count);
        Require.Length(input, count);
        Require.Length(gradOutput, count);
        Require.Length(gradInput, count);
        device.Run(new GeluGradient(input, gradOutput, gradInput, count));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(count, vector);

    void IOp.Gpu() => ElementWise.Run(this, count, vector);

    void IElementWise.One(long i) => gradInput[i] = Of(input[i], gradOutput[i]);

    void IElementWise.Four(long i)
    {
        Float4 x = Float4.Load(input, i), dy = Float4.Load(gradOutput, i);
        new Float4(Of(x.X, dy.X), Of(x.Y, dy.Y), Of(x.Z, dy.Z), Of(x.W, dy.W)).Store(gradInput, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        float* x = CpuWorker.Pointer(input), dy = CpuWorker.Pointer(gradOutput), dx = CpuWorker.Pointer(gradInput);
        (int i, int to) = worker.Share(count, CpuWorker.Line);
        for (; i + CpuWorker.Line <= to; i += CpuWorker.Line)
        {
            Vector512<float> value = Vector512.Load(x + i);
            (Vector512.Load(dy + i) * (NormalDistribution.At(value) + (value * NormalDistribution.Density(value)))).Store(dx + i);
        }
        for (; i < to; i++)
        {
            dx[i] = Of(x[i], dy[i]);
        }
    }

    private static float Of(float x, float dy) => dy * (NormalDistribution.At(x) + (x * NormalDistribution.Density(x)));
}

/// <summary>The normal distribution, for scalars of both bodies and for vectors.</summary>
/// <remarks>erf by two polynomials of t = |x / √2|: below 0.927 of t², above it in the exponent of 1 - exp. Errors are within 1.2 units in the last place of erf.</remarks>
internal static class NormalDistribution
{
    private const float RootHalf = 0.70710678f, DensityAtZero = 0.39894228f, Middle = 0.927734375f;

    /// <summary>The tail's exponent, highest power first; then the middle's polynomial of t², likewise, whose result is multiplied by t.</summary>
    private const float T6 = -1.72853470e-5f, T5 = 3.83197126e-4f, T4 = -3.88396438e-3f, T3 = 2.42546219e-2f, T2 = -1.06777877e-1f, T1 = -6.34846687e-1f, T0 = -1.28717512e-1f,
        M5 = -5.96761703e-4f, M4 = 4.99119423e-3f, M3 = -2.67681349e-2f, M2 = 1.12819925e-1f, M1 = -3.76125336e-1f, M0 = 1.28379166e-1f;

    /// <summary>Φ(x).</summary>
    public static float At(float x)
    {
        float a = x * RootHalf, t = Math.Abs(a), s = a * a, erf;
        if (t > Middle)
        {
            float exponent = (((((((((T6 * t) + T5) * s) + ((T4 * t) + T3)) * t) + T2) * t) + T1) * t) + T0;
            float rest = 1f - XMath.Exp((exponent * t) - t);
            erf = a < 0f ? -rest : rest;
        }
        else
        {
            erf = (((((((((((M5 * s) + M4) * s) + M3) * s) + M2) * s) + M1) * s) + M0) * a) + a;
        }
        return 0.5f + (0.5f * erf);
    }

    /// <summary>φ(x).</summary>
    public static float Density(float x) => DensityAtZero * XMath.Exp(-0.5f * x * x);

    /// <summary>Φ of each element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> At(Vector512<float> x)
    {
        Vector512<float> a = x * RootHalf, t = Vector512.Abs(a), s = a * a;
        Vector512<float> exponent = (((((((((t * T6) + Vector512.Create(T5)) * s) + ((t * T4) + Vector512.Create(T3))) * t) + Vector512.Create(T2)) * t) + Vector512.Create(T1)) * t) + Vector512.Create(T0);
        Vector512<float> rest = Vector512<float>.One - Vector512.Exp((exponent * t) - t);
        Vector512<float> tail = Vector512.ConditionalSelect(Vector512.LessThan(a, Vector512<float>.Zero), -rest, rest);
        Vector512<float> middle = (((((((((((s * M5) + Vector512.Create(M4)) * s) + Vector512.Create(M3)) * s) + Vector512.Create(M2)) * s) + Vector512.Create(M1)) * s) + Vector512.Create(M0)) * a) + a;
        Vector512<float> erf = Vector512.ConditionalSelect(Vector512.GreaterThan(t, Vector512.Create(Middle)), tail, middle);
        return Vector512.Create(0.5f) + (erf * 0.5f);
    }

    /// <summary>φ of each element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Density(Vector512<float> x) => Vector512.Exp(x * x * -0.5f) * DensityAtZero;
}
