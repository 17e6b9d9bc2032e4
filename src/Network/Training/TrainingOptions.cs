using System.Globalization;

namespace GpuCnn;

/// <summary>How a network is trained. The defaults are those of the three configurations.</summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the training images, at least 1.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Images a step, 1 to <see cref="LargestBatch"/>.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>Adam's step size, above 0 and at most 1.</summary>
    public double LearningRate { get; init; } = 1e-3;

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
    public LearningRateSchedule Schedule { get; init; } = new ConstantSchedule();

    /// <summary>Epochs, perhaps a fraction of one, in which the learning rate rises in equal steps from almost nothing to what the schedule begins with; 0 for none.</summary>
    public double WarmUp { get; init; }

    /// <summary>The largest batch size.</summary>
    public const int LargestBatch = 65_536;

    /// <summary>What <see cref="Epochs"/> may be.</summary>
    public static OptionRule<int> EpochsRule { get; } = new("--epochs", "1 to 1000000", value => value is >= 1 and <= 1_000_000);

    /// <summary>What <see cref="BatchSize"/> may be.</summary>
    public static OptionRule<int> BatchSizeRule { get; } = new("--batch-size", $"1 to {LargestBatch}", value => value is >= 1 and <= LargestBatch);

    /// <summary>What <see cref="LearningRate"/> may be.</summary>
    public static OptionRule<double> LearningRateRule { get; } = new("--learning-rate", "above 0, at most 1", value => value is > 0 and <= 1);

    /// <summary>What <see cref="ValidationSplit"/> may be.</summary>
    public static OptionRule<double> ValidationSplitRule { get; } = new("--validation-split", "0 up to but not including 1", value => value is >= 0 and < 1);

    /// <summary>What <see cref="TrainSamples"/> may be.</summary>
    public static OptionRule<int> TrainSamplesRule { get; } = new("--train-samples", "0 (all) or more", value => value >= 0);

    /// <summary>What <see cref="WarmUp"/> may be.</summary>
    public static OptionRule<double> WarmUpRule { get; } = new("--warm-up", "0 (none) or more, less than the epochs", value => value is >= 0 and < 1_000_000);

    /// <summary>Checks every option.</summary>
    /// <exception cref="OptionException">One is out of range.</exception>
    public void Validate()
    {
        EpochsRule.Check(Epochs);
        BatchSizeRule.Check(BatchSize);
        LearningRateRule.Check(LearningRate);
        ValidationSplitRule.Check(ValidationSplit);
        TrainSamplesRule.Check(TrainSamples);
        Augmentation.Validate();
        WarmUpRule.Check(WarmUp);
        Schedule.Validate();
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

    /// <summary>Checks a value.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The value.</returns>
    /// <exception cref="OptionException">It is not allowed.</exception>
    public T Check(T value) => isAllowed(value) ? value : throw Refuse(value, allowed);

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
