using System.Globalization;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary>Saves a run while it goes on, beside the training: nothing waits for the disk but the end, or a disk that is slower than the training.</summary>
/// <remarks>Weights come before the checkpoint that tells how good they are, so a crash between two files costs no more than steps that are done again.</remarks>
internal sealed class RunSaver : IDisposable
{
    private readonly RunFolder folder;
    private readonly IReadOnlyList<string> classNames;
    private readonly double border;
    private readonly Action<string> say;
    private readonly FileTrouble trouble;
    private readonly RunWeights weights;
    private readonly CheckpointFolder checkpoints;
    private readonly IReadOnlyDictionary<string, string> notes;
    private readonly BackgroundWriter writer = new();
    private int posted;

    /// <summary>Saves into a folder.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="images">Images of the data set, whose classes and borders weights files tell.</param>
    /// <param name="say">Says a line to the user.</param>
    public RunSaver(RunFolder folder, ImageSet images, Action<string> say)
    {
        (this.folder, classNames, border, this.say) = (folder, images.ClassNames, OwnPictures.BorderOf(images), say);
        trouble = new FileTrouble(say);
        weights = new RunWeights(folder, Write);
        (checkpoints, notes) = (new CheckpointFolder(folder.Checkpoints), CheckpointNotes.Of(folder.Args));
    }

    /// <summary>What could not be written, in words; null when all was.</summary>
    public string? Problem => trouble.Unwritten is [var (path, reason), ..] ? $"{path} could not be written: {reason}" : null;

    /// <summary>The best weights so far.</summary>
    /// <exception cref="InvalidFileException">They were saved before this process began, and cannot be read.</exception>
    public IReadOnlyList<WeightTensor> Best => weights.Best.Weights;

    /// <summary>Makes the file of the best weights that of a checkpoint which the run goes on from: a past that no longer counts may have left better ones.</summary>
    /// <param name="past">The checkpoint.</param>
    /// <exception cref="ModelMismatchException">Its best weights are another model's.</exception>
    public void Restore(Checkpoint past)
    {
        if (past.State.Epochs.LastOrDefault(epoch => epoch.Best) is not { } epoch)
        {
            Post(() => Write(folder.BestWeights, () => AtomicFile.Delete(folder.BestWeights)));
        }
        else if (past.Best is { } best)
        {
            folder.Model.Match(best);
            Post(() => weights.RestoreBest(Described(best, epoch.ValAccuracy)));
        }
    }

    /// <summary>Saves all at the end of an epoch, or when it is interrupted.</summary>
    /// <param name="state">The state.</param>
    /// <param name="row">The epoch, for its table; null for one that was interrupted or is there already.</param>
    /// <param name="accuracy">The accuracy on images held out.</param>
    /// <param name="best">Whether the weights are the best so far.</param>
    public void Save(TrainingState state, EpochDocument? row, double? accuracy, bool best) => Post(() =>
    {
        if (row is not null)
        {
            Write(folder.Results, () => folder.Append(row));
        }
        Write(folder.Steps, () => folder.AppendSteps(state.StepLosses));
        weights.Save(Described(state.ResultWeights, accuracy), best);
        WriteCheckpoint(state);
    });

    /// <summary>Saves a checkpoint within an epoch.</summary>
    /// <param name="state">The state.</param>
    public void SaveCheckpoint(TrainingState state) => Post(() => WriteCheckpoint(state));

    /// <summary>Appends the new steps to their table if that was not done for a second and nothing else is being written: whoever watches the run sees it move.</summary>
    /// <param name="losses">The losses of all steps so far.</param>
    public void AppendStepsNowAndThen(IReadOnlyList<float> losses)
    {
        if (folder.StepsAreDue && Volatile.Read(ref posted) == 0)
        {
            SaveSteps(losses);
        }
    }

    /// <summary>Brings the table of steps up to date, also when there are fewer than before.</summary>
    /// <param name="losses">The losses of all steps that count.</param>
    public void SaveSteps(IReadOnlyList<float> losses)
    {
        float[] now = [.. losses];
        Post(() => Write(folder.Steps, () => folder.AppendSteps(now)));
    }

    /// <summary>Adds to the weights files how they did on the test images, when all that was to be saved is.</summary>
    /// <param name="lastAccuracy">The accuracy of the last weights.</param>
    /// <param name="bestAccuracy">The accuracy of the best.</param>
    public void SaveAccuracies(double lastAccuracy, double bestAccuracy)
    {
        Flush();
        weights.SaveAccuracies(lastAccuracy, bestAccuracy);
    }

    /// <summary>Waits until all is on the disk.</summary>
    public void Flush() => writer.Flush();

    /// <summary>Writes a file now, when all that was to be saved is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    public void WriteNow(string path, Action write)
    {
        Flush();
        Write(path, write);
    }

    /// <summary>Writes the end of a run: what could not be saved before, the steps whose epoch failed, how the run stands.</summary>
    /// <param name="losses">The losses of all steps.</param>
    /// <param name="state">How the run stands, given what could not be written.</param>
    public void End(IReadOnlyList<float> losses, Func<string?, StateDocument> state)
    {
        // What was thrown has been told by whoever waited for it.
        Dispose();
        weights.SaveUnwritten();
        if (!folder.ResultsAreWhole)
        {
            Write(folder.Results, folder.SaveResults);
        }
        Write(folder.Steps, () => folder.AppendSteps(losses));
        Write(folder.State, () => folder.WriteState(state(Problem)));
    }

    /// <summary>Says what could not be saved and where it is instead; whether there is anything of that kind.</summary>
    public bool SayLoss()
    {
        if (trouble.Unwritten is not [var (path, reason), ..] unwritten)
        {
            return false;
        }
        string what = $"gpucnn: {path}{(unwritten.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" and {unwritten.Count - 1} more") : "")} could not be written: {reason}";
        try
        {
            say(weights.Rescue() is { } elsewhere ? $"{what}; the weights are in {elsewhere} instead" : what);
        }
        catch (Exception exception) when (FileTrouble.Is(exception))
        {
            say($"{what}; nor could the weights in the folder for temporary files: {FileTrouble.Reason(exception)}");
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => writer.Dispose();

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

    private void WriteCheckpoint(TrainingState state) => Write(folder.Checkpoints, () =>
    {
        DurableFolder.Create(folder.Checkpoints);
        checkpoints.Save(new Checkpoint(state, notes) { Best = weights.KnownBest });
    });

    private TrainedModel Described(IReadOnlyList<WeightTensor> tensors, double? accuracy) =>
        new(folder.Model, tensors) { ClassNames = classNames, ValidationAccuracy = accuracy, BorderBrightness = border, AverageDecay = folder.Args.Options.WeightAverage is > 0 and var decay ? decay : null };

    /// <summary>Writes a file of the run, in a folder that is still this run's; whether it could be.</summary>
    private bool Write(string path, Action write) => trouble.Try(path, () =>
    {
        if (folder.MakeAgain())
        {
            say($"gpucnn: warning: {folder.Path} was removed while it was trained in; it is made again");
            weights.Removed();
            weights.SaveUnwritten();
        }
        write();
    });
}
