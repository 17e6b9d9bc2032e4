using System.Diagnostics;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Trains a network on images, an epoch at a time.</summary>
/// <remarks>Images, order and metrics live on the device. On a GPU the host launches steps ahead and reads the losses of a few steps while the device does the next
/// few; it waits for all of them only at an epoch's end. On the CPU accelerator, where looking costs nothing, it looks at every step. There a step allocates no managed
/// memory.</remarks>
public sealed partial class Trainer : IDisposable
{
    /// <summary>Steps whose losses are read together on a GPU. The host is at most twice as many ahead, so that a stop is not far away.</summary>
    internal const int StepsARead = 4;

    /// <summary>Steps of a whole training from which on convolutions are compiled for the sizes of their layers (<see cref="Device.CompilesForSizes"/>): that takes half a second for each kernel of each layer on PoCL.</summary>
    public const int StepsThatPayForSizes = 200;

    private readonly DeviceImages training;
    private readonly DeviceImages? validation;
    private readonly MetricTables tables;
    private readonly MetricTables? validationTables;
    private readonly DelayedRead<float>[] reads;
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
        reads = device.Info.Kind == AcceleratorKind.Cpu ? [] : [device.PrepareRead<float>(StepsARead), device.PrepareRead<float>(StepsARead)];
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

    /// <summary>The observer gets the state after every so many steps; 0 for never.</summary>
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

    private EpochResult FinishEpoch(ITrainingObserver? observer, CancellationToken stop)
    {
        int epoch = EpochsDone + 1, steps = StepsPerEpoch;
        started = Stopwatch.GetTimestamp();
        while (stepsOfEpoch < steps && !stop.IsCancellationRequested)
        {
            stepsOfEpoch++;
            Step(stepsOfEpoch - 1, LearningRateOf(StepsDone));
            if (reads.Length == 0)
            {
                Pass(observer, tables.ReadLosses(stepsOfEpoch)[Seen..]);
            }
            else if (stepsOfEpoch % StepsARead == 0)
            {
                LookBack(observer);
            }
            if (CheckpointEvery > 0 && StepsDone % CheckpointEvery == 0 && stepsOfEpoch < steps && observer is not null)
            {
                PassAll(observer);
                observer.OnCheckpoint(Capture());
            }
        }
        PassAll(observer);
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
        Capture();
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DelayedRead<float> read in reads)
        {
            read.Dispose();
        }
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

    /// <summary>Starts to read the losses of the last few steps and passes on those of the few before, so that the device always has steps to do.</summary>
    private void LookBack(ITrainingObserver? observer)
    {
        int number = stepsOfEpoch / StepsARead, first = stepsOfEpoch - StepsARead;
        DelayedRead<float> last = reads[number % 2], before = reads[(number + 1) % 2];
        if (last.IsPending)
        {
            // Left over from an epoch that has ended, or overtaken by a checkpoint.
            last.Wait();
        }
        last.Start(tables.MeanLosses.View.SubView(first, StepsARead));
        if (Seen < first)
        {
            Pass(observer, before.Wait()[(Seen - (first - StepsARead))..]);
        }
    }

    /// <summary>Waits for the device; then all steps done have been passed on.</summary>
    private void PassAll(ITrainingObserver? observer)
    {
        if (Seen < stepsOfEpoch)
        {
            Pass(observer, tables.ReadLosses(stepsOfEpoch)[Seen..]);
        }
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
}
