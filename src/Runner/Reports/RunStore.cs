using System.Globalization;
using GpuCnn.Runner.Data;

namespace GpuCnn.Runner.Reports;

/// <summary>Keeps all that a run leaves: tables, checkpoints, weights, and how it stands. It writes beside the training: nothing waits for the disk but the end, or a disk
/// that is slower than the training.</summary>
/// <remarks>Weights come before the checkpoint that tells how good they are, so a crash between two files costs no more than steps that are done again.
/// What cannot be written ends no training: it is said once, and each later save tries again.</remarks>
internal sealed class RunStore : IDisposable
{
    /// <summary>Names of notes in checkpoints.</summary>
    public const string TrainFingerprint = "train_fingerprint", TestFingerprint = "test_fingerprint";

    private readonly RunFolder folder;
    private readonly IReadOnlyList<string> classNames;
    private readonly double border;
    private readonly Action<string> say;
    private readonly FileTrouble trouble;
    private readonly RunTables tables;
    private readonly SavedWeights last, best;
    private readonly CheckpointFolder checkpoints;
    private readonly BackgroundWriter writer = new();
    private StateDocument? state;
    private int posted;

    /// <summary>Keeps a run in its folder. Nothing is written before <see cref="Begin"/>.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="images">Images of the data set, whose classes and borders weights files tell.</param>
    /// <param name="say">Says a line to the user.</param>
    public RunStore(RunFolder folder, ImageSet images, Action<string> say)
    {
        (this.folder, classNames, border, this.say) = (folder, images.ClassNames, OwnPictures.BorderOf(images), say);
        (trouble, tables, checkpoints) = (new FileTrouble(say), new RunTables(folder.Path), new CheckpointFolder(folder.Checkpoints));
        (last, best) = (new SavedWeights(folder.LastWeights), new SavedWeights(folder.BestWeights));
    }

    /// <summary>The best weights so far.</summary>
    /// <exception cref="InvalidFileException">They were saved before this process began, and cannot be read.</exception>
    public IReadOnlyList<WeightTensor> Best => best.Model.Weights;

    private string? Problem => trouble.Unwritten is [var (path, reason), ..] ? $"{path} could not be written: {reason}" : null;

    /// <summary>Writes how the run stands at the point where its training begins or goes on.</summary>
    /// <param name="args">The options from here on.</param>
    /// <param name="past">The checkpoint that it goes on from; null for none.</param>
    /// <param name="now">How the run stands.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    /// <exception cref="ModelMismatchException">The checkpoint's best weights are another model's.</exception>
    public void Begin(ArgsDocument args, Checkpoint? past, StateDocument now)
    {
        if (!ReferenceEquals(args, folder.Args))
        {
            folder.Write(args);
        }
        tables.Begin(past?.State.Epochs.Select(EpochDocument.Of) ?? [], past?.State.StepLosses ?? []);
        Write(now);
        if (past is not null)
        {
            RestoreBest(past);
        }
    }

    /// <summary>Saves all at the end of an epoch, or when it is interrupted.</summary>
    /// <param name="now">The state.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="areBest">Whether the weights are the best so far.</param>
    public void Save(TrainingState now, EpochResult epoch, bool areBest) => Post(() =>
    {
        if (!epoch.Interrupted && epoch.Epoch > tables.Epochs)
        {
            TryWrite(tables.Results, () => tables.Append(EpochDocument.Of(epoch)));
        }
        TryWrite(tables.Steps, () => tables.AppendSteps(now.StepLosses));
        TrainedModel weights = Described(now.ResultWeights, epoch.ValAccuracy);
        last.Set(weights);
        if (areBest)
        {
            best.Set(weights);
        }
        SaveWeights();
        WriteCheckpoint(now);
    });

    /// <summary>Saves a checkpoint within an epoch.</summary>
    public void SaveCheckpoint(TrainingState now) => Post(() => WriteCheckpoint(now));

    /// <summary>Appends the new steps to their table if that was not done for a second and nothing else is being written: whoever watches the run sees it move.</summary>
    /// <param name="losses">The losses of all steps so far.</param>
    public void AppendStepsNowAndThen(IReadOnlyList<float> losses)
    {
        if (tables.StepsAreDue && Volatile.Read(ref posted) == 0)
        {
            SaveSteps(losses);
        }
    }

    /// <summary>Brings the table of steps up to date, also when there are fewer than before.</summary>
    /// <param name="losses">The losses of all steps that count.</param>
    public void SaveSteps(IReadOnlyList<float> losses)
    {
        float[] now = [.. losses];
        Post(() => TryWrite(tables.Steps, () => tables.AppendSteps(now)));
    }

    /// <summary>Adds to the weights files how they did on the test images, when all that was to be saved is.</summary>
    public void SaveAccuracies(double lastAccuracy, double bestAccuracy)
    {
        Flush();
        last.Set(last.Model with { TestAccuracy = lastAccuracy });
        best.Set(best.Model with { TestAccuracy = bestAccuracy });
        SaveWeights();
    }

