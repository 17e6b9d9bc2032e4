namespace GpuCnn.Kernels.Tests;

public sealed class GeluExamples : IActivationExamples
{
    public static IReadOnlyList<ActivationExample> All { get; } =
    [
        ActivationExample.For(new GeluFunction(), x => x * ActivationReference.Normal(x), new Tolerance(4 * Tolerance.Epsilon, 8 * Tolerance.Epsilon),
            new(float.NaN, double.NaN, double.NaN), new(float.PositiveInfinity, double.PositiveInfinity, double.NaN),
            new(float.NegativeInfinity, double.NaN, double.NaN), new(1e30f, 1e30f, 1), new(-1e30f, 0, 0), new(30, 30, 1), new(-30, 0, 0),
            new(-0f, 0, 0.5), new(1e-45f, 0, 0.5)),
    ];
}

public sealed class GeluOnCpu : ActivationTests<Cpu, GeluExamples>;

public sealed class GeluOnOpenCL : ActivationTests<OpenCL, GeluExamples>;

public sealed class GeluOnCuda : ActivationTests<Cuda, GeluExamples>;
