using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class EluExamples : IActivationExamples
{
    public static IReadOnlyList<ActivationExample> All { get; } = [With(1), With(0.5), With(0), With(3)];

    [Fact]
    public static void An_alpha_that_is_negative_or_infinite_is_refused() =>
        Assert.All((double[])[-0.1, double.PositiveInfinity, double.NaN], alpha => Assert.Throws<ArgumentOutOfRangeException>(() => new EluFunction(alpha)));

    /// <remarks>Relative, for small negative numbers too.</remarks>
    private static ActivationExample With(double alpha) => ActivationExample.For(new EluFunction(alpha), x => x > 0 ? x : alpha * ActivationReference.ExpMinusOne(x),
        new Tolerance(0, 8 * Tolerance.Epsilon),
        new(float.NaN, double.NaN, 1), new(float.PositiveInfinity, double.PositiveInfinity, 1), new(float.NegativeInfinity, -alpha, 0), new(1e30f, 1e30f, 1),
        new(-1e30f, -alpha, 0), new(-0f, 0, alpha), new(1e-45f, 1e-45f, 1), new(-1e-45f, -1e-45f * alpha, alpha))
    with
    {
        Name = $"alpha {alpha}",
        Kinks = [(0, alpha)],
    };
}

public sealed class EluOnCpu : ActivationTests<Cpu, EluExamples>;

public sealed class EluOnOpenCL : ActivationTests<OpenCL, EluExamples>;

public sealed class EluOnCuda : ActivationTests<Cuda, EluExamples>;
