using System.Globalization;
using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary>A training under way: epochs, files of the run folder, and the evaluation at the end.</summary>
internal sealed class TrainingRun : ITrainingObserver
{
    private readonly Host host;
    private readonly Output output;
    private readonly Trainer trainer;
    private readonly RunFolder folder;
    private readonly ImageSet test;
    private readonly IReadOnlyList<EpochResult> past;
    private readonly FileTrouble trouble;
    private readonly RunWeights weights;
    private readonly List<EpochDocument> epochs;
    private readonly long stepsBefore;
    private ITrainingView view = new SilentTrainingView();
    private int bestEpoch;

    /// <summary>A run that is about to begin.</summary>
    /// <param name="host">Where to write.</param>
    /// <param name="output">Where words go.</param>
    /// <param name="trainer">Trains.</param>
    /// <param name="folder">The run folder.</param>
    /// <param name="test">The images to be tested on at the end.</param>
    /// <param name="past">The epochs that the run has done before.</param>
    public TrainingRun(Host host, Output output, Trainer trainer, RunFolder folder, ImageSet test, IReadOnlyList<EpochResult> past)
    {
        (this.host, this.output, this.trainer, this.folder, this.test, this.past) = (host, output, trainer, folder, test, past);
        (epochs, stepsBefore, bestEpoch) = ([.. past.Select(EpochDocument.Of)], trainer.StepLosses.Count, past.LastOrDefault(epoch => epoch.Best)?.Epoch ?? 0);
        trouble = new FileTrouble(Say);
        weights = new RunWeights(folder, Write);
    }

    private Network Network => trainer.Network;

    private bool HoldsOut => trainer.ValidationImages > 0;

    /// <summary>How the training is shown.</summary>
    public ProgressStyle Style { get; init; }

    /// <summary>When a run that is resumed began; null for a new one.</summary>
    public DateTimeOffset? Begun { get; init; }

    /// <summary>Whether pictures are drawn into the folder.</summary>
    public bool Pictures { get; init; } = true;

    /// <summary>Trains to the end or until a stop is asked for, then evaluates.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="NonFiniteLossException">The loss became NaN; the weights of earlier epochs are in the folder.</exception>
    public int Execute()
    {
        StateDocument state = RunStatus.Begin(trainer, Begun);
        folder.WriteState(state);
        WriteBanner();
        Action tell;
        int code;
        try
        {
            (code, tell) = Train() is { } stopped ? (stopped, Interrupted) : (ExitCode.Done, Finish());
            weights.SaveUnwritten();
            WriteState(state with
            {
                Status = trouble.Unwritten.Count > 0 ? RunStatus.Failed : code == ExitCode.Done ? RunStatus.Done : RunStatus.Interrupted,
                Ended = DateTimeOffset.UtcNow,
                Problem = trouble.Unwritten is [var (path, reason), ..] ? $"{path} could not be written: {reason}" : null,
            });
        }
        catch (Exception exception)
        {
            WriteState(state with { Status = RunStatus.Failed, Ended = DateTimeOffset.UtcNow, Problem = exception.Message });
            SayLoss();
            throw;
        }
        Say(tell, mayFail: code == ExitCode.HungUp);
        return SayLoss() ? ExitCode.Failed : code;
    }

    /// <inheritdoc/>
    public void OnStep(in StepResult result)
    {
        view.OnStep(result);
        if (folder.StepsAreDue)
        {
            AppendSteps();
        }
    }

    /// <summary>Runs the epochs; the exit code when a stop was asked for.</summary>
    private int? Train()
    {
        var plan = new TrainingPlan(trainer.Options.Epochs, trainer.StepsPerEpoch, trainer.TrainingImages, trainer.Options.BatchSize, trainer.Options.LearningRate);
        view = TrainingViews.Create(host, output, Style, plan);
        using var interruption = new Interruption(view.Abandon, host.Stop);
        try
        {
            view.Follow(() =>
            {
                view.OnPast(plan, past, trainer.StepLosses);
                for (bool stopped = false; trainer.EpochsDone < trainer.Options.Epochs && !stopped; stopped = interruption.Token.IsCancellationRequested)
                {
                    EpochResult result = trainer.RunEpoch(this, interruption.Token);
                    Save(result);
                    if (!result.Interrupted)
                    {
                        view.OnEpoch(result);
                    }
                }
            });
        }
        finally
        {
            AppendSteps();
        }
        return interruption.Token.IsCancellationRequested ? interruption.ExitCode : null;
    }

    private void Save(EpochResult result)
    {
        // With nothing held out there is nothing to judge by, so best is last, even when an epoch was cut short.
        bool best = result.Best || !HoldsOut;
        weights.Save(new TrainedModel(Network.Model, trainer.ExportWeights()) { ClassNames = test.ClassNames, ValidationAccuracy = result.ValAccuracy }, best);
        var row = EpochDocument.Of(result);
        if (best)
        {
            bestEpoch = result.Epoch;
        }
        if (!result.Interrupted)
        {
            epochs.Add(row);
            Write(folder.Results, () => folder.Append(row));
        }
        AppendSteps();
    }

    private void AppendSteps() => Write(folder.Steps, () => folder.AppendSteps(trainer.StepLosses));

