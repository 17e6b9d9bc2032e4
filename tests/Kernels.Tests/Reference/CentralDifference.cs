using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Proves a gradient of the reference by central differences.</summary>
public static class CentralDifference
{
    private const double Step = 1e-5;

    /// <summary>Compares a gradient of the scalar function with (f(x + h) - f(x - h)) / 2h, one element of x after the other.</summary>
    /// <param name="x">Where; changed and restored.</param>
    /// <param name="gradient">The gradient there.</param>
    /// <param name="f">The function, which reads x.</param>
    public static void Proves(double[] x, double[] gradient, Func<double> f)
    {
        Assert.Equal(x.Length, gradient.Length);
        for (int i = 0; i < x.Length; i++)
        {
            double at = x[i];
            x[i] = at + Step;
            double above = f();
            x[i] = at - Step;
            double below = f();
            x[i] = at;
            double difference = (above - below) / (2 * Step);
            Assert.True(Math.Abs(difference - gradient[i]) <= 1e-8 + (1e-6 * Math.Abs(gradient[i])), $"element {i}: gradient {gradient[i]:R}, central difference {difference:R}");
        }
    }
}
