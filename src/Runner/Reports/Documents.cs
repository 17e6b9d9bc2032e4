using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using GpuCnn.Runner.Explain;

namespace GpuCnn.Runner.Reports;

/// <summary>What <c>train --json</c> writes.</summary>
internal sealed record TrainDocument(string Model, long Parameters, string Accelerator, IReadOnlyList<EpochDocument> Epochs, IReadOnlyList<float> StepLosses,
    double TrainSeconds, EvaluationDocument? Test, EvaluationDocument? TestBest, string Run, EarlyStopDocument? StoppedEarly);

/// <summary>A training that ended before all its epochs were done: after which epoch, because which metric had its best value how long before.</summary>
internal sealed record EarlyStopDocument(int Epoch, string Metric, double Best, int BestEpoch, int Patience, double MinChange)
{
    public static EarlyStopDocument? Of(EarlyStop? stop) => stop is null ? null
        : new(stop.Epoch, ValidationMetrics.Names.Of(stop.Rule.Metric), stop.Best, stop.BestEpoch, stop.Rule.Patience, stop.Rule.MinChange);
}

/// <summary>An epoch: the columns of results.csv.</summary>
internal sealed record EpochDocument(int Epoch, double TrainLoss, double TrainAccuracy, double? ValLoss, double? ValAccuracy, double LearningRate,
    double TrainSeconds, double ImagesPerSecond)
{
    public static EpochDocument Of(EpochResult result) => new(result.Epoch, result.TrainLoss, result.TrainAccuracy, result.ValLoss, result.ValAccuracy,
        result.LearningRate, result.TrainSeconds, result.ImagesPerSecond);
}

/// <summary>What <c>evaluate --json</c> writes, and report.json; rows of the matrix are true classes, columns predicted ones; the interval has low and high.</summary>
internal sealed record EvaluationDocument(double Accuracy, double Loss, int Samples, IReadOnlyList<IReadOnlyList<int>> ConfusionMatrix,
    IReadOnlyList<ClassDocument> Classes, AverageDocument MacroAvg, AverageDocument WeightedAvg, double Seconds, IReadOnlyList<double> Interval,
    double Top2Accuracy, IReadOnlyList<ConfusedDocument> MostConfused, IReadOnlyList<LossDocument> TopLosses)
{
    /// <summary>How many confused pairs and images with high losses documents and files have.</summary>
    public const int Pairs = 10, Losses = 24;

    public static EvaluationDocument Of(EvaluationResult result)
    {
        string Name(int index) => result.Classes[index].Name;
        return new(result.Accuracy, result.Loss, result.Samples, result.ConfusionMatrix,
            [.. result.Classes.Select(row => new ClassDocument(row.Name, row.Precision, row.Recall, row.F1, row.Support))],
            AverageDocument.Of(result.MacroAverage), AverageDocument.Of(result.WeightedAverage), result.Seconds, [result.Interval.Low, result.Interval.High],
            result.Images?.TopAccuracy(2) ?? double.NaN,
            [.. result.MostConfused(Pairs).Select(pair => new ConfusedDocument(Name(pair.True), Name(pair.Predicted), pair.Count, pair.Share))],
            [.. (result.Images?.TopLosses(Losses) ?? []).Select(image =>
                new LossDocument(image.Index, Name(image.Label), Name(image.Predicted), image.Probability, image.TrueProbability, image.Loss))]);
    }
}

/// <summary>Images of one class that were taken for another; the share is of the images of the true class.</summary>
internal sealed record ConfusedDocument(string True, string Predicted, int Count, double Share);

/// <summary>An image with a high loss, and the probabilities of the predicted and of the true class.</summary>
internal sealed record LossDocument(int Index, string True, string Predicted, double Probability, double TrueProbability, double Loss);

/// <summary>Figures of a class.</summary>
internal sealed record ClassDocument(string Name, double Precision, double Recall, double F1, int Support);

/// <summary>Figures averaged over classes.</summary>
internal sealed record AverageDocument(double Precision, double Recall, double F1, int Support)
{
    public static AverageDocument Of(ClassReport row) => new(row.Precision, row.Recall, row.F1, row.Support);
}

