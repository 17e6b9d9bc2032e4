using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary>A run from where its trainer stands to its end: trains, saves, shows, and evaluates. All input is checked; nothing is written before <see cref="Run"/>.</summary>
internal sealed class RunSession : ITrainingObserver, IDisposable
{
    private readonly Host host;
    private readonly TrainingSetup setup;
    private readonly RunFolder folder;
    private readonly RunStore store;
    private readonly RunReport report;
    private readonly ArgsDocument args;
    private readonly Checkpoint? past;
    private readonly TrainingPlan plan;
    private readonly ITrainingView view;
    private readonly bool pictures;

    /// <summary>A run that begins, or goes on.</summary>
    /// <param name="host">Where to write.</param>
    /// <param name="output">Where words go.</param>
    /// <param name="setup">What computes it, which this disposes.</param>
    /// <param name="folder">Its folder, which this disposes.</param>
    /// <param name="args">Its options from here on.</param>
    /// <param name="past">The checkpoint that its trainer was given; null for none.</param>
    /// <param name="place">Its place among the runs of several seeds; null for a run of its own.</param>
    /// <param name="style">How it is shown.</param>
    /// <param name="pictures">Whether pictures are drawn into the folder.</param>
    public RunSession(Host host, Output output, TrainingSetup setup, RunFolder folder, ArgsDocument args, Checkpoint? past, SeedPlace? place, ProgressStyle style, bool pictures)
    {
        (this.host, this.setup, this.folder, this.args, this.past, this.pictures) = (host, setup, folder, args, past, pictures);
        store = new RunStore(folder, setup.Data.Test, Say);
        report = new RunReport(output, setup, folder, place);
        plan = new TrainingPlan(Trainer.Options.Epochs, Trainer.StepsPerEpoch, Trainer.TrainingImages, Trainer.Options.BatchSize, Trainer.LearningRate, place?.ToString());
        view = TrainingViews.Create(host, output, style, plan);
    }

    /// <summary>What a program is told of the run; null before its end.</summary>
    public TrainDocument? Document => report.Document;

    private Trainer Trainer => setup.Trainer;

    private Network Network => setup.Network;

    private ImageSet Test => setup.Data.Test;

    /// <summary>Trains to the end or until a stop is asked for, then evaluates; the exit code.</summary>
    /// <exception cref="NonFiniteLossException">The loss became NaN; the weights of earlier epochs are in the folder.</exception>
    public int Run()
    {
        StateDocument begun = RunStatus.Begin(Trainer, folder.Begun);
        store.Begin(args, past, begun);
        report.WriteBanner();
        using var interruption = new Interruption(view.Abandon, host.Stop);
        Action tell;
        int code;
        try
        {
            (code, tell) = Train(interruption.Token) && Finish(interruption.Token) is { } done ? (ExitCode.Done, done) : (interruption.ExitCode, report.WriteInterrupted);
            End(problem => begun with
            {
                Status = problem is not null ? RunStatus.Failed : code == ExitCode.Done ? RunStatus.Done : RunStatus.Interrupted,
                Problem = problem,
                StoppedEarly = report.Stop,
            });
        }
        catch (Exception exception)
        {
            End(_ => begun with { Status = RunStatus.Failed, Problem = exception.Message });
            store.SayLoss();
            Say(() => report.WriteFailed(exception), mayFail: true);
            throw;
        }
        Say(tell, mayFail: code == ExitCode.HungUp);
        return store.SayLoss() ? ExitCode.Failed : code;
    }

    /// <inheritdoc/>
    public void OnStep(in StepResult result)
    {
        view.OnStep(result);
        store.AppendStepsNowAndThen(Trainer.StepLosses);
    }

    /// <inheritdoc/>
    public void OnCheckpoint(TrainingState state, EpochResult? ended)
    {
        if (ended is null)
        {
            store.SaveCheckpoint(state);
            return;
        }
        Save(state, ended);
        if (!ended.Interrupted)
        {
            view.OnEpoch(ended);
        }
    }

    /// <inheritdoc/>
    public void OnRollback(Rollback rollback)
    {
        Say($"gpucnn: warning: {rollback.Cause.Message}");
        store.SaveSteps(Trainer.StepLosses);
        TellPast();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        store.Dispose();
        setup.Dispose();
        folder.Dispose();
    }

    /// <summary>Runs the epochs; whether no stop was asked for.</summary>
    private bool Train(CancellationToken stop)
    {
        view.Start();
        try
        {
            TellPast();
            if (Trainer.IsDone)
            {
                // Only the evaluation is left; it must find the weights of this very state, whatever became of their files.
                Save(Trainer.Capture(), Trainer.Epochs[^1]);
            }
            for (bool stopped = false; !Trainer.IsDone && !stopped; stopped = stop.IsCancellationRequested)
            {
                Trainer.RunEpoch(this, stop);
            }
            store.Flush();
        }
        finally
        {
            view.Stop();
        }
        return !stop.IsCancellationRequested;
    }

    /// <remarks>With nothing held out there is nothing to judge by, so best is last, even when an epoch was cut short.</remarks>
    private void Save(TrainingState state, EpochResult ended) => store.Save(state, ended, ended.Best || Trainer.ValidationImages == 0);

    private void TellPast() => view.OnPast(plan, [.. Trainer.Epochs], [.. Trainer.StepLosses]);

    private void End(Func<string?, StateDocument> state) => store.End(Trainer.StepLosses, problem => state(problem) with { Ended = DateTimeOffset.UtcNow });

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
        if (Trainer.Options.WeightAverage > 0)
        {
            Network.ImportWeights(Trainer.ExportWeights());
        }
        EvaluationResult last = Evaluation.Run(Network, Test, stop), best = last;
        var evaluated = new EvaluatedModel(last, Test, $"{Network.Model.Name} on the test split", RunNotes.Read(folder.Path));
        EvaluationFiles.WriteTables(folder.Path, evaluated, store.WriteNow);
        stop.ThrowIfCancellationRequested();
        if (pictures)
        {
            DrawPictures(evaluated);
        }
        stop.ThrowIfCancellationRequested();
        if (report.BestEpoch != Trainer.EpochsDone)
        {
            Network.ImportWeights(store.Best);
            best = Evaluation.Run(Network, Test, stop);
        }
        stop.ThrowIfCancellationRequested();
        store.SaveAccuracies(last.Accuracy, best.Accuracy);
        return () => report.WriteDone(last, best);
    }

    /// <summary>Draws what a person will look at; that it cannot be drawn takes nothing from a training that is done.</summary>
    private void DrawPictures(EvaluatedModel evaluated)
    {
        try
        {
            LearningCurves.Write(folder.Curves, Network.Model.Name, [.. Trainer.Epochs.Select(EpochDocument.Of)], Trainer.StepLosses, Trainer.StepsPerEpoch,
                Trainer.ValidationImages > 0 ? report.BestEpoch : null);
            EvaluationFiles.WritePictures(folder.Path, evaluated);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            host.Error.WriteLine($"gpucnn: warning: the pictures could not be drawn: {exception.GetBaseException().Message.ReplaceLineEndings(" ")}; --no-pictures does without");
        }
    }
}
