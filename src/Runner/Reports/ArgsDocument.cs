using System.Text.Json;
using System.Text.Json.Serialization;

namespace GpuCnn.Runner.Reports;

/// <summary>args.json: every option of a training with the value it had, given or not, and what ran it. Paths are whole ones, so that a run can be
/// resumed from any folder; the fingerprints are those of the images and labels (null in runs of versions that took none); changes tell what a resumption
/// changed that makes other bits than a training in one piece.</summary>
[JsonConverter(typeof(ArgsConverter))]
internal sealed record ArgsDocument(string Version, string Model, string Accelerator, string AcceleratorName, int Threads, string Data, string? Weights,
    TrainingOptions Options, int CheckpointEvery = 0, string? TrainFingerprint = null, string? TestFingerprint = null, IReadOnlyList<string>? Changes = null);

/// <summary>Writes args.json as one flat object, its keys in the order that readers know; options that came later follow them.</summary>
internal sealed class ArgsConverter : JsonConverter<ArgsDocument>
{
    /// <summary>Options before the checkpoints, which every version wrote, and those after them.</summary>
    private static readonly string[] First = ["seed", "epochs", "batch_size", "learning_rate", "validation_split", "shuffle", "dropout", "train_samples"],
        Then = ["on_nan", "augment", "schedule", "warm_up", "optimizer", "weight_decay", "label_smoothing", "gradient_clip", "ema",
            "stop_patience", "stop_metric", "stop_min_change"];

    private static readonly TrainingOption[] BeforeCheckpoints = [.. First.Select(TrainingOption.Named)],
        AfterCheckpoints = [.. Then.Select(TrainingOption.Named),
            .. TrainingOption.All.Where(option => !First.Contains(option.Name) && !Then.Contains(option.Name))];

    public override ArgsDocument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        JsonElement json = JsonElement.ParseValue(ref reader);
        if (json.ValueKind != JsonValueKind.Object || First.FirstOrDefault(name => !json.TryGetProperty(name, out _)) is not null)
        {
            throw new JsonException("an option is missing");
        }
        try
        {
            return new ArgsDocument(Text("version"), Text("model"), Text("accelerator"), Text("accelerator_name"), json.GetProperty("threads").GetInt32(),
                Text("data"), json.GetProperty("weights").GetString(), TrainingOption.Read(json, new TrainingOptions()),
                Optional("checkpoint_every")?.GetInt32() ?? 0, Optional("train_fingerprint")?.GetString(), Optional("test_fingerprint")?.GetString(),
                Optional("changes")?.EnumerateArray().Select(Required).ToArray());
        }
        catch (Exception exception) when (exception is InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw new JsonException(exception.Message, exception);
        }

        string Text(string name) => Required(json.GetProperty(name));
        static string Required(JsonElement text) => text.GetString() ?? throw new JsonException("a text is null");
        JsonElement? Optional(string name) => json.TryGetProperty(name, out JsonElement element) && element.ValueKind != JsonValueKind.Null ? element : null;
    }

    public override void Write(Utf8JsonWriter writer, ArgsDocument value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("version", value.Version);
        writer.WriteString("model", value.Model);
        writer.WriteString("accelerator", value.Accelerator);
        writer.WriteString("accelerator_name", value.AcceleratorName);
        writer.WriteNumber("threads", value.Threads);
        writer.WriteString("data", value.Data);
        writer.WriteString("weights", value.Weights);
        WriteOptions(BeforeCheckpoints);
        writer.WriteNumber("checkpoint_every", value.CheckpointEvery);
        writer.WriteString("train_fingerprint", value.TrainFingerprint);
        writer.WriteString("test_fingerprint", value.TestFingerprint);
        WriteOptions(AfterCheckpoints);
        if (value.Changes is { } changes)
        {
            writer.WriteStartArray("changes");
            foreach (string change in changes)
            {
                writer.WriteStringValue(change);
            }
            writer.WriteEndArray();
        }
        writer.WriteEndObject();

        void WriteOptions(TrainingOption[] all)
        {
            foreach (TrainingOption option in all)
            {
                ValueRange.Write(writer, option.RunKey ?? option.Name, option.Get(value.Options));
            }
        }
    }
}
