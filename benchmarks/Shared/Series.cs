using System.Globalization;
using MathNet.Numerics.Statistics;

namespace GpuCnn.Benchmarks;

/// <summary>Figures of one thing, measured several times.</summary>
/// <param name="values">The figures, in the order of measurement.</param>
internal sealed class Series(params IEnumerable<double> values)
{
    /// <summary>The figures, in the order of measurement.</summary>
    public IReadOnlyList<double> Values { get; } = [.. values];

    /// <summary>Their median.</summary>
    public double Median => Statistics.Median(Values);

    /// <summary>The ratio to another series, round by round: neighbours in time, so the machine's moods cancel.</summary>
    public Series Over(Series other) => new(Values.Zip(other.Values, (a, b) => a / b));

    /// <summary>Median and range.</summary>
    public string Text(string format = "0.00")
    {
        string[] numbers = [.. new[] { Median, Values.Min(), Values.Max() }.Select(value => value.ToString(format, CultureInfo.InvariantCulture))];
        return $"{numbers[0]} ({numbers[1]} to {numbers[2]})";
    }
}
