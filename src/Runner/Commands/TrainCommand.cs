using System.CommandLine;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary><c>train</c>: trains a model and leaves a run folder, or goes on with one; or several with a seed each.</summary>
internal sealed class TrainCommand
{
    private readonly Host host;

    public TrainCommand(Host host)
    {
        this.host = host;
        Command = new Command("train", "Trains a model and writes a run folder. What is not given is as the model's recipe has it (gpucnn models), else as below. Ctrl-C ends it after the step under way and saves; a second Ctrl-C ends it at once. "
            + "--resume goes on with a run that was interrupted, failed or was killed, bit for bit as if it had not been.");
        foreach (Option option in (Option[])[CommonOptions.Model, CommonOptions.Data, TrainFlags.Epochs, TrainFlags.LearningRate,
            TrainFlags.Schedule, TrainFlags.WarmUp, TrainFlags.StopPatience, TrainFlags.StopMetric, TrainFlags.StopMinChange,
            .. SetupOptions, TrainFlags.Seeds, TrainFlags.Folder, TrainFlags.OnNan, TrainFlags.CheckpointEvery, TrainFlags.Resume, TrainFlags.NoPictures, TrainingViews.Style, CommonOptions.Accelerator, CommonOptions.Threads])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    /// <summary>Options that say what a step computes, but for the learning rate; lr-find has them too.</summary>
    public static IReadOnlyList<Option> SetupOptions { get; } = [TrainFlags.BatchSize, TrainFlags.Optimizer, TrainFlags.WeightDecay, TrainFlags.LabelSmoothing,
        TrainFlags.GradientClip, TrainFlags.WeightAverage, TrainFlags.ValidationSplit, TrainFlags.NoShuffle, TrainFlags.NoDropout, TrainFlags.Augment,
        TrainFlags.TrainSamples, TrainFlags.Seed, TrainFlags.Weights, TrainFlags.ImageSize, TrainFlags.Colour];

    private int Run(ParseResult parsed) => (parsed.GetValue(TrainFlags.Resume), parsed.GetValue(TrainFlags.Seeds)) switch
    {
        ({ } run, _) when SeedFolder.Is(run) => new SeedRuns(host, parsed).Resume(run),
        ({ } run, null) => new RunLauncher(host, parsed).Resume(run),
        ({ } run, { }) => throw new OptionException(TrainFlags.Seeds.Name, $"{run} is a run of one seed; leave the option out, or begin new ones"),
        (null, { } count) => new SeedRuns(host, parsed).Begin(count),
        _ => new RunLauncher(host, parsed).Begin(),
    };
}
