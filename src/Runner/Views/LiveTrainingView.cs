using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GpuCnn.Runner.Views;

/// <summary>The table of epochs with a line below it that moves, for a terminal.</summary>
/// <remarks>A step only leaves its numbers here; ten times a second at most another thread draws them.</remarks>
internal sealed class LiveTrainingView(IAnsiConsole console, TrainingPlan plan, TimeProvider clock) : ITrainingView
{
    private static readonly TimeSpan RefreshRate = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private StepResult last;
    private double epochLoss;
    private long firstStep, firstStepTime, epochTime;
    private ProgressTask? bar;

    /// <inheritdoc/>
    public void Follow(Action training)
    {
        console.WriteLine(EpochTable.Heading);
        Progress progress = console.Progress().AutoClear(true).Columns(new StatusColumn(this), new ProgressBarColumn { Width = 10 });
        progress.RefreshRate = RefreshRate;
        progress.Start(context =>
        {
            bar = context.AddTask("training", maxValue: (double)plan.Epochs * plan.StepsPerEpoch);
            training();
        });
    }

    /// <inheritdoc/>
    public void OnStep(in StepResult result)
    {
        lock (gate)
        {
            long now = clock.GetTimestamp();
            if (firstStep == 0)
            {
                (firstStep, firstStepTime) = (result.Step, now);
            }
            if (result.StepOfEpoch == 1)
            {
                (epochLoss, epochTime) = (0, now);
            }
            epochLoss += result.Loss;
            last = result;
        }
        bar?.Value = result.Step;
    }

    /// <inheritdoc/>
    public void OnEpoch(EpochResult result) => console.WriteLine(EpochTable.Row(result, plan.Epochs));

    /// <inheritdoc/>
    public void Abandon() => console.Cursor.Show();

    /// <summary>The moving line: where the training is, the epoch's mean loss so far, its speed, and how long the run will still take.</summary>
    internal string Status()
    {
        lock (gate)
        {
            if (last.Step == 0)
            {
                return $"epoch 1/{plan.Epochs}  preparing";
            }
            // Rates are measured between steps, so the first, which compiles the kernels, does not count.
            double epochSeconds = clock.GetElapsedTime(epochTime).TotalSeconds, runSeconds = clock.GetElapsedTime(firstStepTime).TotalSeconds;
            double images = Math.Min((double)last.StepOfEpoch * plan.BatchSize, plan.ImagesPerEpoch) - plan.BatchSize;
            string speed = images > 0 && epochSeconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"  {images / epochSeconds:0} images/s") : "";
            long measured = last.Step - firstStep, left = ((long)plan.Epochs * plan.StepsPerEpoch) - last.Step;
            string remaining = measured > 0 ? $"  eta {Clock(TimeSpan.FromSeconds(Math.Ceiling(runSeconds / measured * left)))}" : "";
            return string.Create(CultureInfo.InvariantCulture,
                $"epoch {last.Epoch}/{plan.Epochs}  step {last.StepOfEpoch}/{plan.StepsPerEpoch}  loss {epochLoss / last.StepOfEpoch:0.0000}{speed}{remaining}");
        }
    }

    private static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");

    private sealed class StatusColumn(LiveTrainingView view) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(view.Status());
    }
}
