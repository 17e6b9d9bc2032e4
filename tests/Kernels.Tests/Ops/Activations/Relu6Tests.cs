namespace GpuCnn.Kernels.Tests;

public sealed class Relu6Examples : IActivationExamples
{
    public static IReadOnlyList<ActivationExample> All { get; } =
    [
        ActivationExample.For(new Relu6Function(), x => Math.Clamp(x, 0, 6), Tolerance.Exact,
            new(float.NaN, double.NaN, 1), new(float.PositiveInfinity, 6, 0), new(float.NegativeInfinity, 0, 0), new(float.MaxValue, 6, 0),
            new(-0f, 0, 0), new(6, 6, 0), new(1e-45f, 1e-45f, 1)) with { Kinks = [(0, 0), (6, 0)] },
    ];
}

public sealed class Relu6OnCpu : ActivationTests<Cpu, Relu6Examples>;

public sealed class Relu6OnOpenCL : ActivationTests<OpenCL, Relu6Examples>;

public sealed class Relu6OnCuda : ActivationTests<Cuda, Relu6Examples>;
