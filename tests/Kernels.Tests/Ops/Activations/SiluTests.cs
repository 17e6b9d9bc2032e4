namespace GpuCnn.Kernels.Tests;

public sealed class SiluExamples : IActivationExamples
{
    public static IReadOnlyList<ActivationExample> All { get; } =
    [
        ActivationExample.For(new SiluFunction(), x => x / (1 + Math.Exp(-x)), new Tolerance(Tolerance.Epsilon, 8 * Tolerance.Epsilon),
            new(float.NaN, double.NaN, double.NaN), new(float.PositiveInfinity, double.PositiveInfinity, double.NaN),
            new(float.NegativeInfinity, double.NaN, double.NaN), new(1e30f, 1e30f, 1), new(-1e30f, 0, 0), new(-0f, 0, 0.5), new(1e-45f, 0, 0.5)),
    ];
}

public sealed class SiluOnCpu : ActivationTests<Cpu, SiluExamples>;

public sealed class SiluOnOpenCL : ActivationTests<OpenCL, SiluExamples>;

public sealed class SiluOnCuda : ActivationTests<Cuda, SiluExamples>;
