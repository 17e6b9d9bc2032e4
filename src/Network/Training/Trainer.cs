using System.Diagnostics;

namespace GpuCnn;

/// <summary>Trains a network on images, an epoch at a time.</summary>
/// <remarks>Images, order and metrics live on the device. On a GPU the host launches steps ahead and reads the losses of a few steps while the device does the next
/// few; it waits for all of them only at an epoch's end. On the CPU accelerator, where looking costs nothing, it looks at every step. There a step allocates no managed
/// memory.</remarks>
public sealed class Trainer : IDisposable
{
    /// <summary>Steps of a whole training from which on convolutions are compiled for the sizes of their layers (<see cref="Device.CompilesForSizes"/>): that takes half a second for each kernel of each layer on PoCL.</summary>
    public const int StepsThatPayForSizes = 200;

    /// <summary>How often a training goes back at most.</summary>
    public const int MostRollbacks = 5;

    private readonly DeviceImages training;
    private readonly DeviceImages? validation;
    private readonly MetricTables tables;
    private readonly MetricTables? validationTables;
    private readonly LossReads reads;
    private readonly WeightUpdate update;
    private readonly List<float> stepLosses;
    private readonly LearningRateCurve curve;
    private readonly EarlyStoppingWatch stopping;
    private readonly IReadOnlyList<string> classNames;
    private readonly List<EpochResult> epochs = [];
    private int stepsOfEpoch;
    private double secondsOfEpoch;
    private long started;
    private double bestAccuracy = double.NegativeInfinity;

    /// <summary>The last state captured or restored, and the network's revision then.</summary>
    private TrainingState? kept;
    private long keptRevision;
    private int rollbacks;

    /// <summary>Puts the images on the network's device. The weights are left as they are.</summary>
    /// <param name="network">A network made for training, with at least the options' batch size; it must live longer than the trainer.</param>
    /// <param name="options">How to train.</param>
    /// <param name="images">All images, before the split.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="ModelException">The images or their classes do not fit the model.</exception>
    /// <exception cref="DeviceException">The device has not the memory.</exception>
    public Trainer(Network network, TrainingOptions options, ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(images);
        options.Validate();
        network.Model.RequireFit(images);
        options.Augmentation.RequireFit(images.Shape);
        if (options.BatchSize > network.MaxBatch)
        {
            throw TrainingOptions.Refusal(nameof(options.BatchSize), $"must be at most the network's {network.MaxBatch}, not {options.BatchSize}");
        }
        Network = network;
        Options = options;
        BaseLearningRate = options.LearningRate;
        classNames = images.ClassNames;
        (TrainingImages, ValidationImages) = options.Split(images.Count);
        curve = new LearningRateCurve(options, StepsPerEpoch);
        stopping = new EarlyStoppingWatch(options.EarlyStopping);
        Device device = network.Device;
        update = new WeightUpdate(network, options);
        training = new DeviceImages(device, images.Slice(0, TrainingImages), options.Augmentation, options.Seed);
        tables = new MetricTables(device, StepsPerEpoch);
        if (ValidationImages > 0)
        {
            validation = new DeviceImages(device, images.Slice(TrainingImages, ValidationImages));
            validationTables = new MetricTables(device, (ValidationImages + network.MaxBatch - 1) / network.MaxBatch);
        }
        reads = new LossReads(device, tables);
        stepLosses = new List<float>(checked(StepsPerEpoch * Math.Min(options.Epochs, 1000)));
    }

    /// <summary>The network being trained.</summary>
    public Network Network { get; }

    /// <summary>How it is trained.</summary>
    public TrainingOptions Options { get; }

    /// <summary>Images trained on.</summary>
    public int TrainingImages { get; }

    /// <summary>Images held out.</summary>
    public int ValidationImages { get; }

    /// <summary>Steps of an epoch; the last may have fewer images.</summary>
    public int StepsPerEpoch => (TrainingImages + Options.BatchSize - 1) / Options.BatchSize;

    /// <summary>Epochs done, the interrupted one not counted.</summary>
    public int EpochsDone => epochs.Count;

    /// <summary>Whether the training is at its end: all epochs are done, or it stopped early.</summary>
    public bool IsDone => EpochsDone >= Options.Epochs || StoppedEarly is not null;

