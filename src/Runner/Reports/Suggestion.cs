using System.Globalization;

namespace GpuCnn.Runner.Reports;

/// <summary>A learning rate that a search suggests.</summary>
/// <param name="Name">By which rule.</param>
/// <param name="LearningRate">The rate.</param>
/// <param name="Loss">The smoothed loss of the step whose rate is nearest.</param>
internal sealed record Suggestion(string Name, double LearningRate, double Loss)
{
    /// <summary>The name of the rule that is recommended.</summary>
    public const string Recommended = "valley";

    /// <summary>The rate in two figures: the search knows it no better.</summary>
    public string Text => Format(LearningRate);

    /// <summary>A rate in two figures, without an exponent where that is short.</summary>
    public static string Format(double rate) => rate >= 1e-4
        ? double.Parse(rate.ToString("E1", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).ToString("0.#######", CultureInfo.InvariantCulture)
        : rate.ToString("0.#e-0", CultureInfo.InvariantCulture);

    /// <summary>All suggestions of a search, the recommended one first; none where the loss did not fall.</summary>
    /// <param name="found">The search.</param>
    public static IReadOnlyList<Suggestion> Of(LearningRateFindings found)
    {
        (string Name, double? Rate)[] all = [(Recommended, found.Valley), ("steepest", found.Steepest), ("minimum/10", found.Minimum)];
        return [.. all.Where(each => each.Rate is not null).Select(each =>
            new Suggestion(each.Name, each.Rate!.Value, found.Points.MinBy(point => Math.Abs(Math.Log(point.LearningRate / each.Rate.Value))).SmoothedLoss))];
    }
}
