using GpuCnn.Runner.Reports;
using ScottPlot;

namespace GpuCnn.Runner.Pictures;

/// <summary>results.png: loss and accuracy by epoch, training and validation, the best epoch marked.</summary>
internal static class LearningCurves
{
    /// <summary>Pixels of the picture.</summary>
    public const int Width = 1400, Height = 600;

    private static readonly Color Training = Color.FromHex("#1f77b4"), Validation = Color.FromHex("#ff7f0e"), Steps = Training.WithAlpha(0.25), Best = Color.FromHex("#2ca02c");

    /// <summary>Draws the picture.</summary>
    /// <param name="path">The file, replaced when it exists.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="epochs">The epochs done.</param>
    /// <param name="stepLosses">The losses of the steps done.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch.</param>
    /// <param name="bestEpoch">The epoch with the highest validation accuracy; null when nothing is held out.</param>
    public static void Write(string path, string model, IReadOnlyList<EpochDocument> epochs, IReadOnlyList<float> stepLosses, int stepsPerEpoch, int? bestEpoch)
    {
        PictureFont.UseInPlots();
        var picture = new Multiplot();
        picture.AddPlots(2);
        picture.Layout = new ScottPlot.MultiplotLayouts.Columns();
        Plot loss = picture.GetPlot(0), accuracy = picture.GetPlot(1);
        DrawSteps(loss, stepLosses, stepsPerEpoch);
        DrawEpochs(loss, epochs, row => row.TrainLoss, row => row.ValLoss);
        DrawEpochs(accuracy, epochs, row => 100 * row.TrainAccuracy, row => 100 * row.ValAccuracy);
        LimitLoss(loss, epochs, stepLosses, stepsPerEpoch);
        Finish(loss, $"{model}: loss", "cross-entropy loss (nats per image)", epochs.Count, Alignment.UpperRight);
        Finish(accuracy, $"{model}: accuracy", "accuracy (% of images)", epochs.Count, Alignment.LowerRight);
        foreach (EpochDocument row in epochs.Where(row => row.Epoch == bestEpoch))
        {
            Mark(loss, row.Epoch, row.ValLoss!.Value, $"best: epoch {row.Epoch}, {row.ValLoss.Value.ToString("0.0000", System.Globalization.CultureInfo.InvariantCulture)}");
            Mark(accuracy, row.Epoch, 100 * row.ValAccuracy!.Value, $"best: epoch {row.Epoch}, {(100 * row.ValAccuracy.Value).ToString("0.00", System.Globalization.CultureInfo.InvariantCulture)} %");
        }
        byte[] bytes = picture.Render(Width, Height).GetImageBytes(ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    private static void DrawSteps(Plot plot, IReadOnlyList<float> losses, int stepsPerEpoch)
    {
        if (losses.Count > 1)
        {
            double[] x = [.. losses.Select((_, i) => (i + 0.5) / stepsPerEpoch)], y = [.. losses.Select(loss => (double)loss)];
            ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(x, y, Steps);
            line.LegendText = "each step's batch";
        }
    }

    private static void DrawEpochs(Plot plot, IReadOnlyList<EpochDocument> epochs, Func<EpochDocument, double> training, Func<EpochDocument, double?> validation)
    {
        Draw(plot, [.. epochs.Select(row => (row.Epoch, training(row)))], Training, "training", MarkerShape.FilledCircle);
        Draw(plot, [.. epochs.Where(row => validation(row) is not null).Select(row => (row.Epoch, validation(row)!.Value))], Validation, "validation", MarkerShape.FilledSquare);
    }

    private static void Draw(Plot plot, IReadOnlyList<(int Epoch, double Value)> points, Color colour, string name, MarkerShape shape)
    {
        if (points.Count > 0)
        {
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(points.Select(point => (double)point.Epoch).ToArray(), points.Select(point => point.Value).ToArray(), colour);
            (line.LegendText, line.LineWidth, line.MarkerSize, line.MarkerShape) = (name, 2.5f, points.Count <= 60 ? 7 : 0, shape);
        }
    }

    /// <summary>The first steps' losses, which are many times the others, may leave the picture at its top.</summary>
    private static void LimitLoss(Plot plot, IReadOnlyList<EpochDocument> epochs, IReadOnlyList<float> losses, int stepsPerEpoch)
    {
        double[] shown = [.. epochs.SelectMany(row => (double?[])[row.TrainLoss, row.ValLoss]).OfType<double>(), .. losses.Skip(stepsPerEpoch / 2).Select(loss => (double)loss)];
        double[] finite = [.. shown.Where(double.IsFinite)];
        if (finite.Length > 0)
        {
            double least = finite.Min(), most = finite.Max(), margin = Math.Max(0.05 * (most - least), 1e-3);
            plot.Axes.SetLimitsY(Math.Max(0, least - margin), most + margin);
        }
    }

    private static void Mark(Plot plot, double x, double y, string text)
    {
        plot.Add.VerticalLine(x, 2, Best, LinePattern.Dashed);
        ScottPlot.Plottables.Marker marker = plot.Add.Marker(x, y, MarkerShape.OpenCircle, 16, Best);
        (marker.MarkerStyle.LineWidth, marker.LegendText) = (2.5f, text);
    }

    private static void Finish(Plot plot, string title, string yName, int epochs, Alignment legend)
    {
        plot.Title(title, 20);
        plot.XLabel("epoch", 16);
        plot.YLabel(yName, 16);
        plot.Axes.SetLimitsX(0, Math.Max(1, epochs) + 0.5);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.Axes.Bottom.TickLabelStyle.FontSize = plot.Axes.Left.TickLabelStyle.FontSize = 14;
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.12);
        plot.ShowLegend(legend);
        plot.Legend.FontSize = 14;
    }
}
