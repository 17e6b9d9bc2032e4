using System.Globalization;
using GpuCnn.Runner.Completion;
using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary>A training under way: epochs, files of the run folder, and the evaluation at the end.</summary>
internal sealed class TrainingRun : ITrainingObserver, IDisposable
{
    private readonly Host host;
    private readonly Output output;
    private readonly Trainer trainer;
    private readonly RunFolder folder;
    private readonly ImageSet test;
    private readonly SeedPlace? place;
    private readonly RunSaver saver;
    private readonly TrainingPlan plan;
    private ITrainingView view = new SilentTrainingView();

    /// <summary>A run that is about to begin, or to go on from where its trainer is.</summary>
    /// <param name="host">Where to write.</param>
    /// <param name="output">Where words go.</param>
    /// <param name="trainer">Trains.</param>
    /// <param name="folder">The run folder.</param>
    /// <param name="test">The images to be tested on at the end.</param>
    /// <param name="place">The run's place among those of several seeds; null for a run of its own.</param>
    public TrainingRun(Host host, Output output, Trainer trainer, RunFolder folder, ImageSet test, SeedPlace? place)
    {
        (this.host, this.output, this.trainer, this.folder, this.test, this.place) = (host, output, trainer, folder, test, place);
        saver = new RunSaver(folder, test, Say);
        plan = new TrainingPlan(trainer.Options.Epochs, trainer.StepsPerEpoch, trainer.TrainingImages, trainer.Options.BatchSize, trainer.LearningRate, place?.ToString());
    }

    private int BestEpoch => trainer.Epochs.LastOrDefault(epoch => epoch.Best)?.Epoch ?? 0;

    private Network Network => trainer.Network;

    private EarlyStopDocument? Stop => EarlyStopDocument.Of(trainer.StoppedEarly);

    private string StopLine => Stop is { } stop ? Summaries.Line(stop, trainer.Options.Epochs) : "";

    private bool HoldsOut => trainer.ValidationImages > 0;

    /// <summary>The checkpoint that it goes on from; null for a new run.</summary>
    public Checkpoint? Past { get; init; }

    /// <summary>How the training is shown.</summary>
    public ProgressStyle Style { get; init; }

    /// <summary>Whether pictures are drawn into the folder.</summary>
    public bool Pictures { get; init; } = true;

    /// <summary>What a program is told of the run; null before its end.</summary>
    public TrainDocument? Document { get; private set; }

    /// <summary>Trains to the end or until a stop is asked for, then evaluates.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="NonFiniteLossException">The loss became NaN; the weights of earlier epochs are in the folder.</exception>
    public int Execute()
    {
        StateDocument begun = RunStatus.Begin(trainer, folder.Begun);
        folder.WriteState(begun);
        if (Past is not null)
        {
            saver.Restore(Past);
        }
        WriteBanner();
        view = TrainingViews.Create(host, output, Style, plan);
        using var interruption = new Interruption(view.Abandon, host.Stop);
        Action tell;
        int code;
        try
        {
            (code, tell) = Train(interruption.Token) && Finish(interruption.Token) is { } done ? (ExitCode.Done, done) : (interruption.ExitCode, Interrupted);
            End(problem => begun with
            {
                Status = problem is not null ? RunStatus.Failed : code == ExitCode.Done ? RunStatus.Done : RunStatus.Interrupted,
                Problem = problem,
                StoppedEarly = Stop,
            });
        }
        catch (Exception exception)
        {
            End(_ => begun with { Status = RunStatus.Failed, Problem = exception.Message });
            saver.SayLoss();
            // The same steps give the same NaN again; smaller ones may not.
            Say(() => output.Talk.Write(HowToResume(exception is NonFiniteLossException && place is null ? $" --learning-rate {Text(trainer.BaseLearningRate / 10)}" : "")), mayFail: true);
            throw;
        }
        Say(tell, mayFail: code == ExitCode.HungUp);
        return saver.SayLoss() ? ExitCode.Failed : code;
    }

    /// <inheritdoc/>
    public void OnStep(in StepResult result)
    {
        view.OnStep(result);
        saver.AppendStepsNowAndThen(trainer.StepLosses);
    }

