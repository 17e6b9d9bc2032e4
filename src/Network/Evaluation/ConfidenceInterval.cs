namespace GpuCnn;

/// <summary>Bounds that hold a true share with a stated confidence.</summary>
/// <param name="Low">The lower bound.</param>
/// <param name="High">The upper bound.</param>
public readonly record struct ConfidenceInterval(double Low, double High)
{
    /// <summary>The quantile of the standard normal distribution that leaves 2.5 % above it.</summary>
    private const double Quantile = 1.959963984540054;

    /// <summary>The 95 % score interval of a share, which unlike the mean plus or minus its error is right for shares near 0 and 1 too.</summary>
    /// <remarks>E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American Statistical Association 22 (1927),
    /// 209-212: the shares p with (hits/n - p)² ≤ z² p(1 - p)/n.</remarks>
    /// <param name="hits">How many of the samples have what is counted.</param>
    /// <param name="samples">How many there are; with none, nothing is known: 0 to 1.</param>
    /// <returns>The interval, within 0 and 1.</returns>
    public static ConfidenceInterval Wilson(int hits, int samples)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(hits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hits, samples);
        if (samples == 0)
        {
            return new ConfidenceInterval(0, 1);
        }
        double n = samples, share = hits / n, square = Quantile * Quantile / n;
        double centre = (share + (square / 2)) / (1 + square);
        double half = Math.Sqrt((share * (1 - share) * square) + (square * square / 4)) / (1 + square);
        // At the ends the exact bound is 0 or 1; rounding would miss it by a little.
        return new ConfidenceInterval(hits == 0 ? 0 : centre - half, hits == samples ? 1 : centre + half);
    }
}
