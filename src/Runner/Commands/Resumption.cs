using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>train --resume</c>: what a run goes on with. All comes from the run; what is given beside may repeat it, and only some of it may differ.</summary>
/// <param name="host">For warnings.</param>
/// <param name="parsed">The command line.</param>
/// <param name="folder">The run, opened.</param>
/// <param name="counts">Which of the options given are meant for the run.</param>
/// <param name="like">The options of a run that ends when this one does; null for its own.</param>
internal sealed class Resumption(Host host, ParseResult parsed, RunFolder folder, Predicate<Option> counts, ArgsDocument? like)
{
    private readonly List<string> changes = [];
    private string? fingerprint, testFingerprint;

    private ArgsDocument Run => folder.Args;

    private ArgsDocument Ending => like ?? Run;

    /// <summary>Checks what is given beside <c>--resume</c>.</summary>
    /// <param name="model">The run's model.</param>
    /// <returns>How the training goes on.</returns>
    /// <exception cref="OptionException">An option differs that must not.</exception>
    public TrainingOptions Options(ModelDefinition model)
    {
        TrainingOptions options = TrainFlags.Resumed(Run.Options, Ending.Options, TrainFlags.Given(parsed, counts));
        TrainFlags.RequireSame(TrainFlags.ImageSize.Name, Given(TrainFlags.ImageSize) is { } size ? Text(size) : null, Text(model.Input.Height));
        TrainFlags.RequireSame(TrainFlags.Colour.Name, Given(TrainFlags.Colour) ? "colour" : null, model.Input.Channels == 3 ? "colour" : "grey");
        RequireModel(Given(CommonOptions.Model), model);
        TrainFlags.RequireSame(TrainFlags.Weights.Name, Whole(Given(TrainFlags.Weights)), Run.Weights ?? "new random weights");
        TrainFlags.RequireSame(TrainFlags.Folder.Name, Whole(Given(TrainFlags.Folder)), Whole(folder.Path)!);
        return options;
    }

    /// <summary>Reads the newest checkpoint that is whole; null when the run has none yet.</summary>
    /// <param name="options">How the training goes on.</param>
    /// <exception cref="InvalidFileException">All checkpoints are damaged.</exception>
    /// <exception cref="OptionException">More epochs are done than are wanted.</exception>
    public Checkpoint? LoadCheckpoint(TrainingOptions options)
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
                Warn($"{folder.Path}: it has no checkpoint yet, so it begins again");
            }
            return null;
        }
        TrainingState state = checkpoint.State;
        int begun = state.Epochs.Count + (state.StepsOfEpoch > 0 ? 1 : 0);
        if (options.Epochs < begun)
        {
            throw new OptionException("--epochs", $"{options.Epochs} is too few, the run has already trained {begun}");
        }
        (fingerprint, testFingerprint) = (checkpoint.Notes.GetValueOrDefault(CheckpointNotes.TrainFingerprint), checkpoint.Notes.GetValueOrDefault(CheckpointNotes.TestFingerprint));
        return checkpoint;
    }

    /// <summary>Opens the run's accelerator, or the one asked for, or one that is there.</summary>
    /// <exception cref="AcceleratorException">The one asked for is missing.</exception>
    public Device OpenDevice()
    {
        // Threads change no bit: as many as the run had, if there are as many.
        int threads = IsGiven(CommonOptions.Threads) ? parsed.GetValue(CommonOptions.Threads) : Math.Clamp(Run.Threads, 0, Environment.ProcessorCount);
        if (IsGiven(CommonOptions.Accelerator))
        {
            return AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), threads);
        }
        try
        {
            return AcceleratorCatalog.Open(AcceleratorChoice.Parse(Run.Accelerator), threads);
        }
        catch (AcceleratorException exception)
        {
            Warn(exception.Message);
            return AcceleratorCatalog.Open(AcceleratorChoice.Auto, threads);
        }
    }

    /// <summary>Refuses a run whose data has changed.</summary>
    /// <param name="setup">What was read.</param>
    /// <exception cref="InvalidFileException">Images or labels are others.</exception>
    public void RequireSameData(TrainingSetup setup)
    {
        RequireSameData(setup.Data, "training", fingerprint ?? Run.TrainFingerprint, setup.TrainFingerprint);
        RequireSameData(setup.Data, "test", testFingerprint ?? Run.TestFingerprint, setup.TestFingerprint);
    }

    /// <summary>The run's options from here on; what makes other bits than before is warned about and noted.</summary>
    /// <param name="setup">What computes now.</param>
    /// <param name="options">How the training goes on.</param>
    /// <param name="stepsDone">After which step.</param>
    public ArgsDocument ArgsFrom(TrainingSetup setup, TrainingOptions options, long stepsDone)
    {
        AcceleratorInfo now = setup.Device.Info;
        string accelerator = $"{Run.Accelerator}, {Run.AcceleratorName}";
        // The name of the CPU accelerator tells its threads and vectors, which change no bit.
        bool isCpu = now.Kind == AcceleratorKind.Cpu && AcceleratorChoice.Parse(Run.Accelerator).Kind == AcceleratorKind.Cpu;
        if (stepsDone > 0)
        {
            Note(!isCpu && (now.Kind != AcceleratorChoice.Parse(Run.Accelerator).Kind || now.Name != Run.AcceleratorName), stepsDone, "accelerator", accelerator, $"{now.Id}, {now.Name}");
            Note(ProgramVersion.Text != Run.Version, stepsDone, "version", Run.Version, ProgramVersion.Text);
            foreach ((TrainingOption option, object before, object after) in TrainFlags.Changes(Run.Options, options))
            {
                Note(true, stepsDone, option.Flag, ValueRange.Text(before), ValueRange.Text(after));
            }
            Note(options.Epochs != Run.Options.Epochs && options.Schedule.SpansAllEpochs, stepsDone, $"--schedule {options.Schedule} over --epochs",
                Text(Run.Options.Epochs), Text(options.Epochs));
        }
        return Run with
        {
            Version = ProgramVersion.Text,
            Accelerator = now.Id,
            AcceleratorName = now.Name,
            Threads = setup.Device.Workers,
            Data = setup.Data,
            Options = options,
            CheckpointEvery = IsGiven(TrainFlags.CheckpointEvery) ? parsed.GetValue(TrainFlags.CheckpointEvery) : Run.CheckpointEvery,
            TrainFingerprint = setup.TrainFingerprint,
            TestFingerprint = setup.TestFingerprint,
            Changes = changes.Count == 0 ? Run.Changes : [.. Run.Changes ?? [], .. changes],
        };
    }

    /// <summary>Says something that is no error, on standard error.</summary>
    public void Warn(string what) => host.Error.WriteLine($"gpucnn: warning: {what}");

    private void Note(bool differs, long step, string what, string before, string now)
    {
        if (differs)
        {
            changes.Add(string.Create(CultureInfo.InvariantCulture, $"after step {step}: {what} {now}, before {before}"));
            Warn($"{folder.Path}: {what} {now}, so far it was {before}: not bit for bit from here what the run would have been");
        }
    }

    private static void RequireSameData(string data, string what, string? ofRun, string now)
    {
        if (ofRun is not null && ofRun != now)
        {
            throw new InvalidFileException(data, $"its {what} images or labels are not those that the run was begun with (fingerprint {now}, of the run {ofRun}); "
                + "bring those back, or give --data their folder");
        }
    }

    private bool IsGiven(Option option) => counts(option) && parsed.IsGiven(option);

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
