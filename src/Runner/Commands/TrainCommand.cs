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
        Command = new Command("train",
            "Trains a model and writes a run folder. Options you omit come from the model's recipe (gpucnn models), otherwise from the defaults below. "
            + "Ctrl-C stops after the current step and saves; a second Ctrl-C stops at once. --resume continues a run that was interrupted, failed or was killed, bit for bit.");
        foreach (Option option in (Option[])[CommonOptions.Model, CommonOptions.Data, .. TrainFlags.Where(_ => true),
            .. InputOptions, TrainFlags.Seeds, TrainFlags.Folder, TrainFlags.CheckpointEvery, TrainFlags.Resume, TrainFlags.NoPictures, TrainingViews.Style, CommonOptions.Accelerator, CommonOptions.Threads])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    /// <summary>Options that say what a step computes, but for the learning rate; lr-find has them too.</summary>
    public static IReadOnlyList<Option> SetupOptions { get; } = [.. TrainFlags.Where(option => option.OnResume == OnResume.Same), .. InputOptions];

    private static Option[] InputOptions => [TrainFlags.Weights, TrainFlags.ImageSize, TrainFlags.Colour];

    private int Run(ParseResult parsed) => (parsed.GetValue(TrainFlags.Resume), parsed.GetValue(TrainFlags.Seeds)) switch
    {
        ({ } run, _) when SeedFolder.Is(run) => new SeedRuns(host, parsed).Resume(run),
        ({ } run, null) => Run(new RunLauncher(host, parsed).Resume(run)),
        ({ } run, { }) => throw new OptionException(TrainFlags.Seeds.Name, $"{run} is a run of one seed; leave the option out, or begin new ones"),
        (null, { } count) => new SeedRuns(host, parsed).Begin(count),
        _ => Run(new RunLauncher(host, parsed).Begin()),
    };

    private static int Run(RunSession session)
    {
        using (session)
        {
            return session.Run();
        }
    }
}
