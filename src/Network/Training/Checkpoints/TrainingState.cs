namespace GpuCnn;

/// <summary>All that the next step of a training depends on: a trainer that is given it goes on bit for bit, on the same accelerator.</summary>
/// <remarks>The order of images depends on seed and epoch, what dropout drops on seed and step, so their state is in the numbers.</remarks>
public sealed record TrainingState
{
    private readonly StateTensors weights, firstMoments, secondMoments, averagedWeights;

    /// <summary>A state as files hold it.</summary>
    /// <param name="weights">The weights, as <see cref="Network.ExportWeights"/> gives them.</param>
    /// <param name="firstMoments">Adam's first moments of them, or velocities, under the same names.</param>
    /// <param name="secondMoments">Adam's second moments of them; empty where the optimizer has none.</param>
    /// <param name="averagedWeights">The average of the weights; empty where none is kept.</param>
    public TrainingState(IReadOnlyList<WeightTensor> weights, IReadOnlyList<WeightTensor> firstMoments, IReadOnlyList<WeightTensor> secondMoments, IReadOnlyList<WeightTensor>? averagedWeights = null) =>
        (this.weights, this.firstMoments, this.secondMoments, this.averagedWeights) = (new(weights), new(firstMoments), new(secondMoments), new(averagedWeights ?? []));

    /// <summary>A state as the network holds it; files' order is made when somebody asks, for a training waits while its state is captured.</summary>
    internal TrainingState(OptimizerState state)
    {
        (weights, firstMoments) = (Part(state.Weights), Part(state.FirstMoments));
        (secondMoments, averagedWeights) = (Part(state.SecondMoments), Part(state.Average));
        StateTensors Part(float[]? parameters) => parameters is null ? new([]) : new(state.Blocks, parameters);
    }

    /// <summary>The weights, in files' names, shapes and order of elements.</summary>
    public IReadOnlyList<WeightTensor> Weights => weights.InOrder;

    /// <summary>Adam's first moments of the weights, or the velocities of descent with momentum, under the same names.</summary>
    public IReadOnlyList<WeightTensor> FirstMoments => firstMoments.InOrder;

    /// <summary>Adam's second moments of the weights, under the same names; empty where the optimizer has none.</summary>
    public IReadOnlyList<WeightTensor> SecondMoments => secondMoments.InOrder;

    /// <summary>The average of the weights, under the same names; empty where <see cref="TrainingOptions.WeightAverage"/> asks for none.</summary>
    public IReadOnlyList<WeightTensor> AveragedWeights => averagedWeights.InOrder;

    /// <summary>The weights that came of the training so far: the average where one is kept.</summary>
    public IReadOnlyList<WeightTensor> ResultWeights => Options.WeightAverage > 0 ? AveragedWeights : Weights;

    /// <summary>How the network is trained.</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Images trained on.</summary>
    public required int TrainingImages { get; init; }

    /// <summary>Images held out.</summary>
    public required int ValidationImages { get; init; }

    /// <summary>Steps done.</summary>
    public long Step => StepLosses.Count;

    /// <summary>Steps done of the epoch under way; 0 between epochs.</summary>
    public required int StepsOfEpoch { get; init; }

    /// <summary>Correct images in each of those steps.</summary>
    public required IReadOnlyList<int> CorrectOfEpoch { get; init; }

    /// <summary>Seconds that those steps took.</summary>
    public required double SecondsOfEpoch { get; init; }

    /// <summary>The learning rate that the schedule takes its shares of: the options', halved each time the training went back.</summary>
    public required double LearningRate { get; init; }

    /// <summary>How often the training has gone back because a number became NaN or infinite.</summary>
    public int Rollbacks { get; init; }

    /// <summary>The epochs done.</summary>
    public required IReadOnlyList<EpochResult> Epochs { get; init; }

    /// <summary>The mean loss of each step's batch, before its update, of all steps done.</summary>
    public required IReadOnlyList<float> StepLosses { get; init; }

    /// <summary>Whether a list is <see cref="Weights"/>.</summary>
    internal bool HasAsWeights(IReadOnlyList<WeightTensor> tensors) => weights.Is(tensors);

    /// <summary>Whether a list is <see cref="AveragedWeights"/>.</summary>
    internal bool HasAsAverage(IReadOnlyList<WeightTensor> tensors) => averagedWeights.Is(tensors);

    /// <summary>All tensors on their way into a file, each part under a prefix of its own.</summary>
    internal IEnumerable<TensorContent> Contents(string weightsPrefix, string firstPrefix, string secondPrefix, string averagePrefix) =>
        [.. weights.Contents(weightsPrefix), .. firstMoments.Contents(firstPrefix), .. secondMoments.Contents(secondPrefix), .. averagedWeights.Contents(averagePrefix)];
}

/// <summary>A state that belongs to another training. The message is one line that says what differs.</summary>
public sealed class StateMismatchException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line.</param>
    public StateMismatchException(string message) : base(message)
    {
    }
}
