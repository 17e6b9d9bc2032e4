using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary>What a run goes on with. All comes from the run; what is given beside may repeat it, and only some of it may differ.</summary>
/// <param name="host">For warnings.</param>
/// <param name="parsed">The command line.</param>
/// <param name="path">The run's folder.</param>
/// <param name="run">The run's options.</param>
/// <param name="ending">The options of a run that ends when this one does; null for its own.</param>
/// <param name="ofSet">Whether it is one of several seeds, which have their folders and seeds from the set.</param>
internal sealed class Resumption(Host host, ParseResult parsed, string path, ArgsDocument run, ArgsDocument? ending, bool ofSet)
{
    /// <summary>What the folder of several seeds has, not its runs.</summary>
    public static IReadOnlyList<Option> OfTheSet { get; } = [TrainFlags.Of(TrainingOption.Named("seed")), TrainFlags.Seeds, TrainFlags.Folder];

    private readonly List<string> changes = [];

    /// <summary>The run from here on, once what is given beside <c>--resume</c> is checked.</summary>
    /// <exception cref="OptionException">An option differs that must not.</exception>
    /// <exception cref="InvalidFileException">The folder of the data cannot be used.</exception>
    public RunSpec Spec(ModelDefinition model)
    {
        TrainingOptions options = Options(model);
        return new RunSpec(model, options, DataFolder.Open(Given(CommonOptions.Data) ?? run.Data), run.Weights, Accelerator, Threads,
            IsGiven(TrainFlags.CheckpointEvery) ? parsed.GetValue(TrainFlags.CheckpointEvery) : run.CheckpointEvery)
        {
            TrainFingerprint = run.TrainFingerprint,
            TestFingerprint = run.TestFingerprint,
        };
    }

    private TrainingOptions Options(ModelDefinition model)
    {
        TrainingOptions options = TrainFlags.Resumed(run.Options, (ending ?? run).Options, TrainFlags.Given(parsed, Counts));
        TrainFlags.RequireSame(TrainFlags.ImageSize.Name, Given(TrainFlags.ImageSize) is { } size ? Text(size) : null, Text(model.Input.Height));
        TrainFlags.RequireSame(TrainFlags.Colour.Name, Given(TrainFlags.Colour) ? "colour" : null, model.Input.Channels == 3 ? "colour" : "grey");
        RequireModel(Given(CommonOptions.Model), model);
        TrainFlags.RequireSame(TrainFlags.Weights.Name, Whole(Given(TrainFlags.Weights)), run.Weights ?? "new random weights");
        TrainFlags.RequireSame(TrainFlags.Folder.Name, Whole(Given(TrainFlags.Folder)), Whole(path)!);
        return options;
    }

    /// <summary>Reads the newest checkpoint that is whole; null when the run has none yet.</summary>
    /// <exception cref="InvalidFileException">All checkpoints are damaged.</exception>
    /// <exception cref="OptionException">More epochs are done than are wanted.</exception>
    public Checkpoint? LoadCheckpoint(RunFolder folder, TrainingOptions options)
    {
        Checkpoint? checkpoint;
        try
        {
            checkpoint = new CheckpointFolder(folder.Checkpoints).LoadNewest(damaged => Warn($"{damaged.Message}; the checkpoint before it is taken"));
        }
        catch (InvalidFileException exception)
        {
            throw new InvalidFileException(folder.Checkpoints, "none of its checkpoints can be read; without the folder, the run begins again", exception);
        }
        if (checkpoint is null)
        {
            if (folder.Begun is not null)
            {
                Warn($"{path}: it has no checkpoint yet, so it begins again");
            }
            return null;
        }
        TrainingState state = checkpoint.State;
        int begun = state.Epochs.Count + (state.StepsOfEpoch > 0 ? 1 : 0);
        return options.Epochs >= begun ? checkpoint
            : throw new OptionException("--epochs", $"{options.Epochs} is too few, the run has already trained {begun}");
    }