/// <summary>An element of what <c>predict --json</c> writes.</summary>
internal sealed record PredictionDocument([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? File,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index, int Class, string Label, IReadOnlyList<double> Probabilities, IReadOnlyList<float> Logits);

/// <summary>What <c>export --json</c> and <c>import --json</c> write; the difference is the largest of a logit, in parts of the largest, where it was looked for, on the images that are named.</summary>
internal sealed record ModelFileDocument(string File, string Format, string Model, IReadOnlyList<int> Input, IReadOnlyList<string>? Classes, double? ValidationAccuracy,
    double? TestAccuracy, double? Difference, string? CheckedOn)
{
    public static ModelFileDocument Of(string file, string format, TrainedModel model, double? difference = null, string? checkedOn = null) => new(file, format, model.Model.Name,
        [model.Model.Input.Channels, model.Model.Input.Height, model.Model.Input.Width], model.ClassNames, model.ValidationAccuracy, model.TestAccuracy, difference, checkedOn);
}

/// <summary>An element of what <c>devices --json</c> writes.</summary>
internal sealed record DeviceDocument(string Id, string Kind, string Name, long MemoryBytes, bool Selected);

/// <summary>An element of what <c>show --json</c> writes: an image of the data set has an index and a class, a file its name; augmented is the number of an augmented form.</summary>
internal sealed record ShownDocument(int? Index, string? File, int Width, int Height, int? Class, string? Label, ShownPredictionDocument? Prediction,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Augmented,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<IReadOnlyList<int>>? Pixels);

/// <summary>What a model says of a shown image.</summary>
internal sealed record ShownPredictionDocument(int Class, string Label, double Probability, bool? Correct);

/// <summary>An element of what <c>models --json</c> writes: a model's figures, and memory at a batch size.</summary>
internal sealed record ModelOverviewDocument(string Name, IReadOnlyList<int> Input, int Classes, int Epochs, string Recipe, long Parameters, long MultiplyAdds,
    int BatchSize, long WeightBytes, long ActivationBytes, long TrainingBytes, MemoryDocument InputMemory, IReadOnlyList<LayerOverviewDocument> Layers)
{
    public static ModelOverviewDocument Of(ModelDefinition model, ModelMemory memory)
    {
        return new(model.Name, Sizes(model.Input), model.Classes, model.Epochs, model.RecipeFlags, model.ParameterCount, model.MultiplyAdds, memory.BatchSize,
            memory.WeightBytes, memory.ActivationBytes, memory.TrainingBytes, new(memory.Input.ActivationBytes, memory.Input.TrainingBytes),
            [.. model.Nodes.Zip(memory.Layers, (layer, bytes) => new LayerOverviewDocument(layer.Name, layer.Layer.Description, Sizes(layer.Output), layer.ParameterCount, layer.MultiplyAdds,
                bytes.WeightBytes, bytes.ActivationBytes, bytes.TrainingBytes))]);
    }

    private static int[] Sizes(TensorShape shape) => [shape.Channels, shape.Height, shape.Width];
}

/// <summary>Bytes that a batch's images take before the first layer.</summary>
internal sealed record MemoryDocument(long ActivationBytes, long TrainingBytes);

/// <summary>A layer of a model; shapes are channels, height, width; activations are those of one image, training is at the model's batch size.</summary>
internal sealed record LayerOverviewDocument(string Name, string Settings, IReadOnlyList<int> Output, long Parameters, long MultiplyAdds,
    long WeightBytes, long ActivationBytes, long TrainingBytes);

/// <summary>state.json: how a run stands, which process computes it, and the size of its epochs.</summary>
/// <param name="Status">running, done, interrupted or failed.</param>
/// <param name="Process">The process's number on its machine.</param>
/// <param name="ProcessStarted">When that process started, so that another one with the same number is not taken for it.</param>
/// <param name="Machine">The name of its machine.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="TrainingImages">Images trained on.</param>
/// <param name="ValidationImages">Images held out.</param>
/// <param name="Started">When the run began.</param>
/// <param name="Ended">When it ended; null while it runs.</param>
/// <param name="Problem">Why it failed.</param>
/// <param name="Resumed">When it was resumed the last time; null in a run of one piece.</param>
/// <param name="StoppedEarly">Why it ended before all its epochs were done.</param>
internal sealed record StateDocument(string Status, int Process, DateTimeOffset ProcessStarted, string Machine, int StepsPerEpoch, int TrainingImages,
    int ValidationImages, DateTimeOffset Started, DateTimeOffset? Ended, string? Problem, DateTimeOffset? Resumed = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] EarlyStopDocument? StoppedEarly = null);

