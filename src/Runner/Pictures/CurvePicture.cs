using GpuCnn.Runner.Reports;
using ScottPlot;
using ScottPlot.Plottables;

namespace GpuCnn.Runner.Pictures;

/// <summary>A metric of training and validation by epoch, on no background and in colours that are seen on light and dark pages.</summary>
internal static class CurvePicture
{
    private static readonly Color Grey = Color.FromHex("#7d8187"), Training = Color.FromHex("#3a82d8"), Validation = Color.FromHex("#e0782a");

    /// <summary>Draws the picture, 960 by 640 pixels.</summary>
    /// <param name="name">The metric.</param>
    /// <param name="epochs">At least one.</param>
    /// <param name="training">Its value for training.</param>
    /// <param name="validation">Its value for validation; null where nothing was held out.</param>
    /// <param name="best">The epoch to mark.</param>
    /// <returns>A PNG file.</returns>
    public static byte[] Png(string name, IReadOnlyList<EpochDocument> epochs, Func<EpochDocument, double> training, Func<EpochDocument, double?> validation, EpochDocument best)
    {
        PictureFont.UseInPlots();
        using var plot = new Plot();
        plot.FigureBackground.Color = plot.DataBackground.Color = Colors.Transparent;
        plot.Axes.Color(Grey);
        plot.Grid.MajorLineColor = Grey.WithAlpha(0.25);
        plot.XLabel("epoch");
        plot.YLabel(name);
        Line(plot, "training", [.. epochs.Select(row => (row.Epoch, training(row)))], Training);
        if (epochs.All(row => validation(row) is not null))
        {
            Line(plot, "validation", [.. epochs.Select(row => (row.Epoch, validation(row)!.Value))], Validation);
            VerticalLine mark = plot.Add.VerticalLine(best.Epoch, 2, Grey, LinePattern.Dashed);
            mark.LegendText = $"best, epoch {best.Epoch}";
        }
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        Legend legend = plot.ShowLegend(name == "loss" ? Alignment.UpperRight : Alignment.LowerRight);
        legend.BackgroundColor = Colors.Transparent;
        legend.OutlineColor = legend.ShadowColor = Colors.Transparent;
        legend.FontColor = Grey;
        plot.ScaleFactor = 2;
        return plot.GetImageBytes(960, 640, ImageFormat.Png);
    }

    private static void Line(Plot plot, string name, (int Epoch, double Value)[] points, Color color)
    {
        Scatter line = plot.Add.Scatter(points.Select(point => (double)point.Epoch).ToArray(), points.Select(point => point.Value).ToArray(), color);
        line.LegendText = name;
        line.LineWidth = 2;
        line.MarkerSize = points.Length > 30 ? 0 : 5;
    }
}