    /// <summary>Why the training is at its end before all epochs are done; null when it is not, or they are.</summary>
    internal EarlyStop? StoppedEarly => EpochsDone < Options.Epochs ? stopping.Stop : null;

    /// <summary>The metrics of the epochs done.</summary>
    public IReadOnlyList<EpochResult> Epochs => epochs;

    /// <summary>The learning rate that the schedule takes its shares of: the options', halved each time the training went back.</summary>
    public double BaseLearningRate { get; private set; }

    /// <summary>The learning rate of the next step.</summary>
    public double LearningRate => LearningRateOf(StepsDone + 1);

    /// <summary>The observer gets the state within epochs too, after every so many steps; 0 for never.</summary>
    public int CheckpointEvery { get; set; }

    /// <summary>The mean loss of each step's batch, before its update.</summary>
    public IReadOnlyList<float> StepLosses => stepLosses;

    private long StepsDone => StepsBefore + stepsOfEpoch;

    /// <summary>Trains to the end of the epoch, then validates. An epoch that was interrupted goes on where it stopped.</summary>
    /// <param name="observer">Told of every step, in order; null for nobody.</param>
    /// <param name="stop">When cancelled, training ends after the step under way.</param>
    /// <returns>The epoch's metrics.</returns>
    /// <exception cref="InvalidOperationException">The network has no weights yet.</exception>
    /// <exception cref="NonFiniteLossException">A number became NaN or infinite. The training is back at the state before, captured at the start of the epoch or by
    /// <see cref="CheckpointEvery"/>.</exception>
    public EpochResult RunEpoch(ITrainingObserver? observer = null, CancellationToken stop = default)
    {
        Network.RequireWeights();
        Device device = Network.Device;
        bool forSizes = device.CompilesForSizes;
        // Not what is left of a training: a resumed one runs what the first one ran.
        device.CompilesForSizes |= (long)StepsPerEpoch * Options.Epochs >= StepsThatPayForSizes;
        try
        {
            return RunEpochTo(observer, stop);
        }
        finally
        {
            device.CompilesForSizes = forSizes;
        }
    }

    /// <summary>Trains until the epochs that <see cref="TrainingOptions"/> asks for are done or it stops early, and keeps the best weights.</summary>
    /// <param name="onEpoch">Told of every epoch; null for nobody.</param>
    /// <param name="observer">Told of every step; null for nobody.</param>
    /// <param name="stop">When cancelled, training ends after the step under way.</param>
    /// <returns>The model with the weights of the best epoch of this call (see <see cref="EpochResult.Best"/>), or with those of now when no epoch was finished: those that
    /// <see cref="ExportWeights"/> gives. The network itself is left with its last weights.</returns>
    /// <exception cref="NonFiniteLossException">A number became NaN or infinite; the training is back at the state before.</exception>
    public TrainedModel Train(Action<EpochResult>? onEpoch = null, ITrainingObserver? observer = null, CancellationToken stop = default)
    {
        TrainedModel? best = null;
        while (!IsDone && !stop.IsCancellationRequested)
        {
            EpochResult epoch = RunEpoch(observer, stop);
            if (epoch.Best || (best is null && !epoch.Interrupted))
            {
                best = Now(epoch.ValAccuracy);
            }
            onEpoch?.Invoke(epoch);
        }
        return best ?? Now(null);
    }

    /// <summary>Copies all that the next step depends on to the host.</summary>
    /// <returns>The state after the last step.</returns>
    /// <exception cref="InvalidOperationException">The network has no weights yet, or a step is under way whose loss is not known yet: a state is captured between epochs, or by
    /// <see cref="CheckpointEvery"/>.</exception>
    /// <exception cref="NonFiniteLossException">A weight or a moment is NaN or infinite.</exception>
    public TrainingState Capture()
    {
        // Restored, a state without weights would pass for weights.
        Network.RequireWeights();
        if (stepLosses.Count != StepsDone)
        {
            throw new InvalidOperationException($"the losses of {StepsDone - stepLosses.Count} steps are not known yet; capture between epochs, or set CheckpointEvery");
        }
        if (kept?.Step == StepsDone && keptRevision == Network.Revision)
        {
            return kept;
        }
        if (StepsDone == 0)
        {
            update.BeginAverage();
        }
        IReadOnlyList<StateTensors> copy = update.CopyState();
        if (NonFiniteSearch.InParameters(copy, StepsDone) is { } origin)
        {
            throw Spoiled($"{origin.Quantity} became {origin.Value}");
        }
        keptRevision = Network.Revision;
        return kept = new TrainingState(copy)
        {
            Options = Options,
            TrainingImages = TrainingImages,
            ValidationImages = ValidationImages,
            StepsOfEpoch = stepsOfEpoch,
            CorrectOfEpoch = tables.ReadCorrect(stepsOfEpoch),
            SecondsOfEpoch = SecondsNow(),
            LearningRate = BaseLearningRate,
            Rollbacks = rollbacks,
            Epochs = [.. epochs],
            StepLosses = [.. stepLosses],
        };
    }

