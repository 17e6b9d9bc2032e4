using System.CommandLine;
using System.Diagnostics;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary><c>lr-find</c>: looks for a learning rate by training a few steps with ever larger ones. Nothing is kept but what is asked for.</summary>
internal sealed class LrFindCommand
{
    private static readonly LearningRateSearch Preset = new();

    private static readonly Option<int> Steps = Flag.Number("--steps", LearningRateSearch.StepsRange, "Stop after this many steps", Preset.Steps);

    private static readonly Option<double> From = Flag.Number("--from", LearningRateSearch.FromRange, "Set the learning rate of the first step", Preset.From),
        To = Flag.Number("--to", LearningRateSearch.ToRange, "Set the learning rate of the last step", Preset.To);

    private static readonly Option<string?> Picture = Flag.Text("--output", "FILE.png", "Write the curve as a picture");

    private readonly Host host;

    public LrFindCommand(Host host)
    {
        this.host = host;
        Command = new Command("lr-find", "Looks for a learning rate: trains for a few steps, each with a larger rate than the one before, until the loss has left its best far behind. "
            + "All other options are those of train, and so is the model's recipe; weights are not kept.");
        foreach (Option option in (Option[])[CommonOptions.Model, CommonOptions.Data, Steps, From, To, Picture, .. TrainCommand.SetupOptions, CommonOptions.Accelerator, CommonOptions.Threads])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        var output = new Output(host, parsed);
        var search = new LearningRateSearch { Steps = parsed.GetValue(Steps), From = parsed.GetValue(From), To = parsed.GetValue(To) };
        if (search.To < 10 * search.From)
        {
            throw OptionException.NotAllowed(To.Name, $"at least ten times {From.Name} ({ValueRange.Text(search.From)})", search.To);
        }
        string? picture = parsed.GetValue(Picture);
        if (picture is not null)
        {
            OutputFile.Check(picture, ".png");
        }
        var spec = RunSpec.Of(parsed);
        spec = spec with { Options = spec.Options with { LearningRate = search.From, Schedule = new ConstantSchedule(), WarmUp = 0 } };
        using var setup = new TrainingSetup(spec, new TrainingData(host, spec), () => AcceleratorCatalog.Open(spec.Accelerator, spec.Threads));
        Trainer trainer = setup.Trainer;
        ModelDefinition model = spec.Model;
        output.Talk.WriteLine($"{Summaries.Of(model)}: {search.Steps} steps of {Math.Min(trainer.Options.BatchSize, trainer.TrainingImages)} images "
            + $"with learning rates from {Suggestion.Format(search.From)} to {Suggestion.Format(search.To)}, {setup.Network.Device.Info.Id}");
        long started = Stopwatch.GetTimestamp();
        LearningRateFindings found;
        using (var interruption = new Interruption(() => Environment.Exit(ExitCode.Interrupted), host.Stop))
        {
            try
            {
                found = LearningRateFinder.Run(trainer, search, stop: interruption.Token);
            }
            catch (OperationCanceledException)
            {
                output.Talk.WriteLine("interrupted");
                return interruption.ExitCode;
            }
        }
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (found.Diverged)
        {
            output.Talk.WriteLine($"ended after {found.Points.Count} steps, where the loss had become NaN, or {LearningRateFinder.Divergence} times its best");
        }
        output.Talk.WriteLine();
        if (picture is not null && found.Points.Count > 0)
        {
            OutputFile.Write(picture, LearningRatePicture.Png(model.Name, found));
        }
        if (found.Valley is null)
        {
            host.Error.WriteLine($"gpucnn: no rate from {Suggestion.Format(search.From)} to {Suggestion.Format(search.To)} made the loss fall in {found.Points.Count} steps; "
                + $"give more {Steps.Name}, or another {From.Name} and {To.Name}");
            return ExitCode.Failed;
        }
        output.Result(LearningRateDocument.Of(model.Name, setup.Network.Device.Info.Id, found, seconds), Documents.Default.LearningRateDocument,
            (output.Quiet ? "" : LearningRateView.Table(found)) + LearningRateView.Suggestions(found), console =>
            {
                if (!output.Quiet)
                {
                    LearningRateView.Chart(console, found);
                }
                host.Out.Write(LearningRateView.Suggestions(found));
            });
        if (picture is not null)
        {
            output.Talk.WriteLine($"picture: {picture}");
        }
        return ExitCode.Done;
    }
}
