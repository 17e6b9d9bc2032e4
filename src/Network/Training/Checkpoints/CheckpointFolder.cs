using System.Globalization;

namespace GpuCnn;

/// <summary>The checkpoints of a training: <c>step-000000470.safetensors</c> and so on, the newest two.</summary>
/// <param name="path">The folder, which must be there to save.</param>
public sealed class CheckpointFolder(string path)
{
    /// <summary>How many are kept: one to go on from, and the one before in case it is damaged.</summary>
    internal const int Kept = 2;

    private const string Prefix = "step-", Suffix = ".safetensors";

    /// <summary>Saves a state, and deletes older ones than the one before it.</summary>
    /// <param name="state">From <see cref="Trainer.Capture"/>.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public void Save(TrainingState state) => Save(new Checkpoint(state, new Dictionary<string, string>()));

    /// <summary>Reads the newest state that is whole, for <see cref="Trainer.Restore"/>; null when there is none.</summary>
    /// <exception cref="InvalidFileException">There are some, but all are damaged.</exception>
    public TrainingState? Load() => LoadNewest()?.State;

    /// <summary>Saves a checkpoint. Only when it is on the disk are older ones than the one before it deleted, and those of later steps, which another past led to.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    internal void Save(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        long step = checkpoint.State.Step;
        checkpoint.Save(Path.Combine(path, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D9}{Suffix}")));
        (long Step, string File)[] all = All();
        foreach ((long Step, string File) each in all.Where(each => each.Step > step).Concat(all.Where(each => each.Step <= step).Skip(Kept)))
        {
            AtomicFile.Delete(each.File);
        }
    }

    /// <summary>Reads the newest checkpoint that is whole.</summary>
    /// <param name="damaged">Told of each newer one that is not; null for nobody.</param>
    /// <returns>The checkpoint; null when there is none at all.</returns>
    /// <exception cref="InvalidFileException">There are some, but all are damaged.</exception>
    internal Checkpoint? LoadNewest(Action<InvalidFileException>? damaged = null)
    {
        InvalidFileException? newest = null;
        foreach ((_, string file) in All())
        {
            try
            {
                return Checkpoint.Load(file);
            }
            catch (InvalidFileException exception)
            {
                newest ??= exception;
                damaged?.Invoke(exception);
            }
        }
        return newest is null ? null : throw newest;
    }

    /// <summary>All checkpoints, the newest first.</summary>
    private (long Step, string File)[] All() => Directory.Exists(path)
        ? [.. Directory.EnumerateFiles(path, $"{Prefix}*{Suffix}").Select(file => (Step: StepOf(file), file)).Where(each => each.Step >= 0).OrderByDescending(each => each.Step)]
        : [];

    private static long StepOf(string file) =>
        long.TryParse(Path.GetFileName(file)[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;
}
