using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GpuCnn;

/// <summary>What files say of a trained model beside its weights, as the names and texts that both safetensors and ONNX have a place for.</summary>
internal static class ModelMetadata
{
    /// <summary>The version of these names and texts; a file without it is another program's, and what else it says is not looked at.</summary>
    private const string VersionName = "format_version", Version = "1";

    private const string ModelName = "model", ScalingName = "scaling", Scaling = "1/255", ClassesName = "classes", ValidationName = "validation_accuracy", TestName = "test_accuracy",
        BorderName = "border_brightness", AverageName = "average_decay";

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A model's metadata, sorted by name.</summary>
    /// <param name="model">The model.</param>
    public static IReadOnlyDictionary<string, string> Of(TrainedModel model)
    {
        var pairs = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [VersionName] = Version,
            // What other readers of safetensors look for: the tensors are PyTorch's.
            ["format"] = "pt",
            [ModelName] = ModelFile.Text(model.Model, figures: false, indented: false),
            [ScalingName] = Scaling,
            ["producer"] = $"gpucnn {typeof(ModelMetadata).Assembly.GetName().Version!.ToString(3)}",
        };
        if (model.ClassNames is { } names)
        {
            pairs[ClassesName] = JsonSerializer.Serialize(names, Readable);
        }
        foreach ((string name, double? number) in (ReadOnlySpan<(string, double?)>)[(ValidationName, model.ValidationAccuracy), (TestName, model.TestAccuracy), (BorderName, model.BorderBrightness), (AverageName, model.AverageDecay)])
        {
            if (number is { } value)
            {
                pairs[name] = value.ToString(CultureInfo.InvariantCulture);
            }
        }
        return pairs;
    }

    /// <summary>The model that a file describes; null when it describes none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pairs">Its metadata.</param>
    /// <exception cref="InvalidFileException">The description is damaged or of a later version.</exception>
    public static ModelDefinition? Model(string path, IReadOnlyDictionary<string, string> pairs)
    {
        if (!pairs.TryGetValue(VersionName, out string? version))
        {
            return null;
        }
        if (version != Version)
        {
            throw new InvalidFileException(path, $"its metadata has version {Line(version)}, this program reads {Version}; a later program wrote it");
        }
        if (pairs.TryGetValue(ScalingName, out string? scaling) && scaling != Scaling)
        {
            throw new InvalidFileException(path, $"its pixels are scaled by {Line(scaling)}; only {Scaling} is known");
        }
        return pairs.TryGetValue(ModelName, out string? text) ? ModelFile.Read(text, $"{path}, model") : null;
    }

    /// <summary>Adds to a model what a file says of its classes and accuracies.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pairs">Its metadata.</param>
    /// <param name="model">The model with its weights.</param>
    /// <exception cref="InvalidFileException">What it says is damaged.</exception>
    public static TrainedModel Complete(string path, IReadOnlyDictionary<string, string> pairs, TrainedModel model) => !pairs.ContainsKey(VersionName) ? model : model with
    {
        ClassNames = pairs.TryGetValue(ClassesName, out string? names) ? Classes(path, names, model.Model.Classes) : null,
        ValidationAccuracy = Share(path, pairs, ValidationName),
        TestAccuracy = Share(path, pairs, TestName),
        BorderBrightness = Share(path, pairs, BorderName),
        AverageDecay = Share(path, pairs, AverageName),
    };

    private static string[] Classes(string path, string text, int count)
    {
        string[]? names;
        try
        {
            names = JsonSerializer.Deserialize<string[]>(text, Readable);
        }
        catch (JsonException exception)
        {
            throw new InvalidFileException(path, $"its {ClassesName} are no JSON list of names", exception);
        }
        return names?.Length == count && Array.TrueForAll(names, name => !string.IsNullOrWhiteSpace(name)) ? names
            : throw new InvalidFileException(path, $"its {ClassesName} are not {count} names, one a class");
    }

    private static double? Share(string path, IReadOnlyDictionary<string, string> pairs, string name) => !pairs.TryGetValue(name, out string? text) ? null
        : double.TryParse(text, CultureInfo.InvariantCulture, out double value) && value is >= 0 and <= 1 ? value
        : throw new InvalidFileException(path, $"its {name} is {Line(text)}, no number from 0 to 1");

    /// <summary>What a file says goes into messages only shortened, and on one line.</summary>
    private static string Line(string text) => new([.. text.Take(60).Select(letter => char.IsControl(letter) ? '?' : letter)]);
}
