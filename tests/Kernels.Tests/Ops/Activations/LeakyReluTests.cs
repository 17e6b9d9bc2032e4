using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class LeakyReluExamples : IActivationExamples
{
    public static IReadOnlyList<ActivationExample> All { get; } = [With(0.125), With(0.25), With(0), With(1)];

    [Fact]
    public static void Slopes_outside_of_0_to_1_are_refused() =>
        Assert.All((double[])[-0.1, 1.1, double.NaN], slope => Assert.Throws<ArgumentOutOfRangeException>(() => new LeakyReluFunction(slope)));

    private static ActivationExample With(double slope) => ActivationExample.For(new LeakyReluFunction(slope), x => x > 0 ? x : slope * x, Tolerance.Few,
        new(float.NaN, double.NaN, 1), new(float.PositiveInfinity, double.PositiveInfinity, 1),
        new(float.MinValue, slope * float.MinValue, slope), new(-8, -8 * slope, slope), new(-0f, 0, slope), new(1e-45f, 1e-45f, 1))
    with
    {
        Name = $"slope {slope}",
        Kinks = [(0, slope)],
    };
}

public sealed class LeakyReluOnCpu : ActivationTests<Cpu, LeakyReluExamples>;

public sealed class LeakyReluOnOpenCL : ActivationTests<OpenCL, LeakyReluExamples>;

public sealed class LeakyReluOnCuda : ActivationTests<Cuda, LeakyReluExamples>;