    /// <summary>Goes back, or forward, to a state. When it does not fit nothing is changed.</summary>
    /// <param name="state">The state, of a training of the same model on as many images, with the same options but for the number of epochs, the learning rate, its schedule and early stopping.</param>
    /// <exception cref="StateMismatchException">It belongs to another training.</exception>
    /// <exception cref="ModelMismatchException">Its tensors belong to another model.</exception>
    public void Restore(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (TrainingOption option in TrainingOption.All.Where(option => option.OnResume == OnResume.Same))
        {
            RequireSame(option.Property, option.Get(state.Options), option.Get(Options));
        }
        RequireSame("number of training images", state.TrainingImages, TrainingImages);
        RequireSame("number of images held out", state.ValidationImages, ValidationImages);
        if (state.StepsOfEpoch < 0 || state.StepsOfEpoch >= StepsPerEpoch || state.CorrectOfEpoch.Count != state.StepsOfEpoch
            || state.Step != ((long)state.Epochs.Count * StepsPerEpoch) + state.StepsOfEpoch)
        {
            throw new StateMismatchException($"the state's numbers do not agree: {state.Step} losses, {state.Epochs.Count} epochs of {StepsPerEpoch} steps, {state.StepsOfEpoch} steps of the next");
        }
        update.Restore(state);
        stepsOfEpoch = state.StepsOfEpoch;
        secondsOfEpoch = state.SecondsOfEpoch;
        BaseLearningRate = state.LearningRate;
        rollbacks = state.Rollbacks;
        stepLosses.Clear();
        stepLosses.AddRange(state.StepLosses);
        tables.Restore([.. state.StepLosses.Skip(stepLosses.Count - stepsOfEpoch)], [.. state.CorrectOfEpoch]);
        epochs.Clear();
        epochs.AddRange(state.Epochs);
        curve.Restore(state.Epochs);
        stopping.Restore(state.Epochs);
        bestAccuracy = epochs.Max(epoch => epoch.ValAccuracy) ?? double.NegativeInfinity;
        (kept, keptRevision) = (state, Network.Revision);
    }

    /// <summary>Copies the weights that came of the training so far to the host, their average where <see cref="TrainingOptions.WeightAverage"/> asks for one, unless they are spoiled: the last
    /// steps' losses do not show what their updates did.</summary>
    /// <returns>As <see cref="Network.ExportWeights"/> gives them; the network itself goes on with those that are not averaged.</returns>
    /// <exception cref="NonFiniteLossException">A weight is NaN or infinite.</exception>
    public IReadOnlyList<WeightTensor> ExportWeights()
    {
        IReadOnlyList<WeightTensor> weights = StepsDone == 0 ? Network.ExportWeights() : update.ExportAverage();
        foreach (WeightTensor tensor in weights)
        {
            foreach (float value in tensor.Values)
            {
                if (!float.IsFinite(value))
                {
                    throw Spoiled($"a weight in {tensor.Name} became {value}");
                }
            }
        }
        return weights;
    }

