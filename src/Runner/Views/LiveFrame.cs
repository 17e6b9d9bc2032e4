using System.Globalization;
using GpuCnn.Runner.Reports;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GpuCnn.Runner.Views;

/// <summary>What a terminal shows of a training under way: bars for epoch and run, speed, time left, loss, learning rate, best epoch, and curves where there is room.</summary>
internal sealed class LiveFrame(TrainingSnapshot now) : Renderable
{
    /// <summary>Columns below which there are no bars of full width and no curves.</summary>
    private const int Wide = 60;

    private const int LeastPlotRows = 4, MostPlotRows = 10, Gap = 2;

    private static readonly Style TrainingStyle = new(Color.DeepSkyBlue1), ValidationStyle = new(Color.Orange1), Faint = new(Color.Grey);

    /// <inheritdoc/>
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var parts = new List<IRenderable>();
        if (now.Plan.Place is { } place)
        {
            parts.Add(Line(place));
        }
        if (maxWidth < Wide)
        {
            parts.Add(Line($"{EpochName} {Percent(EpochShare)}{Loss}"));
            parts.Add(Line($"{Percent(RunShare)} of the run{Speed}"));
            parts.Add(Line(Left.TrimStart()));
        }
        else
        {
            int label = EpochName.Length;
            parts.Add(Text.Empty);
            parts.Add(Bar(options, maxWidth, EpochName, EpochShare, $"{Place}{Loss}"));
            parts.Add(Bar(options, maxWidth, "run".PadRight(label), RunShare, $"{Speed}{Left}"));
            parts.Add(new Text(Settings, Faint));
            // The line that the cursor came from stays on the screen too.
            int plotRows = Math.Min(MostPlotRows, options.ConsoleSize.Height - 2 - parts.Count - 2 - LineChart.FrameLines);
            if (plotRows >= LeastPlotRows)
            {
                parts.Add(Text.Empty);
                parts.Add(Charts((maxWidth - Gap) / 2, plotRows + LineChart.FrameLines));
                parts.Add(Legend(options));
            }
        }
        return ((IRenderable)new Rows(parts)).Render(options, maxWidth);
    }

    private string EpochName => $"epoch {now.Epoch}/{now.Plan.Epochs}";

    private double EpochShare => (double)now.StepOfEpoch / now.Plan.StepsPerEpoch;

    private double RunShare => (double)now.Step / now.Plan.Steps;

    private string Place => now.Step == 0 ? "  preparing"
        : now.StepOfEpoch < now.Plan.StepsPerEpoch ? $"  step {now.StepOfEpoch}/{now.Plan.StepsPerEpoch}"
        : now.Epochs.Count < now.Plan.Epochs ? "  validating" : "  testing";

    private string Loss => now.Loss is { } loss ? string.Create(CultureInfo.InvariantCulture, $"  loss {loss:0.0000}") : "";

    private string Speed => now.ImagesPerSecond is { } speed ? $"  {Summaries.Thousands((long)Math.Round(speed))} images/s" : "";

    private string Left => now.Left is { } left ? $"  {Clock(left)} left" : "";

    private string Settings => $"learning rate {Summaries.Rate(now.LearningRate)}"
        + (now.Best is { } best ? string.Create(CultureInfo.InvariantCulture, $"  best epoch {best.Epoch}, validation accuracy {best.ValAccuracy:0.0000}") : "");

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(share * 100),3:0} %");

    private static string Clock(TimeSpan time)
    {
        time = TimeSpan.FromSeconds(Math.Ceiling(time.TotalSeconds));
        return time.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
    }

    private static Text Line(string text) => new Text(text) { Overflow = Overflow.Crop };

    private static Grid Bar(RenderOptions options, int width, string name, double share, string behind)
    {
        const int Behind = 35;
        var task = new ProgressTask(0, name, 1, autoStart: false, TimeProvider.System) { Value = share };
        var bar = new ProgressBarColumn { Width = width - name.Length - Behind - 6, CompletedStyle = TrainingStyle, FinishedStyle = TrainingStyle, RemainingStyle = Faint };
        var grid = new Grid { Expand = false };
        foreach (int padding in (int[])[2, 1, 0])
        {
            grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, padding, 0) });
        }
        return grid.AddRow(new Text(name), bar.Render(options, task, TimeSpan.Zero), Line(Percent(share) + behind));
    }

    private Grid Charts(int width, int height)
    {
        double end = XMax(), from = now.Epochs.Count > 0 ? 0.5 : 0;
        var loss = new LineChart("loss by epoch", end, from, width, height,
            new Curve(TrainingStyle, null, now.StepLosses), new Curve(ValidationStyle, 'o', Points(epoch => epoch.ValLoss)));
        var accuracy = new LineChart("accuracy by epoch", end, 0, width, height,
            new Curve(TrainingStyle, null, Points(epoch => epoch.TrainAccuracy)), new Curve(ValidationStyle, 'o', Points(epoch => epoch.ValAccuracy)));
        var grid = new Grid { Expand = false };
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, Gap, 0) });
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0) });
        return grid.AddRow(loss, accuracy);
    }

    private static Paragraph Legend(RenderOptions options)
    {
        bool lines = options.Unicode && options.ColorSystem != ColorSystem.NoColors;
        return new Paragraph()
            .Append(options.Unicode ? "⠤⠤" : "..", TrainingStyle).Append(" training    ")
            .Append(lines ? "⠤⠤" : "o", ValidationStyle).Append(" validation");
    }

    /// <summary>The right end of the X axis: the run's, or while much of it is left, enough for the curves to fill at least a third.</summary>
    private double XMax()
    {
        double done = Math.Max((double)now.Step / now.Plan.StepsPerEpoch, now.Epochs.Count), end = 10;
        for (int i = 0; end < done * 1.2; i++)
        {
            end *= i % 3 == 1 ? 2.5 : 2;
        }
        return Math.Min(now.Plan.Epochs, end);
    }

    private ChartPoint[] Points(Func<EpochResult, double?> value) =>
        [.. now.Epochs.Where(epoch => value(epoch) is not null).Select(epoch => new ChartPoint(epoch.Epoch, value(epoch)!.Value))];
}
