namespace GpuCnn.Kernels.Tests;

/// <summary>LeakyReLU and GELU from their definitions, in double.</summary>
public static class ActivationReference
{
    /// <summary>x, or slope x below zero.</summary>
    public static double LeakyRelu(double x, double slope) => x > 0 ? x : slope * x;

    /// <summary>The gradient of x, of what <see cref="LeakyRelu"/> gave and its gradient; with a slope of 0 too, where what it gave does not tell zero from below.</summary>
    public static double[] LeakyReluGradient(double[] output, double[] gradOutput, double slope) => [.. output.Zip(gradOutput, (y, r) => y > 0 ? r : slope * r)];

    /// <summary>x Φ(x).</summary>
    public static double Gelu(double x) => x * Normal(x);

    /// <summary>Its derivative.</summary>
    public static double GeluSlope(double x) => Normal(x) + (x * Density(x));

    /// <summary>φ(x).</summary>
    public static double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

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
}
