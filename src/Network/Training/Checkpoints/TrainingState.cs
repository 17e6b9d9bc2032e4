namespace GpuCnn;

/// <summary>All that the next step of a training depends on: a trainer that is given it goes on bit for bit, on the same accelerator.</summary>
/// <remarks>The order of images depends on seed and epoch, what dropout drops on seed and step, so their state is in the numbers.</remarks>
public sealed record TrainingState
{
    internal TrainingState(params IReadOnlyList<StateTensors> parts) => Parts = parts;

    /// <summary>The weights, in files' names, shapes and order of elements.</summary>
    public IReadOnlyList<WeightTensor> Weights => Part(StateTensors.WeightsName);

    /// <summary>The average of the weights, under the same names; empty where <see cref="TrainingOptions.WeightAverage"/> asks for none.</summary>
    public IReadOnlyList<WeightTensor> AveragedWeights => Part(StateTensors.AverageName);

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

    /// <summary>Weights, the optimizer's states, and the average where one is kept.</summary>
    internal IReadOnlyList<StateTensors> Parts { get; }

    /// <summary>A part's tensors under the weights' names; empty where there is no such part.</summary>
    internal IReadOnlyList<WeightTensor> Part(string name) => Parts.FirstOrDefault(part => part.Name == name)?.InOrder ?? [];
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
