using System.Diagnostics;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Trains a network on images, an epoch at a time.</summary>
/// <remarks>Images, order and metrics live on the device; the host reads the losses so far every few steps (every step on the CPU accelerator, where it
/// costs nothing) and the metrics once an epoch. A step allocates no managed memory.</remarks>
public sealed class Trainer : IDisposable
{
    /// <summary>Steps between two looks at the losses on a GPU: each look waits for the device.</summary>
    private const int StepsBetweenLooks = 25;

    private readonly DeviceImages training;
    private readonly DeviceImages? validation;
    private readonly MetricTables tables;
    private readonly MetricTables? validationTables;
    private readonly List<float> stepLosses;
    private long step;
    private double bestAccuracy = double.NegativeInfinity;

    /// <summary>Puts the images on the network's device. The weights are left as they are.</summary>
    /// <param name="network">A network made for training, with at least the options' batch size; it must live longer than the trainer.</param>
    /// <param name="options">How to train.</param>
    /// <param name="images">All images, before the split.</param>
    /// <exception cref="OptionException">An option is out of range.</exception>
    /// <exception cref="ModelException">The images or their classes do not fit the model.</exception>
    /// <exception cref="DeviceException">The device has not the memory.</exception>
    public Trainer(Network network, TrainingOptions options, ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(images);
        options.Validate();
        network.Model.RequireFit(images);
        if (options.BatchSize > network.MaxBatch)
        {
            throw new OptionException("--batch-size", $"{options.BatchSize} is more than the {network.MaxBatch} that the network was made for");
        }
        Network = network;
        Options = options;
        (TrainingImages, ValidationImages) = options.Split(images.Count);
        Device device = network.Device;
        training = new DeviceImages(device, images.Slice(0, TrainingImages));
        tables = new MetricTables(device, StepsPerEpoch);
        if (ValidationImages > 0)
        {
            validation = new DeviceImages(device, images.Slice(TrainingImages, ValidationImages));
            validationTables = new MetricTables(device, (ValidationImages + network.MaxBatch - 1) / network.MaxBatch);
        }
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
    public int EpochsDone { get; private set; }

    /// <summary>The mean loss of each step's batch, before its update.</summary>
    public IReadOnlyList<float> StepLosses => stepLosses;

    /// <summary>Trains for one epoch, then validates.</summary>
    /// <param name="observer">Told of every step, in order; null for nobody.</param>
    /// <param name="stop">When cancelled, training ends after the step under way.</param>
    /// <returns>The epoch's metrics.</returns>
    /// <exception cref="NonFiniteLossException">The loss became NaN or infinite.</exception>
    public EpochResult RunEpoch(ITrainingObserver? observer = null, CancellationToken stop = default)
    {
        Device device = Network.Device;
        int epoch = EpochsDone + 1, steps = StepsPerEpoch, done = 0;
        if (Options.Shuffle)
        {
            training.Shuffle(Options.Seed, epoch);
        }
        int between = device.Info.Kind == AcceleratorKind.Cpu ? 1 : StepsBetweenLooks;
        long start = Stopwatch.GetTimestamp();
        int seen = 0;
        while (done < steps && !stop.IsCancellationRequested)
        {
            Step(done++);
            if (done - seen >= between || done == steps || stop.IsCancellationRequested)
            {
                seen = Look(observer, epoch, seen, done);
            }
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        int images = Math.Min(TrainingImages, done * Options.BatchSize);
        (double loss, double accuracy) = done > 0 ? tables.Read(Options.BatchSize, images) : (double.NaN, double.NaN);
        bool interrupted = done < steps;
        (double Loss, double Accuracy)? held = interrupted || validation is null ? null : Validate();
        bool best = !interrupted && (held is null || held.Value.Accuracy > bestAccuracy);
        if (best && held is not null)
        {
            bestAccuracy = held.Value.Accuracy;
        }
        EpochsDone += interrupted ? 0 : 1;
        return new EpochResult(epoch, loss, accuracy, held?.Loss, held?.Accuracy, Options.LearningRate, seconds, seconds > 0 ? images / seconds : 0, best, interrupted);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        training.Dispose();
        validation?.Dispose();
        tables.Dispose();
        validationTables?.Dispose();
    }

    private void Step(int index)
    {
        int first = index * Options.BatchSize;
        step++;
        var pass = new Pass(Math.Min(Options.BatchSize, TrainingImages - first), Options.Dropout ? Options.Seed : null, (uint)step);
        Network.Forward(training, first, pass);
        Network.Score(tables, index, pass.Batch, gradient: true);
        Network.Backward(pass);
        Network.Update(step, Options.LearningRate);
    }

    /// <summary>Reads the losses of the steps done, checks the new ones and passes them on.</summary>
    private int Look(ITrainingObserver? observer, int epoch, int seen, int done)
    {
        ReadOnlySpan<float> losses = tables.ReadLosses(done);
        for (; seen < done; seen++)
        {
            float loss = losses[seen];
            long number = step - done + seen + 1;
            if (!float.IsFinite(loss))
            {
                throw new NonFiniteLossException(epoch, number, loss, stepLosses.Count > 0 ? stepLosses[^1] : null);
            }
            stepLosses.Add(loss);
            observer?.OnStep(new StepResult(epoch, number, seen + 1, StepsPerEpoch, loss));
        }
        return seen;
    }

    private (double Loss, double Accuracy) Validate()
    {
        int batches = 0;
        for (int first = 0; first < ValidationImages; first += Network.MaxBatch)
        {
            var pass = new Pass(Math.Min(Network.MaxBatch, ValidationImages - first), null, 0);
            Network.Forward(validation!, first, pass);
            Network.Score(validationTables!, batches++, pass.Batch, gradient: false);
        }
        return validationTables!.Read(Network.MaxBatch, ValidationImages);
    }
}
