using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>Changes a network's weights as the options say, and keeps what that needs on the device, each laid out as the parameters are: the optimizer's states, and an average of the weights.</summary>
internal sealed class WeightUpdate : IDisposable
{
    private readonly Network network;

    /// <summary>All that a checkpoint has of it: weights, states, average.</summary>
    private readonly Part[] parts;
    private readonly ArrayView<float>[] states;
    private readonly DeviceBuffer<float>? average, squares, norm;
    private readonly DeviceBuffer<int>? decayBounds;

    /// <summary>Starts with states of zero.</summary>
    /// <param name="network">The network, made for training.</param>
    /// <param name="options">How it is trained.</param>
    public WeightUpdate(Network network, TrainingOptions options)
    {
        (this.network, Options) = (network, options);
        Part[] kept = [.. options.Optimizer.States.Select(state => new Part(state.Name, state.Words, Allocate()))];
        states = [.. kept.Select(part => part.Buffer.View)];
        average = options.WeightAverage > 0 ? Allocate() : null;
        parts = [new(StateTensors.WeightsName, "", network.Arena.Values), .. kept,
            .. average is null ? (Part[])[] : [new Part(StateTensors.AverageName, "the average of ", average)]];
        if (options.GradientClip > 0)
        {
            squares = network.Device.Allocate<float>(NormChunks.Count(Math.Max(1, network.Arena.Trained)));
            norm = network.Device.Allocate<float>(2);
        }
        if (options.WeightDecay > 0 && network.Arena.DecayBounds.ToArray() is { Length: > 0 } bounds)
        {
            decayBounds = network.Device.Allocate<int>(bounds.Length);
            decayBounds.CopyFrom(bounds);
        }
        DeviceBuffer<float> Allocate() => network.Device.Allocate<float>(network.Arena.Values.Length);
    }

    /// <summary>How the network is trained.</summary>
    public TrainingOptions Options { get; }

    /// <summary>Changes the weights by their gradients, and moves their average.</summary>
    /// <param name="step">The step of the run, from 1.</param>
    /// <param name="learningRate">Its learning rate.</param>
    public void Step(long step, double learningRate)
    {
        network.Revise();
        ParameterArena arena = network.Arena;
        ArrayView<float> scale = default;
        if (norm is not null)
        {
            SumOfSquares.Run(network.Device, arena.Gradients.View, squares!.View, arena.Trained);
            ClipScale.Run(network.Device, squares.View, norm.View, arena.Trained, Options.GradientClip);
            scale = norm.View.SubView(1, 1);
        }
        Options.Optimizer.Step(new OptimizerStep(network.Device, arena.Values.View, arena.Gradients.View, states, arena.Trained, step, learningRate, Options.WeightDecay,
            decayBounds is null ? default : decayBounds.View, scale));
        if (average is not null)
        {
            // Running moments of normalizations are averaged too: they belong to the weights that computed them.
            MovingAverage.Run(network.Device, average.View, arena.Values.View, (int)average.Length, DecayAt(step));
        }
    }

    /// <summary>The norm of the last step's gradient, before it was shortened; null where nobody asked for it.</summary>
    public float? ReadGradientNorm()
    {
        if (norm is null)
        {
            return null;
        }
        Span<float> both = stackalloc float[2];
        norm.CopyTo(both);
        return both[0];
    }

    /// <summary>Before the first step, the average is the weights.</summary>
    public void BeginAverage()
    {
        if (average is not null)
        {
            Copy.Run(network.Device, network.Arena.Values.View, average.View, (int)average.Length);
        }
    }

    /// <summary>Puts the average where the weights are and the weights where it was; done twice, all is as before.</summary>
    public void ExchangeAverage()
    {
        if (average is not null)
        {
            Exchange.Run(network.Device, network.Arena.Values.View, average.View, (int)average.Length);
        }
    }

    /// <summary>Copies the average of the weights to the host, or the weights where none is kept.</summary>
    public IReadOnlyList<WeightTensor> ExportAverage() => network.Export(average ?? network.Arena.Values);

    /// <summary>Copies weights and all that is kept beside them to the host.</summary>
    public IReadOnlyList<StateTensors> CopyState()
    {
        return [.. parts.Select(part => new StateTensors(part.Name, part.Words, network.Blocks, Read(part.Buffer)))];
        static float[] Read(DeviceBuffer<float> source)
        {
            var target = GC.AllocateUninitializedArray<float>((int)source.Length);
            source.CopyTo(target);
            return target;
        }
    }

    /// <summary>Replaces weights and all that is kept beside them. Nothing is changed when they do not fit.</summary>
    /// <exception cref="ModelMismatchException">A tensor is missing, superfluous, or has another shape.</exception>
    public void Restore(TrainingState state)
    {
        IReadOnlyList<WeightTensor>[] tensors = [.. parts.Select(part => state.Part(part.Name))];
        foreach (IReadOnlyList<WeightTensor> each in tensors)
        {
            network.Model.Match(each);
        }
        for (int i = 0; i < tensors.Length; i++)
        {
            network.Import(tensors[i], parts[i].Buffer);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The weights are the network's.
        foreach (Part part in parts.Skip(1))
        {
            part.Buffer.Dispose();
        }
        decayBounds?.Dispose();
        squares?.Dispose();
        norm?.Dispose();
    }

    /// <remarks>The warm-up of TensorFlow's average: after t steps it has forgotten all but a ninth power of 1/t of the random weights that it began with, so it can be validated from the
    /// first epoch on, and it needs no division to be read, as an average that began at zero would.</remarks>
    private double DecayAt(long step) => Math.Min(Options.WeightAverage, (1.0 + step) / (10 + step));

    /// <summary>An array on the device, with what <see cref="StateTensors"/> calls it.</summary>
    private sealed record Part(string Name, string Words, DeviceBuffer<float> Buffer);
}
