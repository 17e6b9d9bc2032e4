using System.Globalization;
using GpuCnn.Runner.Reports;
using ScottPlot;
using ScottPlot.Plottables;

namespace GpuCnn.Runner.Pictures;

/// <summary>The picture of <c>lr-find</c>: the loss by learning rate, and the rates suggested.</summary>
internal static class LearningRatePicture
{
    /// <summary>Pixels of the picture.</summary>
    public const int Width = 1000, Height = 640;

    private static readonly Color Loss = Color.FromHex("#1f77b4"), Faint = Loss.WithAlpha(0.3);

    private static readonly (Color Colour, MarkerShape Shape)[] Marks =
        [(Color.FromHex("#2ca02c"), MarkerShape.FilledCircle), (Color.FromHex("#ff7f0e"), MarkerShape.FilledSquare), (Color.FromHex("#9467bd"), MarkerShape.FilledTriangleUp)];

    /// <summary>Draws the picture.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="found">The search, with at least one step.</param>
    /// <returns>A PNG file's bytes.</returns>
    public static byte[] Png(string model, LearningRateFindings found)
    {
        PictureFont.UseInPlots();
        using var plot = new Plot();
        double[] x = [.. found.Points.Select(point => Math.Log10(point.LearningRate))], smoothed = [.. found.Points.Select(point => point.SmoothedLoss)];
        Scatter losses = plot.Add.ScatterLine(x, found.Points.Select(point => point.Loss).ToArray(), Faint);
        losses.LegendText = "each step's batch";
        Scatter line = plot.Add.ScatterLine(x, smoothed, Loss);
        (line.LegendText, line.LineWidth) = ("smoothed", 3);
        foreach ((Suggestion each, (Color colour, MarkerShape shape)) in Suggestion.Of(found).Zip(Marks))
        {
            VerticalLine rate = plot.Add.VerticalLine(Math.Log10(each.LearningRate), 1.5f, colour, LinePattern.Dashed);
            Marker mark = plot.Add.Marker(Math.Log10(each.LearningRate), each.Loss, shape, 12, colour);
            (rate.LegendText, mark.LegendText) = ("", $"{each.Name}: {each.Text}");
        }
        double least = Math.Min(smoothed.Min(), found.Points.Min(point => point.Loss)), most = smoothed.Max(), margin = Math.Max(0.06 * (most - least), 1e-3);
        plot.Axes.SetLimits(x[0], Math.Max(x[^1], x[0] + 1), least - margin, most + margin);
        var ticks = new ScottPlot.TickGenerators.NumericManual();
        for (int decade = (int)Math.Ceiling(x[0] - 1e-9); decade <= x[^1] + 1e-9; decade++)
        {
            ticks.AddMajor(decade, string.Create(CultureInfo.InvariantCulture, $"1e{decade}"));
            for (int part = 2; part < 10; part++)
            {
                ticks.AddMinor(decade + Math.Log10(part));
            }
        }
        plot.Axes.Bottom.TickGenerator = ticks;
        plot.Axes.Bottom.TickLabelStyle.FontSize = plot.Axes.Left.TickLabelStyle.FontSize = 14;
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.12);
        plot.Title($"{model}: loss by learning rate", 20);
        plot.XLabel("learning rate", 16);
        plot.YLabel("cross-entropy loss (nats per image)", 16);
        plot.ShowLegend(Alignment.LowerLeft);
        plot.Legend.FontSize = 14;
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }
}