    /// <inheritdoc/>
    public void OnCheckpoint(TrainingState state) => saver.SaveCheckpoint(state);

    /// <inheritdoc/>
    public void OnRollback(Rollback rollback)
    {
        Say($"gpucnn: warning: {rollback.Cause.Message}");
        saver.SaveSteps(trainer.StepLosses);
        view.OnPast(plan, [.. trainer.Epochs], [.. trainer.StepLosses]);
    }

    /// <inheritdoc/>
    public void Dispose() => saver.Dispose();

    /// <summary>Runs the epochs; whether no stop was asked for.</summary>
    private bool Train(CancellationToken stop)
    {
        view.Follow(() =>
        {
            view.OnPast(plan, [.. trainer.Epochs], [.. trainer.StepLosses]);
            if (trainer.IsDone)
            {
                // Only the evaluation is left; it must find the weights of this very state, whatever became of their files.
                saver.Save(trainer.Capture(), null, trainer.Epochs[^1].ValAccuracy, BestEpoch == trainer.EpochsDone);
            }
            for (bool stopped = false; !trainer.IsDone && !stopped; stopped = stop.IsCancellationRequested)
            {
                EpochResult result = trainer.RunEpoch(this, stop);
                // With nothing held out there is nothing to judge by, so best is last, even when an epoch was cut short.
                saver.Save(trainer.Capture(), result.Interrupted ? null : EpochDocument.Of(result), result.ValAccuracy, result.Best || !HoldsOut);
                if (!result.Interrupted)
                {
                    view.OnEpoch(result);
                }
            }
            saver.Flush();
        });
        return !stop.IsCancellationRequested;
    }

    private void End(Func<string?, StateDocument> state) => saver.End(trainer.StepLosses, problem => state(problem) with { Ended = DateTimeOffset.UtcNow });

    /// <summary>Says a line on standard error, whatever is shown meanwhile.</summary>
    private void Say(string line) => Say(() => view.Aside(() => host.Error.WriteLine(line)), mayFail: true);

    /// <summary>Writes when all is saved. A terminal that is gone takes no last words, and must not hide how the run ended.</summary>
    private static void Say(Action tell, bool mayFail)
    {
        try
        {
            tell();
        }
        catch (IOException) when (mayFail)
        {
        }
    }

    private string HowToResume(string more = "") => $"resume      gpucnn train --resume {ShellWords.Quote(place?.Folder ?? folder.Path)}{more}\n";

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private void Interrupted()
    {
        if (output.Json && place is null)
        {
            output.Talk.Write(HowToResume());
        }
        WriteResult(null, null,
            $"interrupted after {trainer.StepLosses.Count} steps, {trainer.EpochsDone} of {trainer.Options.Epochs} epochs{(!trainer.IsDone ? "" : ", before the evaluation was done")}\nweights     {folder.LastWeights}\n{(place is null ? HowToResume() : "")}");
    }

