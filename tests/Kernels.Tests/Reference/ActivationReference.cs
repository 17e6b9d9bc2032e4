namespace GpuCnn.Kernels.Tests;

/// <summary>What activations are made of, in double.</summary>
public static class ActivationReference
{
    /// <summary>Φ(x): the density's integral by Simpson's rule, which nothing else here is made of.</summary>
    public static double Normal(double x)
    {
        const int Steps = 1000;
        double end = Math.Clamp(x, -12, 12), h = end / Steps, sum = Density(0) + Density(end);
        for (int i = 1; i < Steps; i++)
        {
            sum += (i % 2 == 1 ? 4 : 2) * Density(i * h);
        }
        return 0.5 + (sum * h / 3);
    }

    /// <summary>exp(x) - 1 without cancellation: 2 exp(x/2) sinh(x/2).</summary>
    public static double ExpMinusOne(double x) => 2 * Math.Exp(x / 2) * Math.Sinh(x / 2);

    /// <summary>A function's derivative by central differences.</summary>
    public static double Slope(Func<double, double> function, double x)
    {
        const double Step = 1e-5;
        return (function(x + Step) - function(x - Step)) / (2 * Step);
    }

    private static double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
}
