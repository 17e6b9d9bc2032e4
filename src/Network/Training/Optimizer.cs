using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Changes a network's weights as the options say, and keeps what that needs on the device, each laid out as the parameters are: moments, and an average of the weights.</summary>
internal sealed class Optimizer : IDisposable
{
    /// <summary>The share of its velocity that descent with momentum keeps at each step.</summary>
    public const double Momentum = 0.9;

    private readonly Network network;
    private readonly DeviceBuffer<float> firstMoments;
    private readonly DeviceBuffer<float>? secondMoments, average, squares, norm;
    private readonly DeviceBuffer<int>? decayBounds;

    /// <summary>Starts with moments of zero.</summary>
    /// <param name="network">The network, made for training.</param>
    /// <param name="options">How it is trained.</param>
    public Optimizer(Network network, TrainingOptions options)
    {
        (this.network, Options) = (network, options);
        firstMoments = Allocate();
        secondMoments = options.Optimizer == OptimizerKind.SgdMomentum ? null : Allocate();
        average = options.WeightAverage > 0 ? Allocate() : null;
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
        ILGPU.ArrayView<int> bounds = decayBounds is null ? default : decayBounds.View;
        ILGPU.ArrayView<float> scale = default;
        if (norm is not null)
        {
            SumOfSquares.Run(network.Device, arena.Gradients.View, squares!.View, arena.Trained);
            ClipScale.Run(network.Device, squares.View, norm.View, arena.Trained, Options.GradientClip);
            scale = norm.View.SubView(1, 1);
        }
        if (secondMoments is null)
        {
            SgdMomentum.Run(network.Device, arena.Values.View, arena.Gradients.View, firstMoments.View, arena.Trained, learningRate, Momentum, Options.WeightDecay, bounds, scale);
        }
        else
        {
            Adam.Run(network.Device, arena.Values.View, arena.Gradients.View, firstMoments.View, secondMoments.View, arena.Trained, step, learningRate,
                weightDecay: Options.WeightDecay, decayRanges: bounds, gradientScale: scale);
        }
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
    public OptimizerState CopyState() => new(network.Blocks, Read(network.Arena.Values), Read(firstMoments), secondMoments is null ? null : Read(secondMoments), average is null ? null : Read(average));

    /// <summary>Replaces weights and all that is kept beside them. Nothing is changed when they do not fit.</summary>
    /// <exception cref="ModelMismatchException">A tensor is missing, superfluous, or has another shape.</exception>
    public void Restore(TrainingState state)
    {
        List<(IReadOnlyList<WeightTensor> Tensors, DeviceBuffer<float> Target)> parts = [(state.Weights, network.Arena.Values), (state.FirstMoments, firstMoments)];
        if (secondMoments is not null)
        {
            parts.Add((state.SecondMoments, secondMoments));
        }
        if (average is not null)
        {
            parts.Add((state.AveragedWeights, average));
        }
        foreach ((IReadOnlyList<WeightTensor> tensors, _) in parts)
        {
            network.Model.Match(tensors);
        }
        foreach ((IReadOnlyList<WeightTensor> tensors, DeviceBuffer<float> target) in parts)
        {
            network.Import(tensors, target);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        firstMoments.Dispose();
        secondMoments?.Dispose();
        average?.Dispose();
        decayBounds?.Dispose();
        squares?.Dispose();
        norm?.Dispose();
    }

    /// <remarks>The warm-up of TensorFlow's average: after t steps it has forgotten all but a ninth power of 1/t of the random weights that it began with, so it can be validated from the
    /// first epoch on, and it needs no division to be read, as an average that began at zero would.</remarks>
    private double DecayAt(long step) => Math.Min(Options.WeightAverage, (1.0 + step) / (10 + step));

    private static float[] Read(DeviceBuffer<float> source)
    {
        var target = GC.AllocateUninitializedArray<float>((int)source.Length);
        source.CopyTo(target);
        return target;
    }
}

/// <summary>A network's weights and what an optimizer keeps beside them, on the host, in the kernels' order.</summary>
/// <param name="Blocks">Where each layer's lie.</param>
/// <param name="Weights">The weights.</param>
/// <param name="FirstMoments">Adam's first moments, or velocities where there are no second ones.</param>
/// <param name="SecondMoments">Adam's second moments; null without.</param>
/// <param name="Average">The average of the weights; null where none is kept.</param>
internal sealed record OptimizerState(IReadOnlyList<ParameterBlock> Blocks, float[] Weights, float[] FirstMoments, float[]? SecondMoments, float[]? Average)
{
    /// <summary>Each part, with what stands before a weight's name to name a number of it.</summary>
    public IEnumerable<(string Prefix, float[] Values)> Parts
    {
        get
        {
            yield return ("", Weights);
            yield return (SecondMoments is null ? "the velocity of " : "Adam's first moment of ", FirstMoments);
            if (SecondMoments is not null)
            {
                yield return ("Adam's second moment of ", SecondMoments);
            }
            if (Average is not null)
            {
                yield return ("the average of ", Average);
            }
        }
    }
}
