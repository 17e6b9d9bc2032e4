using System.Diagnostics;
using System.Globalization;

namespace GpuCnn.Runner.Reports;

/// <summary>The two tables of a run: a row an epoch, a row a step. They are in memory too, so whatever happens to the files, they become whole again.</summary>
internal sealed class RunTables
{
    private static readonly TimeSpan BetweenSteps = TimeSpan.FromSeconds(1);

    private readonly AppendedFile results, steps;
    private readonly List<EpochDocument> rows = [];
    private IReadOnlyList<float> losses = [];
    private int stepsWritten;
    private long stepsTime = Stopwatch.GetTimestamp();

    /// <summary>The tables of a run folder. Nothing is written yet.</summary>
    public RunTables(string folder) => (results, steps) = (new AppendedFile(Path.Combine(folder, RunFiles.Results), WriteResults),
        new AppendedFile(Path.Combine(folder, RunFiles.Steps), WriteSteps));

    /// <summary>The table of epochs.</summary>
    public string Results => results.Path;

    /// <summary>The table of steps.</summary>
    public string Steps => steps.Path;

    /// <summary>The epochs in their table.</summary>
    public int Epochs => rows.Count;

    /// <summary>Whether the table of epochs has all rows, as far as this process knows.</summary>
    public bool ResultsAreWhole => results.IsWhole;

    /// <summary>Whether steps were not appended for a second: to append them now costs a step nothing, and whoever watches the run sees it move.</summary>
    /// <remarks>After a failure it waits for the next save, for then the whole table is written.</remarks>
    public bool StepsAreDue => steps.IsWhole && Stopwatch.GetElapsedTime(stepsTime) >= BetweenSteps;

    /// <summary>Writes both as they stand at a point of the run: what they have beyond it is dropped, so that no line stands in them twice.</summary>
    public void Begin(IEnumerable<EpochDocument> past, IReadOnlyList<float> pastLosses)
    {
        rows.Clear();
        rows.AddRange(past);
        (losses, stepsWritten) = (pastLosses, pastLosses.Count);
        WriteWhole();
    }

    /// <summary>Writes both with all their rows.</summary>
    public void WriteWhole()
    {
        results.WriteWhole();
        steps.WriteWhole();
    }

    /// <summary>Writes the table of epochs with all its rows.</summary>
    public void WriteResults() => results.WriteWhole();

    /// <summary>Appends an epoch.</summary>
    /// <exception cref="IOException">It could not be written; the row comes with the next.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Append(EpochDocument row)
    {
        rows.Add(row);
        results.Append(Line(row) + "\n");
    }

    /// <summary>Appends the steps that are not in the table yet.</summary>
    /// <param name="all">The losses of all steps so far.</param>
    /// <exception cref="IOException">They could not be written; they come with the next.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void AppendSteps(IReadOnlyList<float> all)
    {
        int first = stepsWritten;
        (losses, stepsWritten, stepsTime) = (all, all.Count, Stopwatch.GetTimestamp());
        if (stepsWritten < first)
        {
            // The training went back; the steps that no longer count will come again.
            steps.WriteWhole();
        }
        else if (stepsWritten > first || !steps.IsWhole)
        {
            steps.Append(string.Concat(Enumerable.Range(first, stepsWritten - first).Select(i => Line(i + 1, all[i]) + "\n")));
        }
    }

    private static string Line(EpochDocument row) => string.Create(CultureInfo.InvariantCulture,
        $"{row.Epoch},{row.TrainLoss},{row.TrainAccuracy},{row.ValLoss},{row.ValAccuracy},{row.LearningRate},{row.TrainSeconds},{row.ImagesPerSecond}");

    private static string Line(int step, float loss) => string.Create(CultureInfo.InvariantCulture, $"{step},{loss}");

    private void WriteResults(TextWriter writer)
    {
        writer.WriteLine("epoch,train_loss,train_accuracy,val_loss,val_accuracy,learning_rate,train_seconds,images_per_second");
        rows.ForEach(row => writer.WriteLine(Line(row)));
    }

    private void WriteSteps(TextWriter writer)
    {
        writer.WriteLine("step,loss");
        for (int i = 0; i < stepsWritten; i++)
        {
            writer.WriteLine(Line(i + 1, losses[i]));
        }
    }
}
