using System.Text.Json.Serialization;

namespace GpuCnn;

/// <summary>How a network is trained. The defaults are those of the three configurations.</summary>
public sealed record TrainingOptions
{
    private static readonly ConstantSchedule Constant = new();

    private static readonly Adam Adam = new();

    private readonly double? learningRate, weightDecay;
    private readonly Optimizer? optimizer;
    private readonly LearningRateSchedule? schedule;

    /// <summary>Passes over the training images, at least 1.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Images a step, 1 to <see cref="LargestBatch"/>.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>The rule by which weights change.</summary>
    public Optimizer Optimizer
    {
        get => optimizer ?? Adam;
        init => optimizer = value;
    }

    /// <summary>The optimizer's step size, above 0 and at most 1; its <see cref="Optimizer.DefaultLearningRate"/> unless set.</summary>
    public double LearningRate
    {
        get => learningRate ?? Optimizer.DefaultLearningRate;
        init => learningRate = value;
    }

    /// <summary>How fast weights shrink, from 0 to 1; not applied to biases and batch norm. The optimizer's <see cref="Optimizer.DefaultWeightDecay"/> unless
    /// set; plain Adam takes none.</summary>
    public double WeightDecay
    {
        get => weightDecay ?? Optimizer.DefaultWeightDecay;
        init => weightDecay = value;
    }

    /// <summary>Label smoothing as PyTorch defines it, from 0 up to but not including 1: the share of the target that all classes have in equal parts.
    /// The training loss is the cross-entropy of that target, so it cannot reach 0; validation losses are plain cross-entropy.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Clips the gradient of all parameters, taken as one vector, to this L2 norm before the optimizer sees it, 0 to 1,000,000; 0 for
    /// off.</summary>
    public double GradientClip { get; init; }

    /// <summary>The decay of an exponential average of the weights, from 0 (off) up to but not including 1. With one, validation and
    /// <see cref="Trainer.ExportWeights"/> take the average. After step t the decay is at most (1 + t) / (10 + t), so that the first weights are soon
    /// forgotten. Running moments of batch norm are averaged too.</summary>
    [JsonPropertyName("weight_average")]
    public double WeightAverage { get; init; }

    /// <summary>The share of the images, the last ones, that is held out for validation: from 0 up to but not including 1.</summary>
    public double ValidationSplit { get; init; } = 0.2;

    /// <summary>Whether each epoch takes the training images in a new random order; else in the order of the files.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Whether dropout layers drop.</summary>
    public bool Dropout { get; init; } = true;

    /// <summary>How training images are changed at random.</summary>
    public Augmentation Augmentation { get; init; }

    /// <summary>Seeds initial weights, shuffling, dropout and augmentation.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Keeps only the first images, in the order of the files, before the split; 0 for all.</summary>
    public int TrainSamples { get; init; }

    /// <summary>What to do when a loss, a weight or a moment becomes NaN or infinite.</summary>
    public NonFinitePolicy OnNonFinite { get; init; }

    /// <summary>How the learning rate changes from step to step.</summary>
    /// <remarks>What reads checkpoints gives nothing, not the preset, for what an older one does not have.</remarks>
    public LearningRateSchedule Schedule
    {
        get => schedule ?? Constant;
        init => schedule = value;
    }

    /// <summary>Epochs, perhaps a fraction of one, in which the learning rate rises in equal steps from almost 0 to the schedule's first; 0 for
    /// none.</summary>
    public double WarmUp { get; init; }

    /// <summary>When the training ends before all epochs are done.</summary>
    public EarlyStopping EarlyStopping { get; init; } = new();

    /// <summary>The largest batch size.</summary>
    public const int LargestBatch = 65_536;

    /// <summary>Whether two trainings have the same options: a value that was set is the same as one that the optimizer brings along.</summary>
    /// <param name="other">The other options.</param>
    public bool Equals(TrainingOptions? other) => other is not null && TrainingOption.All.All(option => option.Get(this).Equals(option.Get(other)));

    /// <inheritdoc/>
    public override int GetHashCode() => TrainingOption.All.Aggregate(0, (hash, option) => HashCode.Combine(hash, option.Get(this)));

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">One is out of range, or does not go with another; its name is that of the property.</exception>
    public void Validate()
    {
        foreach (TrainingOption option in TrainingOption.All)
        {
            option.Range.Check(option.Property, option.Get(this));
        }
        Augmentation.Validate();
        Schedule.Validate();
        if (WeightDecay > 0 && !Optimizer.TakesWeightDecay)
        {
            string[] others = [.. Optimizer.All.Where(each => each.TakesWeightDecay).Select(each => each.Name)];
            throw Refusal(nameof(WeightDecay), $"must be 0 with Optimizer {Optimizer.Name}, not {WeightDecay}; {string.Join(", ", others.SkipLast(1))} and {others[^1]} take it");
        }
        if (WarmUp > 0 && WarmUp >= Epochs)
        {
            throw Refusal(nameof(WarmUp), $"must be below Epochs ({Epochs}), not {WarmUp}");
        }
        if (WarmUp > 0 && Schedule.WarmsUp)
        {
            throw Refusal(nameof(WarmUp), $"must be 0 with Schedule {Schedule.Name}, which warms up by itself, not {WarmUp}");
        }
    }

    /// <summary>Images for training and, after them, for validation.</summary>
    /// <param name="available">How many images there are.</param>
    /// <exception cref="ArgumentException">Nothing would be left to train on, or more images are asked for than there are.</exception>
    public (int Training, int Validation) Split(int available)
    {
        if (TrainSamples > available)
        {
            throw Refusal(nameof(TrainSamples), $"must be at most the {available} images there are, not {TrainSamples}");
        }
        int images = TrainSamples == 0 ? available : TrainSamples;
        int validation = (int)Math.Round(images * ValidationSplit);
        return validation == images ? throw Refusal(nameof(ValidationSplit),
                $"must be less than {ValidationSplit}, which leaves none of the {images} images to train on")
            : validation == 0 && Schedule.NeedsValidation
                ? throw Refusal(nameof(Schedule), $"{Schedule.Name} needs images held out: set ValidationSplit above 0")
            : validation == 0 && EarlyStopping.Patience > 0
                ? throw Refusal($"{nameof(EarlyStopping)}.{nameof(EarlyStopping.Patience)}", $"needs images held out: set ValidationSplit above 0")
            : (images - validation, validation);
    }

    /// <summary>What is wrong with a property, in the words that follow its name.</summary>
    internal static ArgumentException Refusal(string property, FormattableString problem) =>
        new($"{property} {FormattableString.Invariant(problem)}", property);
}
