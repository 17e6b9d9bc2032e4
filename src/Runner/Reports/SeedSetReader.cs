using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Reports;

/// <summary>Reads the folder of a training with several seeds, perhaps while another process writes it. It takes no lock: who trains is found as for one run.</summary>
internal sealed class SeedSetReader : IFollowed
{
    private readonly string path;

    /// <summary>Opens a folder and reads what is there.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InvalidFileException">A file in it is damaged, or no run of it has begun.</exception>
    public SeedSetReader(string path)
    {
        this.path = path;
        Seeds = SeedFolder.Read(path);
        Place = PlaceNow();
        Run = RunReader.Open(Place.Run, Place);
        Status = StatusNow();
    }

    /// <summary>What is known of the set.</summary>
    public SeedsDocument Seeds { get; private set; }

    /// <inheritdoc/>
    public RunReader Run { get; private set; }

    /// <summary>The place of the run that is under way, or was the last to be.</summary>
    public SeedPlace Place { get; private set; }

    /// <inheritdoc/>
    public string Status { get; private set; }

    /// <inheritdoc/>
    public void Read(ITrainingView? view)
    {
        Seeds = SeedFolder.Read(path);
        SeedPlace now = PlaceNow();
        // After the look at where the training is: a run that it has left has all its rows.
        Run.Read(view);
        if (now.Seed != Place.Seed)
        {
            Run = RunReader.Open(now.Run, now);
        }
        Place = now;
        Status = StatusNow();
    }

    /// <summary>The first run that is not done; the one before while that has not begun.</summary>
    private SeedPlace PlaceNow()
    {
        SeedPlace[] places = [.. Enumerable.Range(1, Seeds.Seeds).Select(number => SeedPlace.Of(Seeds, number) with { Folder = path })];
        int open = Array.FindIndex(places, place => Seeds.Runs.All(run => run.Seed != place.Seed));
        return open < 0 ? places[^1] : open == 0 || File.Exists(System.IO.Path.Combine(places[open].Run, RunFiles.State)) ? places[open] : places[open - 1];
    }

    private string StatusNow()
    {
        if (IsDone)
        {
            return RunStatus.Done;
        }
        if (Run.Status != RunStatus.Done)
        {
            return Run.Status;
        }
        // Between two runs, or between a run's end and its line among the others, a process says nothing; it may also have done so since this look began.
        if (!Run.ProcessIsGone)
        {
            return RunStatus.Running;
        }
        Seeds = SeedFolder.Read(path);
        return IsDone ? RunStatus.Done : RunStatus.Died;
    }

    private bool IsDone => Seeds.Runs.Count == Seeds.Seeds;
}
