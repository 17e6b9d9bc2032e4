using System.Globalization;

namespace GpuCnn;

/// <summary>How a network is trained. The defaults are those of the three configurations.</summary>
public sealed record TrainingOptions
{
    private static readonly Adam Adam = new();
    private static readonly ConstantSchedule Constant = new();

    private readonly double? learningRate, weightDecay;
    private readonly Optimizer? optimizer;
    private readonly LearningRateSchedule? schedule;

    /// <summary>Passes over the training images, at least 1.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Images a step, 1 to <see cref="LargestBatch"/>.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>The rule by which weights change.</summary>
    /// <remarks>As with <see cref="Schedule"/>, what reads an older checkpoint gives nothing.</remarks>
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

    /// <summary>How fast weights shrink by themselves, from 0 to 1; biases, and what batch normalizations learn, do not. The optimizer's
    /// <see cref="Optimizer.DefaultWeightDecay"/> unless set; plain Adam takes none.</summary>
    public double WeightDecay
    {
        get => weightDecay ?? Optimizer.DefaultWeightDecay;
        init => weightDecay = value;
    }

    /// <summary>The share of the target that all classes have in equal parts, from 0 up to but not including 1, as PyTorch has it. The training loss is then the cross-entropy of that target, so it
    /// cannot reach 0; validation losses are plain cross-entropy.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The greatest norm of a step's gradient, that of all parameters taken as one vector (L2): a longer one is shortened to it before the optimizer sees it. From 0 (it may be as long as it
    /// is) up.</summary>
    public double GradientClip { get; init; }

    /// <summary>The decay of an exponential average of the weights, from 0 (none is kept) up to but not including 1. With one, validation and <see cref="Trainer.ExportWeights"/> take the
    /// average. After step t the decay is at most (1 + t) / (10 + t), so that the first weights are soon forgotten. Running moments of batch normalizations are averaged too.</summary>
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

    /// <summary>Epochs, perhaps a fraction of one, in which the learning rate rises in equal steps from almost nothing to what the schedule begins with; 0 for none.</summary>
    public double WarmUp { get; init; }

    /// <summary>When the training ends before all epochs are done.</summary>
    public EarlyStopping EarlyStopping { get; init; } = new();

    /// <summary>The largest batch size.</summary>
    public const int LargestBatch = 65_536;

    /// <summary>What <see cref="Epochs"/> may be.</summary>
    public static OptionRule<int> EpochsRule { get; } = new("--epochs", "1 to 1000000", value => value is >= 1 and <= 1_000_000);

    /// <summary>What <see cref="BatchSize"/> may be.</summary>
    public static OptionRule<int> BatchSizeRule { get; } = new("--batch-size", $"1 to {LargestBatch}", value => value is >= 1 and <= LargestBatch);

    /// <summary>What <see cref="LearningRate"/> may be.</summary>
    public static OptionRule<double> LearningRateRule { get; } = new("--learning-rate", "above 0, at most 1", value => value is > 0 and <= 1);

    /// <summary>What <see cref="WeightDecay"/> may be.</summary>
    public static OptionRule<double> WeightDecayRule { get; } = new("--weight-decay", "0 to 1", value => value is >= 0 and <= 1);

    /// <summary>What <see cref="LabelSmoothing"/> may be.</summary>
    public static OptionRule<double> LabelSmoothingRule { get; } = new("--label-smoothing", "0 up to but not including 1", value => value is >= 0 and < 1);

    /// <summary>What <see cref="GradientClip"/> may be.</summary>
    public static OptionRule<double> GradientClipRule { get; } = new("--gradient-clip", "0 (none) to 1000000", value => value is >= 0 and <= 1_000_000);

    /// <summary>What <see cref="WeightAverage"/> may be.</summary>
    public static OptionRule<double> WeightAverageRule { get; } = new("--ema", "0 (none) up to but not including 1", value => value is >= 0 and < 1);

    /// <summary>What <see cref="ValidationSplit"/> may be.</summary>
    public static OptionRule<double> ValidationSplitRule { get; } = new("--validation-split", "0 up to but not including 1", value => value is >= 0 and < 1);

    /// <summary>What <see cref="TrainSamples"/> may be.</summary>
    public static OptionRule<int> TrainSamplesRule { get; } = new("--train-samples", "0 (all) or more", value => value >= 0);

    /// <summary>What <see cref="WarmUp"/> may be.</summary>
    public static OptionRule<double> WarmUpRule { get; } = new("--warm-up", "0 (none) or more, less than the epochs", value => value is >= 0 and < 1_000_000);