    /// <summary>Waits until all is on the disk.</summary>
    public void Flush() => writer.Flush();

    /// <summary>Writes a file now, when all that was to be saved is.</summary>
    public void WriteNow(string path, Action write)
    {
        Flush();
        TryWrite(path, write);
    }

    /// <summary>Writes the end of a run: what could not be saved before, the steps whose epoch failed, how the run stands.</summary>
    /// <param name="losses">The losses of all steps.</param>
    /// <param name="end">How the run stands, given what could not be written.</param>
    public void End(IReadOnlyList<float> losses, Func<string?, StateDocument> end)
    {
        // What was thrown has been told by whoever waited for it.
        Dispose();
        SaveWeights();
        if (!tables.ResultsAreWhole)
        {
            TryWrite(tables.Results, tables.WriteResults);
        }
        TryWrite(tables.Steps, () => tables.AppendSteps(losses));
        TryWrite(folder.State, () => Write(end(Problem)));
    }

    /// <summary>Says what could not be saved and where it is instead; whether there is anything of that kind.</summary>
    public bool SayLoss()
    {
        if (Problem is null)
        {
            return false;
        }
        IReadOnlyList<(string Path, string Reason)> unwritten = trouble.Unwritten;
        string more = unwritten.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" and {unwritten.Count - 1} more") : "";
        string what = $"gpucnn: {unwritten[0].Path}{more} could not be written: {unwritten[0].Reason}";
        string? elsewhere = null;
        try
        {
            // So that hours of training end in a file and not in nothing.
            string Elsewhere() => elsewhere ??= Directory.CreateTempSubdirectory("gpucnn-").FullName;
            last.Rescue(Elsewhere);
            best.Rescue(Elsewhere);
            say(elsewhere is null ? what : $"{what}; the weights are in {elsewhere} instead");
        }
        catch (Exception exception) when (FileTrouble.Is(exception))
        {
            say($"{what}; nor could the weights in the folder for temporary files: {FileTrouble.Reason(exception)}");
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => writer.Dispose();

    /// <summary>Makes the file of the best weights that of a checkpoint which the run goes on from: a past that no longer counts may have left better ones.</summary>
    private void RestoreBest(Checkpoint past)
    {
        if (past.State.Epochs.LastOrDefault(epoch => epoch.Best) is not { } epoch)
        {
            Post(() => TryWrite(folder.BestWeights, () => AtomicFile.Delete(folder.BestWeights)));
        }
        else if (past.Best is { } weights)
        {
            folder.Model.Match(weights);
            Post(() =>
            {
                best.Set(Described(weights, epoch.ValAccuracy));
                SaveWeights();
            });
        }
    }

    private void SaveWeights()
    {
        last.Save(TryWrite);
        best.Save(TryWrite);
    }

    private void Post(Action save)
    {
        Interlocked.Increment(ref posted);
        writer.Post(() =>
        {
            try
            {
                save();
            }
            finally
            {
                Interlocked.Decrement(ref posted);
            }
        });
    }

    private void WriteCheckpoint(TrainingState now) => TryWrite(folder.Checkpoints, () =>
    {
        DurableFolder.Create(folder.Checkpoints);
        checkpoints.Save(new Checkpoint(now, Notes()) { Best = best.Known });
    });

    private Dictionary<string, string> Notes() => new()
    {
        ["program"] = folder.Args.Version,
        ["model"] = folder.Args.Model,
        ["accelerator"] = $"{folder.Args.Accelerator}, {folder.Args.AcceleratorName}",
        [TrainFingerprint] = folder.Args.TrainFingerprint ?? "",
        [TestFingerprint] = folder.Args.TestFingerprint ?? "",
    };

    private TrainedModel Described(IReadOnlyList<WeightTensor> tensors, double? accuracy) => new(folder.Model, tensors)
    {
        ClassNames = classNames,
        ValidationAccuracy = accuracy,
        BorderBrightness = border,
        AverageDecay = folder.Args.Options.WeightAverage is > 0 and var decay ? decay : null,
    };

    private void Write(StateDocument now)
    {
        state = now;
        AtomicFile.Write(folder.State, Documents.Text(now, Documents.Indented.StateDocument) + "\n");
    }

    /// <summary>Writes a file of the run, in a folder that is still this run's; whether it could be.</summary>
    private bool TryWrite(string path, Action write) => trouble.Try(path, () =>
    {
        if (folder.MakeAgain(WriteKnown))
        {
            say($"gpucnn: warning: {folder.Path} was removed while it was trained in; it is made again");
            last.Removed();
            best.Removed();
            SaveWeights();
        }
        write();
    });

    private void WriteKnown()
    {
        if (state is not null)
        {
            Write(state);
        }
        tables.WriteWhole();
    }
}