/// <summary>What <c>lr-find --json</c> writes: each step's rate and losses, and the rates suggested, of which the recommended one is the learning rate.</summary>
internal sealed record LearningRateDocument(string Model, string Accelerator, double LearningRate, string Recommended, SuggestionsDocument Suggestions, int Steps, bool Diverged,
    IReadOnlyList<double> LearningRates, IReadOnlyList<double> Losses, IReadOnlyList<double> SmoothedLosses, double Seconds)
{
    public static LearningRateDocument Of(string model, string accelerator, LearningRateFindings found, double seconds) => new(model, accelerator, found.Valley!.Value, Suggestion.Recommended,
        new(found.Valley.Value, found.Steepest!.Value, found.Minimum!.Value), found.Points.Count, found.Diverged, [.. found.Points.Select(point => point.LearningRate)],
        [.. found.Points.Select(point => point.Loss)], [.. found.Points.Select(point => point.SmoothedLoss)], seconds);
}

/// <summary>Learning rates by the rule that suggests them.</summary>
internal sealed record SuggestionsDocument(double Valley, double Steepest, double Minimum);

/// <summary>What <c>watch --json</c> writes.</summary>
internal sealed record WatchDocument(string Run, string Status, string Model, string Accelerator, int Epoch, int Epochs, long Step, long Steps, double? Loss,
    double? ImagesPerSecond, double? SecondsLeft, int? BestEpoch, string? Problem, IReadOnlyList<EpochDocument> Results, EarlyStopDocument? StoppedEarly);

/// <summary>What <c>watch --json</c> writes of runs of several seeds: what <c>seeds.json</c> says, how the whole stands, and the run that is under way or was the last to be.</summary>
internal sealed record WatchSeedsDocument(string Run, string Status, string Model, string Accelerator, ulong Seed, int Seeds, IReadOnlyList<SeedDocument> Runs, MeanDocument? Test,
    MeanDocument? TestBest, WatchDocument Current);

/// <summary>Reads and writes the documents; names are in snake case, and numbers that JSON cannot hold become null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(FiniteDoubleConverter), typeof(FiniteSingleConverter)],
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TrainDocument))]
[JsonSerializable(typeof(EvaluationDocument))]
[JsonSerializable(typeof(IReadOnlyList<PredictionDocument>))]
[JsonSerializable(typeof(IReadOnlyList<DeviceDocument>))]
[JsonSerializable(typeof(IReadOnlyList<ShownDocument>))]
[JsonSerializable(typeof(IReadOnlyList<ModelOverviewDocument>))]
[JsonSerializable(typeof(ModelFileDocument))]
[JsonSerializable(typeof(ArgsDocument))]
[JsonSerializable(typeof(ExplanationDocument))]
[JsonSerializable(typeof(StateDocument))]
[JsonSerializable(typeof(SeedsDocument))]
[JsonSerializable(typeof(WatchDocument))]
[JsonSerializable(typeof(WatchSeedsDocument))]
[JsonSerializable(typeof(LearningRateDocument))]
internal sealed partial class Documents : JsonSerializerContext
{
    /// <summary>For files that people look into, so with letters as they are: no browser takes them for markup.</summary>
    public static Documents Indented => field ??= new(new JsonSerializerOptions(Default.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>A document as text.</summary>
    public static string Text<T>(T document, JsonTypeInfo<T> type) => JsonSerializer.Serialize(document, type);
}

/// <summary>Writes NaN and infinities, which JSON has not, as null.</summary>
internal sealed class FiniteDoubleConverter : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}

/// <summary>Writes NaN and infinities, which JSON has not, as null.</summary>
internal sealed class FiniteSingleConverter : JsonConverter<float>
{
    public override float Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetSingle();

    public override void Write(Utf8JsonWriter writer, float value, JsonSerializerOptions options)
    {
        if (float.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
