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

    /// <summary>Seeds initial weights, shuffling and dropout.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Keeps only the first images, in the order of the files, before the split; 0 for all.</summary>
    public int TrainSamples { get; init; }

    /// <summary>The largest batch size.</summary>
    public const int LargestBatch = 65_536;

    /// <summary>Checks every option.</summary>
    /// <exception cref="OptionException">One is out of range.</exception>
    public void Validate()
    {
        Check(Epochs is >= 1 and <= 1_000_000, "--epochs", Epochs, "1 to 1000000");
        Check(BatchSize is >= 1 and <= LargestBatch, "--batch-size", BatchSize, $"1 to {LargestBatch}");
        Check(LearningRate is > 0 and <= 1, "--learning-rate", LearningRate, "above 0, at most 1");
        Check(ValidationSplit is >= 0 and < 1, "--validation-split", ValidationSplit, "0 up to but not including 1");
        Check(TrainSamples >= 0, "--train-samples", TrainSamples, "0 (all) or more");
    }

    /// <summary>Images for training and, behind them, for validation.</summary>
    /// <param name="available">How many images there are.</param>
    /// <returns>The two numbers.</returns>
    /// <exception cref="OptionException">Nothing would be left to train on, or more images are asked for than there are.</exception>
    public (int Training, int Validation) Split(int available)
    {
        Check(TrainSamples <= available, "--train-samples", TrainSamples, $"at most the {available} images there are");
        int images = TrainSamples == 0 ? available : TrainSamples;
        int validation = (int)Math.Round(images * ValidationSplit);
        Check(validation < images, "--validation-split", ValidationSplit, $"less, for it leaves none of the {images} images to train on");
        return (images - validation, validation);
    }

    private static void Check<T>(bool valid, string flag, T value, string allowed) where T : IFormattable
    {
        if (!valid)
        {
            throw new OptionException(flag, $"{value.ToString(null, CultureInfo.InvariantCulture)} is not allowed: give {allowed}");
        }
    }
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