    /// <summary>Does the next step with a learning rate of its own, and waits for it. An epoch that ends with it is not validated; <see cref="Restore"/> takes all back.</summary>
    /// <param name="learningRate">The learning rate.</param>
    /// <returns>The batch's mean loss before the update, which may be NaN or infinite.</returns>
    internal float Probe(double learningRate)
    {
        Network.RequireWeights();
        if (stepsOfEpoch == 0 && Options.Shuffle)
        {
            training.Shuffle(Options.Seed, EpochsDone + 1);
        }
        stepsOfEpoch++;
        Step(stepsOfEpoch - 1, learningRate);
        float loss = tables.ReadLosses(stepsOfEpoch)[^1];
        stepLosses.Add(loss);
        if (stepsOfEpoch == StepsPerEpoch)
        {
            // Counted as done, so that the next has an order of its own; no schedule looks at it.
            epochs.Add(new EpochResult(EpochsDone + 1, double.NaN, double.NaN, null, null, learningRate, 0, 0, Best: false, Interrupted: false));
            stepsOfEpoch = 0;
        }
        return loss;
    }

    private EpochResult RunEpochTo(ITrainingObserver? observer, CancellationToken stop)
    {
        // The state to go back to.
        Capture();
        if (Options.Shuffle)
        {
            training.Shuffle(Options.Seed, EpochsDone + 1);
        }
        while (true)
        {
            try
            {
                return FinishEpoch(observer, stop);
            }
            catch (NonFiniteLossException found)
            {
                GoBack(found, observer);
            }
        }
    }

    /// <summary>Finds where it began and goes back to the last state; there the training stops, or goes on more slowly.</summary>
    private void GoBack(NonFiniteLossException found, ITrainingObserver? observer)
    {
        TrainingState state = kept!;
        NonFiniteOrigin? origin = Search(state, found.Step);
        Restore(state);
        var back = Rollback.Of(found, origin, state, Options.OnNonFinite);
        Restore(state with { LearningRate = back.LearningRate, Rollbacks = back.Number });
        observer?.OnRollback(back);
    }

    /// <summary>Does the steps from a state on again and looks at all they compute.</summary>
    private NonFiniteOrigin? Search(TrainingState state, long last)
    {
        Restore(state);
        var search = new NonFiniteSearch(Network, update);
        for (int index = state.StepsOfEpoch; index < StepsPerEpoch && StepsBefore + index < last && search.Origin is null; index++)
        {
            search.Step(training, tables, index, index * Options.BatchSize, PassOf(index), LearningRateOf(StepsBefore + index + 1));
        }
        update.ExchangeAverage();
        for (int first = 0; first < ValidationImages && last == StepsBefore + StepsPerEpoch && search.Origin is null; first += Network.MaxBatch)
        {
            search.Forward(validation!, first, ValidationPass(first));
        }
        update.ExchangeAverage();
        return search.Origin;
    }

    private EpochResult FinishEpoch(ITrainingObserver? observer, CancellationToken stop)
    {
        int epoch = EpochsDone + 1, steps = StepsPerEpoch;
        started = Stopwatch.GetTimestamp();
        while (stepsOfEpoch < steps && !stop.IsCancellationRequested)
        {
            stepsOfEpoch++;
            Step(stepsOfEpoch - 1, LearningRateOf(StepsDone));
            Pass(observer, reads.Next(stepsOfEpoch, Seen));
            if (CheckpointEvery > 0 && StepsDone % CheckpointEvery == 0 && stepsOfEpoch < steps && observer is not null)
            {
                Pass(observer, reads.All(stepsOfEpoch, Seen));
                observer.OnCheckpoint(Capture(), null);
            }
        }
        Pass(observer, reads.All(stepsOfEpoch, Seen));
        secondsOfEpoch = SecondsNow();
        started = 0;
        int images = Math.Min(TrainingImages, stepsOfEpoch * Options.BatchSize);
        (double loss, double accuracy) = images > 0 ? tables.Summarize(Options.BatchSize, images) : (double.NaN, double.NaN);
        bool interrupted = stepsOfEpoch < steps;
        (double Loss, double Accuracy)? held = interrupted || validation is null ? null : Validate();
        if (held is { Loss: var after } && !double.IsFinite(after))
        {
            throw Spoiled($"the validation loss became {(float)after}");
        }
        bool best = !interrupted && (held is null || held.Value.Accuracy > bestAccuracy);
        var result = new EpochResult(epoch, loss, accuracy, held?.Loss, held?.Accuracy, LearningRateOf(Math.Max(1, StepsDone)), secondsOfEpoch, secondsOfEpoch > 0 ? images / secondsOfEpoch : 0, best, interrupted);
        if (!interrupted)
        {
            EndEpoch(result);
        }
        // The last losses do not show what their updates did to the weights.
        TrainingState state = Capture();
        observer?.OnCheckpoint(state, result);
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        reads.Dispose();
        update.Dispose();
        training.Dispose();
        validation?.Dispose();
        tables.Dispose();
        validationTables?.Dispose();
    }