    /// <summary>Opens the run's accelerator, or the one asked for, or one that is there.</summary>
    /// <exception cref="AcceleratorException">The one asked for is missing.</exception>
    public Device OpenDevice()
    {
        try
        {
            return AcceleratorCatalog.Open(Accelerator, Threads);
        }
        catch (AcceleratorException exception) when (!IsGiven(CommonOptions.Accelerator))
        {
            Warn(exception.Message);
            return AcceleratorCatalog.Open(AcceleratorChoice.Auto, Threads);
        }
    }

    /// <summary>The run's options from here on; what makes other bits than before is warned about and noted.</summary>
    /// <param name="now">The options of what computes now.</param>
    /// <param name="stepsDone">After which step.</param>
    public ArgsDocument Changed(ArgsDocument now, long stepsDone)
    {
        if (stepsDone > 0)
        {
            // The name of the CPU accelerator tells its threads and vectors, which change no bit.
            AcceleratorKind? kind = AcceleratorChoice.Parse(now.Accelerator).Kind, before = AcceleratorChoice.Parse(run.Accelerator).Kind;
            Note(kind != before || (kind != AcceleratorKind.Cpu && now.AcceleratorName != run.AcceleratorName), stepsDone, "accelerator",
                $"{run.Accelerator}, {run.AcceleratorName}", $"{now.Accelerator}, {now.AcceleratorName}");
            Note(now.Version != run.Version, stepsDone, "version", run.Version, now.Version);
            foreach ((TrainingOption option, object old, object changed) in TrainFlags.Changes(run.Options, now.Options))
            {
                Note(true, stepsDone, option.Flag, ValueRange.Text(old), ValueRange.Text(changed));
            }
            LearningRateSchedule schedule = now.Options.Schedule;
            Note(now.Options.Epochs != run.Options.Epochs && schedule.SpansAllEpochs, stepsDone, $"--schedule {schedule} over --epochs",
                Text(run.Options.Epochs), Text(now.Options.Epochs));
        }
        return now with { Changes = changes.Count == 0 ? run.Changes : [.. run.Changes ?? [], .. changes] };
    }

    private AcceleratorChoice Accelerator => IsGiven(CommonOptions.Accelerator) ? parsed.GetValue(CommonOptions.Accelerator) : AcceleratorChoice.Parse(run.Accelerator);

    /// <remarks>Threads change no bit: as many as the run had, if there are as many.</remarks>
    private int Threads => IsGiven(CommonOptions.Threads) ? parsed.GetValue(CommonOptions.Threads) : Math.Clamp(run.Threads, 0, Environment.ProcessorCount);

    private void Warn(string what) => host.Error.WriteLine($"gpucnn: warning: {what}");

    private void Note(bool differs, long step, string what, string before, string now)
    {
        if (differs)
        {
            changes.Add(string.Create(CultureInfo.InvariantCulture, $"after step {step}: {what} {now}, before {before}"));
            Warn($"{path}: {what} {now}, so far it was {before}: not bit for bit from here what the run would have been");
        }
    }

    private bool Counts(Option option) => !(ofSet && OfTheSet.Contains(option));

    private bool IsGiven(Option option) => Counts(option) && parsed.IsGiven(option);

    private T? Given<T>(Option<T> option) => IsGiven(option) ? parsed.GetValue(option) : default;

    private static void RequireModel(ModelDefinition? given, ModelDefinition ofRun)
    {
        TrainFlags.RequireSame(CommonOptions.Model.Name, given?.Name, ofRun.Name);
        if (given is not null && ModelFile.Text(ModelZoo.All.Contains(given) ? given.Fit(ofRun.Input, ofRun.Classes) : given) != ModelFile.Text(ofRun))
        {
            throw new OptionException(CommonOptions.Model.Name, $"{given.Name} is given with other settings than the run's; {TrainFlags.Advice}");
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string? Whole(string? path) => path is null ? null : Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
