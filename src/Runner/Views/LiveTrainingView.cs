using System.Diagnostics;
using Spectre.Console;

namespace GpuCnn.Runner.Views;

/// <summary>The table of epochs with a picture of the training below it that moves, for a terminal.</summary>
/// <remarks>A step only leaves its numbers; ten times a second at most another thread draws them. On the CPU accelerator that thread takes a core from the workers,
/// who all wait for the one it stops, so it rests for as many times as long as it drew: however slow machine and terminal are, a training loses no more to it.</remarks>
internal sealed class LiveTrainingView(IAnsiConsole console, TrainingPlan plan, TimeProvider clock) : ITrainingView
{
    /// <summary>How many times as long as it drew the drawing thread rests.</summary>
    private const int Rest = 250;

    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(100), LongestRest = TimeSpan.FromSeconds(2), PatienceAtEnd = TimeSpan.FromSeconds(1);

    private readonly TrainingProgress progress = new(plan, clock);
    private readonly LiveRegion region = new(console);
    private readonly Lock drawing = new();
    private readonly Queue<EpochResult> finished = new();
    private Action? halt;
    private TrainingPlan plan = plan;
    private int taken;
    private bool? wasWide;
    private bool ended;

    /// <inheritdoc/>
    public void Start()
    {
        var stop = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            TimeSpan rest;
            do
            {
                long start = Stopwatch.GetTimestamp();
                Draw();
                rest = Stopwatch.GetElapsedTime(start) * Rest;
            }
            while (!stop.Wait(rest < ShortestRest ? ShortestRest : rest > LongestRest ? LongestRest : rest));
        })
        { IsBackground = true, Name = "live view" };
        thread.Start();
        halt = () =>
        {
            stop.Set();
            thread.Join();
            stop.Dispose();
        };
    }

    /// <inheritdoc/>
    public void Stop()
    {
        halt?.Invoke();
        halt = null;
        lock (drawing)
        {
            End();
        }
    }

    /// <inheritdoc/>
    public void OnPast(TrainingPlan plan, IReadOnlyList<EpochResult> epochs, IReadOnlyList<float> stepLosses)
    {
        progress.OnPast(plan, epochs, stepLosses);
        lock (finished)
        {
            this.plan = plan;
            foreach (EpochResult epoch in epochs.Skip(taken))
            {
                finished.Enqueue(epoch);
            }
            taken = epochs.Count;
        }
    }

    /// <inheritdoc/>
    public void OnStep(in StepResult result) => progress.OnStep(result);

    /// <inheritdoc/>
    public void OnEpoch(EpochResult result)
    {
        progress.OnEpoch(result);
        lock (finished)
        {
            finished.Enqueue(result);
            taken++;
        }
    }

    /// <inheritdoc/>
    public void Aside(Action write)
    {
        lock (drawing)
        {
            if (!ended)
            {
                // The picture is taken away; the next one is drawn below what was written.
                region.Draw(FinishedRows(), null);
            }
            write();
        }
    }

    /// <inheritdoc/>
    public void Abandon()
    {
        // A terminal that has been told to hold its output holds the drawing thread too.
        if (drawing.TryEnter(PatienceAtEnd))
        {
            try
            {
                End();
            }
            finally
            {
                drawing.Exit();
            }
        }
    }

    /// <summary>Draws one picture, and above it the rows of the epochs that were finished since the last.</summary>
    internal void Draw()
    {
        lock (drawing)
        {
            if (ended)
            {
                return;
            }
            try
            {
                region.Draw(FinishedRows(), new LiveFrame(progress.Snapshot()));
            }
            catch (IOException)
            {
                // The terminal is gone; the training is not.
                ended = true;
            }
        }
    }

    private void End()
    {
        if (!ended)
        {
            ended = true;
            try
            {
                region.Draw(FinishedRows(), null);
            }
            catch (IOException)
            {
                // As above.
            }
        }
    }

    private List<string> FinishedRows()
    {
        var rows = new List<string>();
        bool wide = console.Profile.Width >= EpochTable.Width;
        lock (finished)
        {
            while (finished.TryDequeue(out EpochResult? result))
            {
                if (wide != wasWide)
                {
                    rows.Add(wide ? EpochTable.Heading : EpochTable.NarrowHeading);
                    wasWide = wide;
                }
                rows.Add(wide ? EpochTable.Row(result, plan.Epochs) : EpochTable.NarrowRow(result, plan.Epochs));
            }
        }
        return rows;
    }
}