    /// <summary>Whether two trainings have the same options: a value that was set is the same as one that the optimizer brings along.</summary>
    /// <remarks>A record would compare what was set. Its text has the values of all properties, numbers so that they can be read back.</remarks>
    /// <param name="other">The other options.</param>
    /// <returns>Whether all of them are the same.</returns>
    public bool Equals(TrainingOptions? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>Checks every option.</summary>
    /// <exception cref="OptionException">One is out of range, or does not go with another.</exception>
    public void Validate()
    {
        EpochsRule.Check(Epochs);
        BatchSizeRule.Check(BatchSize);
        LearningRateRule.Check(LearningRate);
        WeightDecayRule.Check(WeightDecay);
        if (WeightDecay > 0 && !Optimizer.TakesWeightDecay)
        {
            string[] others = [.. Optimizer.All.Where(each => each.TakesWeightDecay).Select(each => each.Name)];
            throw WeightDecayRule.Refuse(WeightDecay, $"it with {Optimizer.Flag} {PlainText.Or(others)}, {Optimizer.Title} takes none");
        }
        LabelSmoothingRule.Check(LabelSmoothing);
        GradientClipRule.Check(GradientClip);
        WeightAverageRule.Check(WeightAverage);
        ValidationSplitRule.Check(ValidationSplit);
        TrainSamplesRule.Check(TrainSamples);
        Augmentation.Validate();
        WarmUpRule.Check(WarmUp);
        Schedule.Validate();
        EarlyStopping.Validate();
        if (WarmUp > 0 && (WarmUp >= Epochs || Schedule.WarmsUp))
        {
            throw WarmUpRule.Refuse(WarmUp, WarmUp >= Epochs ? $"less than the {Epochs} epochs" : $"none with --schedule {Schedule.Name}, which warms up by itself");
        }
    }

    /// <summary>Images for training and, behind them, for validation.</summary>
    /// <param name="available">How many images there are.</param>
    /// <returns>The two numbers.</returns>
    /// <exception cref="OptionException">Nothing would be left to train on, or more images are asked for than there are.</exception>
    public (int Training, int Validation) Split(int available)
    {
        if (TrainSamples > available)
        {
            throw TrainSamplesRule.Refuse(TrainSamples, $"at most the {available} images there are");
        }
        int images = TrainSamples == 0 ? available : TrainSamples;
        int validation = (int)Math.Round(images * ValidationSplit);
        return validation == images ? throw ValidationSplitRule.Refuse(ValidationSplit, $"less, for it leaves none of the {images} images to train on")
            : validation == 0 && Schedule.NeedsValidation ? throw new OptionException(LearningRateSchedule.Flag, $"{Schedule.Name} looks at images held out, and none are; give --validation-split above 0")
            : validation == 0 && EarlyStopping.Patience > 0 ? throw new OptionException(EarlyStopping.PatienceRule.Flag, "it looks at images held out, and none are; give --validation-split above 0")
            : (images - validation, validation);
    }
}

/// <summary>Which values an option may have: said once, for the check, the message and a command line's help.</summary>
/// <typeparam name="T">The value's type.</typeparam>
/// <param name="flag">The flag as a user writes it.</param>
/// <param name="allowed">The allowed values in words.</param>
/// <param name="isAllowed">Whether a value is allowed.</param>
public sealed class OptionRule<T>(string flag, string allowed, Func<T, bool> isAllowed) where T : IFormattable
{
    /// <summary>The flag as a user writes it.</summary>
    public string Flag => flag;

    /// <summary>The allowed values in words.</summary>
    public string Allowed => allowed;

    /// <summary>Whether a value is allowed.</summary>
    /// <param name="value">The value.</param>
    public bool Allows(T value) => isAllowed(value);

    /// <summary>Checks a value.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The value.</returns>
    /// <exception cref="OptionException">It is not allowed.</exception>
    public T Check(T value) => Allows(value) ? value : throw Refuse(value, allowed);

    /// <summary>The refusal of a value that the rule allows but the circumstances do not.</summary>
    /// <param name="value">The value.</param>
    /// <param name="instead">What is allowed, in words.</param>
    /// <returns>The exception to throw.</returns>
    public OptionException Refuse(T value, string instead) =>
        new(flag, $"{value.ToString(null, CultureInfo.InvariantCulture)} is not allowed: give {instead}");
}

/// <summary>An option whose value is not allowed. The message is one line that starts with the flag.</summary>
public sealed class OptionException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="flag">The flag as a user writes it.</param>
    /// <param name="problem">What is wrong with its value and what is allowed.</param>
    public OptionException(string flag, string problem) : base($"{flag}: {problem}") => Flag = flag;

    /// <summary>The flag as a user writes it.</summary>
    public string Flag { get; }
}