    private int Seen => stepLosses.Count - (int)StepsBefore;

    private double SecondsNow() => secondsOfEpoch + (started == 0 ? 0 : Stopwatch.GetElapsedTime(started).TotalSeconds);

    private void EndEpoch(EpochResult result)
    {
        bestAccuracy = Math.Max(bestAccuracy, result.ValAccuracy ?? double.NegativeInfinity);
        epochs.Add(result);
        curve.Add(result);
        stopping.Add(result);
        stepsOfEpoch = 0;
        secondsOfEpoch = 0;
    }

    /// <summary>Steps before the epoch under way.</summary>
    private long StepsBefore => (long)EpochsDone * StepsPerEpoch;

    /// <summary>The learning rate of a step of the run, from 1.</summary>
    private double LearningRateOf(long step) => BaseLearningRate * curve.ShareAt(step - 1);

    private Pass PassOf(int index) =>
        new(Math.Min(Options.BatchSize, TrainingImages - (index * Options.BatchSize)), Options.Dropout ? Options.Seed : null, (uint)(StepsBefore + index + 1), Training: true);

    private Pass ValidationPass(int first) => new(Math.Min(Network.MaxBatch, ValidationImages - first), null, 0);

    private void Step(int index, double learningRate)
    {
        Pass pass = PassOf(index);
        Network.Forward(training, index * Options.BatchSize, pass);
        Network.Score(tables, index, pass.Batch, gradient: true, Options.LabelSmoothing);
        Network.Backward(pass);
        update.Step(StepsDone, learningRate);
    }

    /// <summary>Checks the losses of the next steps and passes them on.</summary>
    private void Pass(ITrainingObserver? observer, ReadOnlySpan<float> losses)
    {
        int epoch = EpochsDone + 1;
        foreach (float loss in losses)
        {
            long number = stepLosses.Count + 1;
            if (!float.IsFinite(loss))
            {
                throw new NonFiniteLossException(epoch, number, loss, stepLosses.Count > 0 ? stepLosses[^1] : null);
            }
            stepLosses.Add(loss);
            observer?.OnStep(new StepResult(epoch, number, Seen, StepsPerEpoch, loss, LearningRateOf(number)));
        }
    }

    /// <summary>Runs the images held out through the weights that count: their average where one is kept.</summary>
    private (double Loss, double Accuracy) Validate()
    {
        int batches = 0;
        update.ExchangeAverage();
        for (int first = 0; first < ValidationImages; first += Network.MaxBatch)
        {
            Pass pass = ValidationPass(first);
            Network.Forward(validation!, first, pass);
            Network.Score(validationTables!, batches++, pass.Batch, gradient: false);
        }
        update.ExchangeAverage();
        validationTables!.ReadLosses(batches);
        return validationTables.Summarize(Network.MaxBatch, ValidationImages);
    }

    private NonFiniteLossException Spoiled(string problem) => new($"{problem} {(StepsDone == 0 ? "before the first step" : $"after step {StepsDone} (epoch {EpochOf(StepsDone)})")}",
        EpochOf(StepsDone), StepsDone, stepLosses.Count > 0 ? stepLosses[^1] : null);

    private int EpochOf(long step) => (int)((Math.Max(step, 1) - 1) / StepsPerEpoch) + 1;

    private TrainedModel Now(double? accuracy) => new(Network.Model, ExportWeights())
    {
        ClassNames = classNames,
        ValidationAccuracy = accuracy,
        AverageDecay = Options.WeightAverage > 0 ? Options.WeightAverage : null,
    };

    private static void RequireSame(string what, object ofState, object own)
    {
        if (!ofState.Equals(own))
        {
            throw new StateMismatchException($"the state belongs to another training: its {what} is {ValueRange.Text(ofState)}, "
                + $"here it is {ValueRange.Text(own)}");
        }
    }
}
