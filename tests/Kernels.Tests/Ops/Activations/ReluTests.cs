namespace GpuCnn.Kernels.Tests;

public sealed class ReluExamples : IActivationExamples
{
    public static IReadOnlyList<ActivationExample> All { get; } =
    [
        ActivationExample.For(new ReluFunction(), x => Math.Max(x, 0), Tolerance.Exact,
            new(float.NaN, double.NaN, 1), new(float.PositiveInfinity, double.PositiveInfinity, 1), new(float.NegativeInfinity, 0, 0),
            new(-0f, 0, 0), new(float.MinValue, 0, 0), new(1e-45f, 1e-45f, 1)) with { Kinks = [(0, 0)] },
    ];
}

public sealed class ReluOnCpu : ActivationTests<Cpu, ReluExamples>;

public sealed class ReluOnOpenCL : ActivationTests<OpenCL, ReluExamples>;

public sealed class ReluOnCuda : ActivationTests<Cuda, ReluExamples>;
