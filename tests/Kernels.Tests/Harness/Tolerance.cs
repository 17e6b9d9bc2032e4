using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>How far a float result may lie from the double reference: |a - e| at most Absolute + Relative |e|.</summary>
public readonly record struct Tolerance(double Absolute, double Relative)
{
    /// <summary>The distance from 1 to the next float.</summary>
    public const double Epsilon = 1.0 / (1 << 23);

    /// <summary>For a sum of products of factors within [-1, 1]: rounding errors of partial sums as large as a random walk's.</summary>
    /// <param name="terms">The number of products.</param>
    /// <param name="scale">The size of a product.</param>
    public static Tolerance Sum(int terms, double scale = 1) => new(Epsilon * (terms + 8) * scale, 8 * Epsilon);

    /// <summary>For a few roundings.</summary>
    public static Tolerance Few => new(2 * Epsilon, 8 * Epsilon);

    /// <summary>The same value: for results that are copies.</summary>
    public static Tolerance Exact => new(0, 0);

    /// <summary>NaN is only near to NaN.</summary>
    public bool Allows(double actual, double expected) => double.IsNaN(expected)
        ? double.IsNaN(actual)
        : actual == expected || Math.Abs(actual - expected) <= Absolute + (Relative * Math.Abs(expected));
}

/// <summary>Comparisons whose messages say where.</summary>
public static class Near
{
    /// <summary>Fails at the first element outside the tolerance, NaN included.</summary>
    /// <param name="what">What is compared: the output's name, the test's name, the seed.</param>
    /// <param name="actual">The results.</param>
    /// <param name="expected">As many expected values.</param>
    /// <param name="tolerance">The tolerance.</param>
    /// <param name="sizes">The array's dimensions, for the message.</param>
    public static void Equal(string what, ReadOnlySpan<float> actual, ReadOnlySpan<double> expected, Tolerance tolerance, params ReadOnlySpan<int> sizes)
    {
        Assert.True(actual.Length == expected.Length, $"{what}: {actual.Length} values, expected {expected.Length}");
        int wrong = 0, first = -1;
        for (int i = 0; i < actual.Length; i++)
        {
            if (!tolerance.Allows(actual[i], expected[i]))
            {
                wrong++;
                first = first < 0 ? i : first;
            }
        }
        if (wrong > 0)
        {
            double error = Math.Abs(actual[first] - expected[first]);
            Assert.Fail($"{what}: {wrong} of {actual.Length} values are wrong, the first at {Index(first, sizes)}: {actual[first]:R}, expected {expected[first]:R}, "
                + $"error {error:G3} (relative {error / Math.Abs(expected[first]):G3}), tolerance {tolerance.Absolute:G3} + {tolerance.Relative:G3} |e|");
        }
    }

    /// <summary>Fails when two inner products differ by more than rounding.</summary>
    public static void SameProduct(string what, double left, double right, int terms) =>
        Assert.True(Math.Abs(left - right) <= Tolerance.Epsilon * terms, $"{what}: {left:R} and {right:R} are not equal");

    /// <summary>A place in a row-major array as a tuple.</summary>
    public static string Index(int i, ReadOnlySpan<int> sizes)
    {
        var parts = new List<int>();
        for (int d = sizes.Length - 1; d > 0; d--)
        {
            parts.Insert(0, i % sizes[d]);
            i /= sizes[d];
        }
        parts.Insert(0, i);
        return $"[{string.Join(", ", parts)}]";
    }
}
