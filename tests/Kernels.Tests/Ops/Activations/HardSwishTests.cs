namespace GpuCnn.Kernels.Tests;

public sealed class HardSwishExamples : IActivationExamples
{
    public static IReadOnlyList<ActivationExample> All { get; } =
    [
        ActivationExample.For(new HardSwishFunction(), x => x * Math.Clamp(x + 3, 0, 6) / 6, Tolerance.Few,
            new(float.NaN, double.NaN, double.NaN), new(float.PositiveInfinity, double.PositiveInfinity, 1), new(float.NegativeInfinity, 0, 0),
            new(1e30f, 1e30f, 1), new(-1e30f, 0, 0), new(3, 3, 1), new(-3, 0, 0), new(-0f, 0, 0.5), new(1e-45f, 0, 0.5)) with { Kinks = [(-3, 0), (3, 1)] },
    ];
}

public sealed class HardSwishOnCpu : ActivationTests<Cpu, HardSwishExamples>;

public sealed class HardSwishOnOpenCL : ActivationTests<OpenCL, HardSwishExamples>;

public sealed class HardSwishOnCuda : ActivationTests<Cuda, HardSwishExamples>;
