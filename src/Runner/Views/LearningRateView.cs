using System.Globalization;
using GpuCnn.Runner.Reports;
using Spectre.Console;

namespace GpuCnn.Runner.Views;

/// <summary>What <c>lr-find</c> says: the loss by learning rate, and the rates suggested.</summary>
internal static class LearningRateView
{
    private const int Rows = 20, ChartLines = 18, WidestChart = 110;

    private static readonly (Style Style, char Mark)[] Marks = [(new Style(Color.Green), 'v'), (new Style(Color.Orange1), 's'), (new Style(Color.MediumPurple), 'm')];

    /// <summary>The chart, on a terminal.</summary>
    /// <param name="console">The terminal.</param>
    /// <param name="found">The search.</param>
    public static void Chart(IAnsiConsole console, LearningRateFindings found)
    {
        double origin = Math.Floor(Math.Log10(found.Points[0].LearningRate) + 1e-9);
        ChartPoint Point(double rate, double loss) => new(Math.Log10(rate) - origin, loss);
        ChartPoint[] points = [.. found.Points.Select(point => Point(point.LearningRate, point.SmoothedLoss))];
        IReadOnlyList<Suggestion> suggestions = Suggestion.Of(found);
        Curve[] curves = [new(new Style(Color.DeepSkyBlue1), null, points),
            .. suggestions.Zip(Marks, (each, mark) => new Curve(mark.Style, mark.Mark, [Point(each.LearningRate, each.Loss)]))];
        console.Write(new LineChart("smoothed loss by learning rate", points[^1].X, 0, Math.Min(console.Profile.Width, WidestChart), ChartLines, curves)
        {
            XLabel = tick => string.Create(CultureInfo.InvariantCulture, $"1e{origin + tick:0}"),
        });
        bool dots = console.Profile.Capabilities.Unicode && console.Profile.Capabilities.ColorSystem != ColorSystem.NoColors;
        var legend = new Paragraph();
        foreach ((Suggestion each, (Style style, char mark)) in suggestions.Zip(Marks))
        {
            legend.Append(dots ? "• " : $"{mark} ", style).Append($"{each.Name}  ");
        }
        console.Write(legend);
        console.WriteLine();
        console.WriteLine();
    }

    /// <summary>Some of the steps, evenly spread, in a file or pipe.</summary>
    /// <param name="found">The search.</param>
    public static string Table(LearningRateFindings found)
    {
        int every = Math.Max(1, found.Points.Count / Rows);
        return TextTable.Format([">step", ">learning rate", ">loss", ">smoothed"], found.Points.Where(point => point.Step % every == 0)
            .Select(point => (string[])[Summaries.Text(point.Step), Suggestion.Format(point.LearningRate), Summaries.Text(point.Loss), Summaries.Text(point.SmoothedLoss)])) + "\n";
    }

    /// <summary>The suggestions.</summary>
    /// <param name="found">The search, which suggests something.</param>
    public static string Suggestions(LearningRateFindings found) => TextTable.Format(["suggestion", ">learning rate", "where"], Suggestion.Of(found).Zip(Explanations,
        (each, why) => (string[])[each.Name, each.Text, why])) + $"\ntrain with --learning-rate {Suggestion.Of(found)[0].Text}\n";

    private static readonly string[] Explanations = ["half way down the longest descent: recommended", "the loss falls most in a step", "a tenth of the rate with the least loss"];
}
