using System.Globalization;
using GpuCnn.Runner.Pictures;

namespace GpuCnn.Runner.Views;

/// <summary>An image to show, with what is known of it.</summary>
/// <param name="Index">Its place in the split; null for a file.</param>
/// <param name="File">The file; null for an image of the data set.</param>
/// <param name="Image">Its pixels.</param>
/// <param name="Class">Its true class; null where it is unknown.</param>
/// <param name="Prediction">What a model says; null without weights.</param>
/// <param name="Names">The names of the classes.</param>
/// <param name="Augmented">Which of its augmented forms this is, from 1; null for the image as it is.</param>
internal sealed record ShownImage(int? Index, string? File, GreyImage Image, int? Class, Prediction? Prediction, IReadOnlyList<string> Names, int? Augmented = null)
{
    /// <summary>Which image it is.</summary>
    public string Name => File is not null ? PlainText.Of(Path.GetFileName(File))
        : Augmented is { } version ? string.Create(CultureInfo.InvariantCulture, $"#{Index} augmented {version}")
        : string.Create(CultureInfo.InvariantCulture, $"#{Index}{(Class is { } known ? $" {Names[known]}" : "")}");

    /// <summary>Whether the prediction is right; null where that is unknown.</summary>
    public bool? Correct => Prediction is null || Class is null ? null : Prediction.Class == Class;

    /// <summary>The predicted class's name and probability.</summary>
    public string Verdict => Prediction is null ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{Names[Prediction.Class]} {Prediction.Probabilities[Prediction.Class]:0.0000}");
}