    private void WriteState(StateDocument state) => Write(folder.State, () => folder.WriteState(state));

    /// <summary>Writes a file of the run, in a folder that is still this run's; whether it could be.</summary>
    private bool Write(string path, Action write) => trouble.Try(path, () =>
    {
        if (folder.MakeAgain())
        {
            Say($"gpucnn: warning: {folder.Path} was removed while it was trained in; it is made again");
            weights.Removed();
            weights.SaveUnwritten();
        }
        write();
    });

    /// <summary>Says a line on standard error, whatever is shown meanwhile.</summary>
    private void Say(string line) => Say(() => view.Aside(() => host.Error.WriteLine(line)), mayFail: true);

    /// <summary>Says what could not be saved and where it is instead; whether there is anything of that kind.</summary>
    private bool SayLoss()
    {
        if (trouble.Unwritten is not [var (path, reason), ..] unwritten)
        {
            return false;
        }
        string what = $"gpucnn: {path}{(unwritten.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" and {unwritten.Count - 1} more") : "")} could not be written: {reason}";
        try
        {
            Say(weights.Rescue() is { } elsewhere ? $"{what}; the weights are in {elsewhere} instead" : what);
        }
        catch (Exception exception) when (FileTrouble.Is(exception))
        {
            Say($"{what}; nor could the weights in the folder for temporary files: {FileTrouble.Reason(exception)}");
        }
        return true;
    }

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

    private void Interrupted()
    {
        WriteResult(null, null,
            $"interrupted after {trainer.StepLosses.Count} steps, {trainer.EpochsDone} of {trainer.Options.Epochs} epochs\nweights     {folder.LastWeights}\n");
    }

    /// <summary>Evaluates and writes what it finds into the folder.</summary>
    /// <returns>Tells people and programs.</returns>
    private Action Finish()
    {
        EvaluationResult last = Evaluation.Run(Network, test), best = last;
        var evaluated = new EvaluatedModel(last, test, $"{Network.Model.Name} on the test split", RunNotes.Read(folder.Path));
        Write(Path.Combine(folder.Path, "report.txt"), () => EvaluationFiles.WriteTables(folder.Path, evaluated));
        DrawPictures(evaluated);
        if (bestEpoch != trainer.EpochsDone)
        {
            Network.ImportWeights(weights.Best.Weights);
            best = Evaluation.Run(Network, test);
        }
        weights.SaveAccuracies(last.Accuracy, best.Accuracy);
        return () =>
        {
            output.Talk.Write($"\n{ClassificationReport.Format(last)}\n");
            output.Talk.Write(string.Concat(folder.Files().Select(file => $"wrote       {file}\n")) + "\n");
            EpochDocument? bestRow = epochs.Find(row => row.Epoch == bestEpoch);
            WriteResult(last, best, $"test, last  {Summaries.Line(last)}\ntest, best  {Summaries.Line(best)}  epoch {bestEpoch}\n{Validation(bestRow)}run         {folder.Path}\n");
        };
    }

    private static string Validation(EpochDocument? row) => row?.ValAccuracy is { } accuracy
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
            LearningCurves.Write(folder.Curves, Network.Model.Name, epochs, trainer.StepLosses, trainer.StepsPerEpoch, HoldsOut ? bestEpoch : null);
            EvaluationFiles.WritePictures(folder.Path, evaluated);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            host.Error.WriteLine($"gpucnn: warning: the pictures could not be drawn: {exception.GetBaseException().Message.ReplaceLineEndings(" ")}; --no-pictures does without");
        }
    }

    private void WriteResult(EvaluationResult? last, EvaluationResult? best, string text) => output.Result(
        new TrainDocument(Network.Model.Name, Network.Model.Parameters, Network.Device.Info.Id, epochs, trainer.StepLosses, epochs.Sum(row => row.TrainSeconds),
            last is null ? null : EvaluationDocument.Of(last), best is null ? null : EvaluationDocument.Of(best), folder.Path),
        Documents.Default.TrainDocument, text);

    private void WriteBanner()
    {
        TrainingOptions options = trainer.Options;
        int width = output.Width;
        output.Talk.WriteLine(TextTable.Pairs(width,
            ("run", folder.Path),
            ("model", Summaries.Of(Network.Model)),
            ("accelerator", Summaries.Of(Network.Device)),
            ("images", string.Create(CultureInfo.InvariantCulture, $"{trainer.TrainingImages} to train, {trainer.ValidationImages} held out, {test.Count} to test")),
            ("training", string.Create(CultureInfo.InvariantCulture,
                $"{options.Epochs} epochs of {trainer.StepsPerEpoch} steps of {options.BatchSize} images, learning rate {options.LearningRate:0.######}, seed {options.Seed}"))));
        output.Talk.WriteLine(Summaries.Layers(Network.Model, width));
        if (stepsBefore > 0 || Begun is not null)
        {
            output.Talk.WriteLine(trainer.EpochsDone < options.Epochs
                ? string.Create(CultureInfo.InvariantCulture, $"resumed after step {stepsBefore}, {trainer.EpochsDone} of {options.Epochs} epochs done\n")
                : string.Create(CultureInfo.InvariantCulture, $"nothing is left to train: all {options.Epochs} epochs are done, --epochs N goes on to N\n"));
        }
    }
}
