using System.Globalization;
using System.Text.Json.Serialization;

namespace GpuCnn;

/// <summary>How training images are changed at random, each time anew. Validation and evaluation never see a changed image.</summary>
/// <param name="Shift">The most pixels that an image is moved up or down and left or right, 0 to <see cref="LargestShift"/>; what comes in from outside repeats the nearest pixel.</param>
/// <param name="Flip">Whether every second image is mirrored, left for right.</param>
/// <param name="Erase">The probability, 0 to 1, that a rectangle is overwritten with the mean colour of the training images. Its area is 2 % to 33 % of the image's, its
/// height 0.3 to 3.3 times its width, as in PyTorch's RandomErasing.</param>
public readonly record struct Augmentation(int Shift = 0, bool Flip = false, double Erase = 0)
{
    /// <summary>The largest shift, in pixels; less where images are smaller.</summary>
    public const int LargestShift = 128;

    /// <summary>What it may be, in words.</summary>
    internal const string Allowed = "none, or some of shift=1..128 (pixels), flip and erase=0..1 (probability), as in shift=2,flip,erase=0.25";

    /// <summary>What a shell offers.</summary>
    internal static readonly IReadOnlyList<string> Examples = [NoneText, "flip", "shift=2", "shift=2,flip", "shift=2,flip,erase=0.25"];

    private const string Property = nameof(TrainingOptions.Augmentation), NoneText = "none", ShiftName = "shift", FlipName = "flip", EraseName = "erase";

    /// <summary>Images as they are.</summary>
    public static Augmentation None => default;

    /// <summary>Whether images stay as they are.</summary>
    [JsonIgnore]
    public bool IsNone => this == None;

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <param name="text">The parts in any order, each at most once.</param>
    /// <returns>The augmentation.</returns>
    /// <exception cref="ArgumentException">It is something else.</exception>
    public static Augmentation Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Augmentation read = None;
        if (text == NoneText)
        {
            return read;
        }
        var seen = new HashSet<string>();
        foreach (string part in text.Split(','))
        {
            (string name, string? value) = part.Split('=', 2) is [var before, var behind] ? (before, behind) : (part, null);
            if (!seen.Add(name))
            {
                throw TrainingOptions.Refusal(Property, $"must have '{name}' once, not twice");
            }
            read = (name, value) switch
            {
                (FlipName, null) => read with { Flip = true },
                (ShiftName, not null) when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int shift) && shift is >= 1 and <= LargestShift => read with { Shift = shift },
                (EraseName, not null) when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double erase) && erase is > 0 and <= 1 => read with { Erase = erase },
                _ => throw TrainingOptions.Refusal(Property, $"must be {Allowed}, not '{part}'"),
            };
        }
        return read;
    }

    /// <summary>Checks every part.</summary>
    /// <exception cref="ArgumentException">One is out of range.</exception>
    public void Validate()
    {
        if (Shift is < 0 or > LargestShift || !(Erase is >= 0 and <= 1))
        {
            throw TrainingOptions.Refusal(Property, $"must be {Allowed}, not '{this}'");
        }
    }

    /// <summary>Checks that something of an image stays in it.</summary>
    /// <param name="shape">The shape of the images.</param>
    /// <exception cref="ArgumentException">Images may be moved by their whole height or width.</exception>
    public void RequireFit(TensorShape shape)
    {
        if (Shift >= Math.Min(shape.Height, shape.Width))
        {
            throw TrainingOptions.Refusal(Property,
                $"must have {ShiftName} below the {Math.Min(shape.Height, shape.Width)} pixels of images of {shape}, not {Shift}");
        }
    }

    /// <summary>The parts as <c>--augment</c> takes them.</summary>
    /// <returns>For example <c>shift=2,flip,erase=0.25</c>; <c>none</c>.</returns>
    public override string ToString() => IsNone ? NoneText : string.Join(',',
        ((string?[])[Shift == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{ShiftName}={Shift}"), Flip ? FlipName : null,
            Erase == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{EraseName}={Erase}")]).OfType<string>());
}
