using System.Globalization;
using System.Text.Json;

namespace GpuCnn;

/// <summary>What files say of a trained model beside its weights, as the names and texts that both safetensors and ONNX have a place for.</summary>
internal static class ModelMetadata
{
    /// <summary>The version of these names and texts.</summary>
    private const string Version = "1";

    private const string Scaling = "1/255";

    /// <summary>A model's metadata, sorted by name.</summary>
    /// <param name="model">The model.</param>
    public static IReadOnlyDictionary<string, string> Of(TrainedModel model)
    {
        var pairs = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["format_version"] = Version,
            ["producer"] = $"gpucnn {typeof(ModelMetadata).Assembly.GetName().Version!.ToString(3)}",
            ["scaling"] = Scaling,
        };
        if (model.ClassNames is { } names)
        {
            pairs["classes"] = JsonSerializer.Serialize(names);
        }
        if (model.ValidationAccuracy is { } validation)
        {
            pairs["validation_accuracy"] = validation.ToString("R", CultureInfo.InvariantCulture);
        }
        if (model.TestAccuracy is { } test)
        {
            pairs["test_accuracy"] = test.ToString("R", CultureInfo.InvariantCulture);
        }
        return pairs;
    }
}
