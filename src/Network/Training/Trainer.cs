using System.Diagnostics;
using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Trains a network on images, an epoch at a time.</summary>
/// <remarks>Images, order and metrics live on the device. On a GPU the host launches steps ahead and reads the losses of a few steps while the device does the next
/// few; it waits for all of them only at an epoch's end. On the CPU accelerator, where looking costs nothing, it looks at every step. There a step allocates no managed
/// memory.</remarks>
public sealed class Trainer : IDisposable
{
    /// <summary>Steps whose losses are read together on a GPU. The host is at most twice as many ahead, so that a stop is not far away.</summary>
    internal const int StepsARead = 4;

    private readonly DeviceImages training;
    private readonly DeviceImages? validation;
    private readonly MetricTables tables;
    private readonly MetricTables? validationTables;
    private readonly DelayedRead<float>[] reads;
    private readonly List<float> stepLosses;
    private long step, stepsBefore;
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
        int epoch = EpochsDone + 1, steps = StepsPerEpoch, done = 0, seen = 0;
        stepsBefore = step;
        if (Options.Shuffle)
        {
            training.Shuffle(Options.Seed, epoch);
        }
        long start = Stopwatch.GetTimestamp();
        while (done < steps && !stop.IsCancellationRequested)
        {
            Step(done++);
            if (reads.Length == 0)
            {
                seen = Pass(observer, epoch, seen, tables.ReadLosses(done)[seen..]);
            }
            else if (done % StepsARead == 0)
            {
                seen = LookBack(observer, epoch, seen, done);
            }
        }
        if (done > 0)
        {
            seen = Pass(observer, epoch, seen, tables.ReadLosses(done)[seen..]);
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        int images = Math.Min(TrainingImages, done * Options.BatchSize);
        (double loss, double accuracy) = done > 0 ? tables.Summarize(Options.BatchSize, images) : (double.NaN, double.NaN);
        bool interrupted = done < steps;
        (double Loss, double Accuracy)? held = interrupted || validation is null ? null : Validate();
        if (held is { Loss: var after } && !double.IsFinite(after))
        {
            throw new NonFiniteLossException($"the validation loss became {(float)after} after step {step} (epoch {epoch})", epoch, step);
        }
        bool best = !interrupted && (held is null || held.Value.Accuracy > bestAccuracy);
        if (best && held is not null)
        {
            bestAccuracy = held.Value.Accuracy;
        }
        EpochsDone += interrupted ? 0 : 1;
        return new EpochResult(epoch, loss, accuracy, held?.Loss, held?.Accuracy, Options.LearningRate, seconds, seconds > 0 ? images / seconds : 0, best, interrupted);
    }

    /// <summary>Copies the weights to the host, unless they are spoiled: the last steps' losses do not show what their updates did.</summary>
    /// <returns>As <see cref="Network.ExportWeights"/> gives them.</returns>
    /// <exception cref="NonFiniteLossException">A weight is NaN or infinite.</exception>
    public IReadOnlyList<WeightTensor> ExportWeights()
    {
        IReadOnlyList<WeightTensor> weights = Network.ExportWeights();
        foreach (WeightTensor tensor in weights)
        {
            foreach (float value in tensor.Values)
            {
                if (!float.IsFinite(value))
                {
                    throw new NonFiniteLossException($"a weight in {tensor.Name} became {value} by step {step}", EpochsDone, step);
                }
            }
        }
        return weights;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DelayedRead<float> read in reads)
        {
            read.Dispose();
        }
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

    /// <summary>Starts to read the losses of the last few steps and passes on those of the few before, so that the device always has steps to do.</summary>
    private int LookBack(ITrainingObserver? observer, int epoch, int seen, int done)
    {
        int number = done / StepsARead;
        DelayedRead<float> last = reads[number % 2], before = reads[(number + 1) % 2];
        if (last.IsPending)
        {
            // Left over from an epoch that has ended.
            last.Wait();
        }
        last.Start(tables.MeanLosses.View.SubView(done - StepsARead, StepsARead));
        return number > 1 ? Pass(observer, epoch, seen, before.Wait()) : seen;
    }

    /// <summary>Checks the losses of the next steps and passes them on; how many were passed on now.</summary>
    private int Pass(ITrainingObserver? observer, int epoch, int seen, ReadOnlySpan<float> losses)
    {
        foreach (float loss in losses)
        {
            long number = stepsBefore + ++seen;
            if (!float.IsFinite(loss))
            {
                throw new NonFiniteLossException(epoch, number, loss, stepLosses.Count > 0 ? stepLosses[^1] : null);
            }
            stepLosses.Add(loss);
            observer?.OnStep(new StepResult(epoch, number, seen, StepsPerEpoch, loss));
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
        validationTables!.ReadLosses(batches);
        return validationTables.Summarize(Network.MaxBatch, ValidationImages);
    }
}
