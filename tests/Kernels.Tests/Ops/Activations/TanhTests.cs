namespace GpuCnn.Kernels.Tests;

public sealed class TanhExamples : IActivationExamples
{
    /// <remarks>Relative, for small numbers too: they are their own hyperbolic tangents.</remarks>
    public static IReadOnlyList<ActivationExample> All { get; } =
    [
        ActivationExample.For(new TanhFunction(), Math.Tanh, new Tolerance(0, 8 * Tolerance.Epsilon),
            new(float.NaN, double.NaN, double.NaN), new(float.PositiveInfinity, 1, 0), new(float.NegativeInfinity, -1, 0), new(1e30f, 1, 0), new(-1e30f, -1, 0),
            new(0f, 0, 1), new(-0f, 0, 1), new(1e-45f, 1e-45f, 1), new(-1e-45f, -1e-45f, 1)),
    ];
}

public sealed class TanhOnCpu : ActivationTests<Cpu, TanhExamples>;

public sealed class TanhOnOpenCL : ActivationTests<OpenCL, TanhExamples>;

public sealed class TanhOnCuda : ActivationTests<Cuda, TanhExamples>;
