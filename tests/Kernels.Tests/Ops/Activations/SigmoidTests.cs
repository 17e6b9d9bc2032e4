namespace GpuCnn.Kernels.Tests;

public sealed class SigmoidExamples : IActivationExamples
{
    public static IReadOnlyList<ActivationExample> All { get; } =
    [
        ActivationExample.For(new SigmoidFunction(), x => 1 / (1 + Math.Exp(-x)), new Tolerance(Tolerance.Epsilon, 8 * Tolerance.Epsilon),
            new(float.NaN, double.NaN, double.NaN), new(float.PositiveInfinity, 1, 0), new(float.NegativeInfinity, 0, 0), new(1e30f, 1, 0), new(-1e30f, 0, 0),
            new(-0f, 0.5, 0.25), new(1e-45f, 0.5, 0.25)),
    ];
}

public sealed class SigmoidOnCpu : ActivationTests<Cpu, SigmoidExamples>;

public sealed class SigmoidOnOpenCL : ActivationTests<OpenCL, SigmoidExamples>;

public sealed class SigmoidOnCuda : ActivationTests<Cuda, SigmoidExamples>;