    /// <summary>Evaluates and writes what it finds into the folder.</summary>
    /// <returns>Tells people and programs; null when a stop was asked for.</returns>
    private Action? Finish(CancellationToken stop)
    {
        try
        {
            return Evaluate(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private Action Evaluate(CancellationToken stop)
    {
        if (trainer.Options.WeightAverage > 0)
        {
            Network.ImportWeights(trainer.ExportWeights());
        }
        EvaluationResult last = Evaluation.Run(Network, test, stop), best = last;
        var evaluated = new EvaluatedModel(last, test, $"{Network.Model.Name} on the test split", RunNotes.Read(folder.Path));
        EvaluationFiles.WriteTables(folder.Path, evaluated, saver.WriteNow);
        stop.ThrowIfCancellationRequested();
        DrawPictures(evaluated);
        stop.ThrowIfCancellationRequested();
        if (BestEpoch != trainer.EpochsDone)
        {
            Network.ImportWeights(saver.Best);
            best = Evaluation.Run(Network, test, stop);
        }
        stop.ThrowIfCancellationRequested();
        saver.SaveAccuracies(last.Accuracy, best.Accuracy);
        return () =>
        {
            if (place is null)
            {
                output.Talk.Write($"\n{ClassificationReport.Format(last)}\n");
                output.Talk.Write(string.Concat(folder.Files().Select(file => $"wrote       {file}\n")) + "\n");
            }
            WriteResult(last, best, $"test, last  {Summaries.Line(last)}\ntest, best  {Summaries.Line(best)}  epoch {BestEpoch}\n{Validation(trainer.Epochs[BestEpoch - 1])}{StopLine}run         {folder.Path}\n");
        };
    }

    private static string Validation(EpochResult row) => row.ValAccuracy is { } accuracy
        ? string.Create(CultureInfo.InvariantCulture, $"validation  accuracy {accuracy:0.0000}  loss {row.ValLoss:0.0000}  epoch {row.Epoch}, the best\n") : "";

    /// <summary>Draws what a person will look at; that it cannot be drawn takes nothing from a training that is done.</summary>
    private void DrawPictures(EvaluatedModel evaluated)
    {
        if (!Pictures)
        {
            return;
        }
        try
        {
            LearningCurves.Write(folder.Curves, Network.Model.Name, Rows(), trainer.StepLosses, trainer.StepsPerEpoch, HoldsOut ? BestEpoch : null);
            EvaluationFiles.WritePictures(folder.Path, evaluated);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            host.Error.WriteLine($"gpucnn: warning: the pictures could not be drawn: {exception.GetBaseException().Message.ReplaceLineEndings(" ")}; --no-pictures does without");
        }
    }

    private EpochDocument[] Rows() => [.. trainer.Epochs.Select(EpochDocument.Of)];

    private void WriteResult(EvaluationResult? last, EvaluationResult? best, string text)
    {
        Document = new TrainDocument(Network.Model.Name, Network.Model.ParameterCount, Network.Device.Info.Id, Rows(), trainer.StepLosses, trainer.Epochs.Sum(row => row.TrainSeconds),
            last is null ? null : EvaluationDocument.Of(last), best is null ? null : EvaluationDocument.Of(best), folder.Path, Stop);
        if (place is null)
        {
            output.Result(Document, Documents.Default.TrainDocument, text);
        }
        else
        {
            output.Talk.Write(text + "\n");
        }
    }

    private void WriteBanner()
    {
        TrainingOptions options = trainer.Options;
        int width = output.Width;
        if (place is { Number: > 1 })
        {
            output.Talk.WriteLine($"{place}, in {folder.Path}");
            WriteResumed();
            return;
        }
        output.Talk.WriteLine(TextTable.Pairs(width,
        [
            ("run", folder.Path),
            ("model", Summaries.Of(Network.Model)),
            ("accelerator", Summaries.Of(Network.Device)),
            ("images", string.Create(CultureInfo.InvariantCulture, $"{trainer.TrainingImages} to train, {trainer.ValidationImages} held out, {test.Count} to test")),
            ("training", string.Create(CultureInfo.InvariantCulture,
                $"{options.Epochs} epochs of {trainer.StepsPerEpoch} steps of {options.BatchSize} images, learning rate {Summaries.Rate(options.LearningRate)}{Summaries.Course(options)}{(options.Augmentation.IsNone ? "" : $", augmented: {options.Augmentation}")}, seed {options.Seed}")),
            .. Summaries.Recipe(options),
        ]));
        output.Talk.WriteLine(Summaries.Layers(Network.Model, width));
        WriteResumed();
    }

    private void WriteResumed()
    {
        TrainingOptions options = trainer.Options;
        if (folder.Begun is not null)
        {
            output.Talk.WriteLine(Stop is not null ? $"{StopLine}nothing is left to train: a higher --stop-patience, or 0, goes on\n" : trainer.EpochsDone < options.Epochs
                ? string.Create(CultureInfo.InvariantCulture, $"resumed after step {trainer.StepLosses.Count}, {trainer.EpochsDone} of {options.Epochs} epochs done\n")
                : string.Create(CultureInfo.InvariantCulture, $"nothing is left to train: all {options.Epochs} epochs are done, --epochs N goes on to N\n"));
        }
    }
}
