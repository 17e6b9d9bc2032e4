using System.Globalization;
using GpuCnn.Runner.Completion;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary>What a run says of itself: what it is, how it ended, and how to go on.</summary>
/// <param name="output">Where words go.</param>
/// <param name="setup">What computes it.</param>
/// <param name="folder">Its folder.</param>
/// <param name="place">Its place among the runs of several seeds, which say their results together; null for a run of its own.</param>
internal sealed class RunReport(Output output, TrainingSetup setup, RunFolder folder, SeedPlace? place)
{
    private readonly Trainer trainer = setup.Trainer;
    private readonly Network network = setup.Network;

    /// <summary>What a program is told; null before the end.</summary>
    public TrainDocument? Document { get; private set; }

    /// <summary>The epoch with the best weights so far; 0 for none.</summary>
    public int BestEpoch => trainer.Epochs.LastOrDefault(epoch => epoch.Best)?.Epoch ?? 0;

    /// <summary>Why the run ended before all its epochs were done.</summary>
    public EarlyStopDocument? Stop => EarlyStopDocument.Of(trainer.StoppedEarly);

    private string StopLine => Stop is { } stop ? Summaries.Line(stop, trainer.Options.Epochs) : "";

    /// <summary>Says what is trained.</summary>
    public void WriteBanner()
    {
        TrainingOptions options = trainer.Options;
        if (place is { Number: > 1 })
        {
            output.Talk.WriteLine($"{place}, in {folder.Path}");
        }
        else
        {
            int width = output.Width;
            output.Talk.WriteLine(TextTable.Pairs(width,
            [
                ("run", folder.Path),
                ("model", Summaries.Of(network.Model)),
                ("accelerator", Summaries.Of(network.Device)),
                ("images", string.Create(CultureInfo.InvariantCulture, $"{trainer.TrainingImages} to train, {trainer.ValidationImages} held out, {setup.Data.Test.Count} to test")),
                ("training", string.Create(CultureInfo.InvariantCulture, $"{options.Epochs} epochs of {trainer.StepsPerEpoch} steps of {options.BatchSize} images, learning rate ")
                    + Summaries.Rate(options.LearningRate) + Summaries.Course(options) + (options.Augmentation.IsNone ? "" : $", augmented: {options.Augmentation}")
                    + string.Create(CultureInfo.InvariantCulture, $", seed {options.Seed}")),
                .. Summaries.Recipe(options),
            ]));
            output.Talk.WriteLine(Summaries.Layers(network.Model, width));
        }
        if (folder.Begun is not null)
        {
            output.Talk.WriteLine(Stop is not null ? $"{StopLine}nothing is left to train: a higher --stop-patience, or 0, goes on\n" : trainer.EpochsDone < options.Epochs
                ? string.Create(CultureInfo.InvariantCulture, $"resumed after step {trainer.StepLosses.Count}, {trainer.EpochsDone} of {options.Epochs} epochs done\n")
                : string.Create(CultureInfo.InvariantCulture, $"nothing is left to train: all {options.Epochs} epochs are done, --epochs N goes on to N\n"));
        }
    }

    /// <summary>Says what was found on the test images.</summary>
    public void WriteDone(EvaluationResult last, EvaluationResult best)
    {
        if (place is null)
        {
            output.Talk.Write($"\n{ClassificationReport.Format(last)}\n");
            output.Talk.Write(string.Concat(folder.Files().Select(file => $"wrote       {file}\n")) + "\n");
        }
        Write(last, best, $"test, last  {Summaries.Line(last)}\ntest, best  {Summaries.Line(best)}  epoch {BestEpoch}\n{Validation(trainer.Epochs[BestEpoch - 1])}{StopLine}run         {folder.Path}\n");
    }

    /// <summary>Says how to go on after a stop.</summary>
    public void WriteInterrupted()
    {
        if (output.Json && place is null)
        {
            output.Talk.Write(HowToResume());
        }
        string what = string.Create(CultureInfo.InvariantCulture, $"interrupted after {trainer.StepLosses.Count} steps, {trainer.EpochsDone} of {trainer.Options.Epochs} epochs");
        Write(null, null, $"{what}{(trainer.IsDone ? ", before the evaluation was done" : "")}\nweights     {folder.LastWeights}\n{(place is null ? HowToResume() : "")}");
    }

    /// <summary>Says how to go on after a failure.</summary>
    public void WriteFailed(Exception exception) =>
        // The same steps give the same NaN again; smaller ones may not.
        output.Talk.Write(HowToResume(exception is NonFiniteLossException && place is null
            ? string.Create(CultureInfo.InvariantCulture, $" --learning-rate {trainer.BaseLearningRate / 10}") : ""));

    private string HowToResume(string more = "") => $"resume      gpucnn train --resume {ShellWords.Quote(place?.Folder ?? folder.Path)}{more}\n";

    private static string Validation(EpochResult row) => row.ValAccuracy is { } accuracy
        ? string.Create(CultureInfo.InvariantCulture, $"validation  accuracy {accuracy:0.0000}  loss {row.ValLoss:0.0000}  epoch {row.Epoch}, the best\n") : "";

    private void Write(EvaluationResult? last, EvaluationResult? best, string text)
    {
        Document = new TrainDocument(network.Model.Name, network.Model.ParameterCount, network.Device.Info.Id, [.. trainer.Epochs.Select(EpochDocument.Of)], trainer.StepLosses,
            trainer.Epochs.Sum(row => row.TrainSeconds), last is null ? null : EvaluationDocument.Of(last), best is null ? null : EvaluationDocument.Of(best), folder.Path, Stop);
        if (place is null)
        {
            output.Result(Document, Documents.Default.TrainDocument, text);
        }
        else
        {
            output.Talk.Write(text + "\n");
        }
    }
}
