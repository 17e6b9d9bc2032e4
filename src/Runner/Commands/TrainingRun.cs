using System.Globalization;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;
using Spectre.Console;

namespace GpuCnn.Runner.Commands;

/// <summary>A training under way: epochs, files of the run folder, and the evaluation at the end.</summary>
internal sealed class TrainingRun(Host host, Output output, Trainer trainer, RunFolder folder, ImageSet test)
{
    private readonly List<EpochDocument> epochs = [];
    private int bestEpoch;

    private Network Network => trainer.Network;

    private bool HoldsOut => trainer.ValidationImages > 0;

    /// <summary>Trains to the end or until a stop is asked for, then evaluates.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="NonFiniteLossException">The loss became NaN; the weights of earlier epochs are in the folder.</exception>
    public int Execute()
    {
        WriteBanner();
        return Train() ? Interrupted() : Finish();
    }

    /// <summary>Runs the epochs; whether a stop was asked for.</summary>
    private bool Train()
    {
        ITrainingView view = View();
        using var interruption = new Interruption(view.Abandon, host.Stop);
        try
        {
            view.Follow(() =>
            {
                do
                {
                    EpochResult result = trainer.RunEpoch(view, interruption.Token);
                    Save(result);
                    if (!result.Interrupted)
                    {
                        view.OnEpoch(result);
                    }
                }
                while (trainer.EpochsDone < trainer.Options.Epochs && !interruption.Token.IsCancellationRequested);
            });
        }
        finally
        {
            folder.AppendSteps(trainer.StepLosses);
        }
        return interruption.Token.IsCancellationRequested;
    }

    private void Save(EpochResult result)
    {
        IReadOnlyList<WeightTensor> weights = trainer.ExportWeights();
        WeightsFile.Save(folder.LastWeights, weights);
        // With nothing held out there is nothing to judge by, so best is last, even when an epoch was cut short.
        if (result.Best || !HoldsOut)
        {
            WeightsFile.Save(folder.BestWeights, weights);
            bestEpoch = result.Epoch;
        }
        if (!result.Interrupted)
        {
            var row = EpochDocument.Of(result);
            epochs.Add(row);
            folder.Append(row);
        }
        folder.AppendSteps(trainer.StepLosses);
    }

    private int Interrupted()
    {
        WriteResult(null, null, $"interrupted after {trainer.StepLosses.Count} steps, {trainer.EpochsDone} of {trainer.Options.Epochs} epochs\nweights     {folder.LastWeights}\n");
        return ExitCode.Interrupted;
    }

    private int Finish()
    {
        EvaluationResult last = Evaluation.Run(Network, test), best = last;
        folder.WriteReport(last);
        if (bestEpoch != trainer.EpochsDone)
        {
            Network.ImportWeights(WeightsFile.Load(folder.BestWeights));
            best = Evaluation.Run(Network, test);
        }
        output.Talk.Write($"\n{ClassificationReport.Format(last)}\n");
        WriteResult(last, best, $"test, last  {Summaries.Line(last)}\ntest, best  {Summaries.Line(best)}  epoch {bestEpoch}\nrun         {folder.Path}\n");
        return ExitCode.Done;
    }

    private void WriteResult(EvaluationResult? last, EvaluationResult? best, string text) => output.Result(
        new TrainDocument(Network.Model.Name, Network.Model.Parameters, Network.Device.Info.Id, epochs, trainer.StepLosses, epochs.Sum(row => row.TrainSeconds),
            last is null ? null : EvaluationDocument.Of(last), best is null ? null : EvaluationDocument.Of(best), folder.Path),
        Documents.Default.TrainDocument, text);

    private void WriteBanner()
    {
        TrainingOptions options = trainer.Options;
        output.Talk.WriteLine(TextTable.Format(["run", folder.Path],
        [
            ["model", Summaries.Of(Network.Model)],
            ["accelerator", Summaries.Of(Network.Device)],
            ["images", string.Create(CultureInfo.InvariantCulture, $"{trainer.TrainingImages} to train, {trainer.ValidationImages} held out, {test.Count} to test")],
            ["training", string.Create(CultureInfo.InvariantCulture,
                $"{options.Epochs} epochs of {trainer.StepsPerEpoch} steps of {options.BatchSize} images, learning rate {options.LearningRate:0.######}, seed {options.Seed}")],
        ]));
    }

    private ITrainingView View()
    {
        var plan = new TrainingPlan(trainer.Options.Epochs, trainer.StepsPerEpoch, trainer.TrainingImages, trainer.Options.BatchSize);
        if (!output.Quiet)
        {
            IAnsiConsole console = host.Console(output.Talk);
            if (console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi)
            {
                return new LiveTrainingView(console, plan, TimeProvider.System);
            }
        }
        return new PlainTrainingView(output.Talk, plan);
    }
}
