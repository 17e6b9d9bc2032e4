using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GpuCnn;

/// <summary>The JSON schema of models' descriptions, with which editors check and complete them.</summary>
internal static class ModelSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema, made of what <see cref="ModelFile"/> reads; it ends with a line feed.</summary>
    /// <remarks>It says all that can be said of a key and its value; that layers fit each other is beyond a schema.</remarks>
    public static string Text => new JsonObject
    {
        ["$schema"] = "http://json-schema.org/draft-07/schema#",
        ["title"] = "A model for gpucnn",
        ["type"] = "object",
        ["required"] = new JsonArray("name", "input", "layers"),
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject
        {
            ["$schema"] = new JsonObject { ["type"] = "string" },
            ["name"] = Described("Letters, digits, dots, dashes and underscores; run folders are named after it.", ("type", "string"), ("pattern", ModelReader.NamePattern)),
            ["input"] = Shape("The shape of an image: channels, height, width."),
            ["epochs"] = Described("How many epochs it is trained for unless said otherwise; 10 when not given.",
                [.. TrainingOption.Named("epochs").Range.Schema]),
            ["recipe"] = Recipe(),
            ["classes"] = Described("The number of classes, which the last layer must give.", ("type", "integer"), ("minimum", 1), ("maximum", ModelException.Largest)),
            ["parameters"] = Figure(),
            ["multiply_adds"] = Figure(),
            ["layers"] = new JsonObject { ["$ref"] = "#/definitions/layers" },
        },
        ["definitions"] = new JsonObject
        {
            ["layers"] = new JsonObject { ["type"] = "array", ["maxItems"] = ModelDefinition.MostLayers, ["items"] = new JsonObject { ["$ref"] = "#/definitions/layer" } },
            ["layer"] = new JsonObject { ["oneOf"] = new JsonArray([.. LayerKind.All.Select(Layer)]) },
        },
    }.ToJsonString(Indented) + "\n";

    private static JsonObject Recipe()
    {
        var properties = new JsonObject();
        foreach (TrainingOption option in TrainingOption.All.Where(option => option.InRecipe))
        {
            string usual = option.DefaultWords ?? ValueRange.Text(option.Default);
            properties[option.Name] = Described($"{option.Help}; {usual} when not given.", [.. option.Range.Schema]);
        }
        return Described("How it is trained unless said otherwise: options of gpucnn train.", ("type", "object"), ("additionalProperties", false), ("properties", properties));
    }

    private static JsonObject Layer(LayerKind kind)
    {
        var properties = new JsonObject { ["kind"] = new JsonObject { ["enum"] = new JsonArray(kind.Name) } };
        Add(properties, kind.Settings);
        properties["name"] = Described("Follows from the layers; not read.", ("type", "string"));
        properties["output"] = Shape("Follows from the layers; not read.");
        properties["parameters"] = Figure();
        properties["multiply_adds"] = Figure();
        return new JsonObject
        {
            ["title"] = kind.Name,
            ["description"] = kind.Help,
            ["type"] = "object",
            ["required"] = new JsonArray(["kind", .. kind.Settings.Where(setting => setting.Preset is null).Select(setting => (JsonNode)setting.Name)]),
            ["additionalProperties"] = false,
            ["properties"] = properties,
        };
    }

    private static void Add(JsonObject properties, IEnumerable<ModelSetting> settings)
    {
        foreach (ModelSetting setting in settings)
        {
            properties[setting.Name] = Setting(setting);
        }
    }

    private static JsonObject Setting(ModelSetting setting)
    {
        string help = setting.Preset is null ? setting.Help : $"{setting.Help.TrimEnd('.')}; {setting.Preset} when not given.";
        JsonObject Whole() => new() { ["type"] = "integer", ["minimum"] = (int)setting.Least, ["maximum"] = (int)setting.Most };
        return setting.Form switch
        {
            SettingForm.Whole => Described(help, [.. Whole().Select(pair => (pair.Key, pair.Value!.DeepClone()))]),
            SettingForm.Size => Described(help, ("oneOf", new JsonArray(Whole(), new JsonObject { ["type"] = "array", ["items"] = Whole(), ["minItems"] = 2, ["maxItems"] = 2 }))),
            SettingForm.Number => Described(help, ("type", "number"), ("minimum", setting.Least), (setting.Below ? "exclusiveMaximum" : "maximum", setting.Most)),
            SettingForm.Switch => Described(help, ("type", "boolean")),
            SettingForm.Text when setting.Choices is { } choices => Described(help, ("enum", new JsonArray([.. choices.Select(choice => (JsonNode)choice)]))),
            SettingForm.Text => Described(help, ("type", "string")),
            _ => Described(help, ("allOf", new JsonArray(new JsonObject { ["$ref"] = "#/definitions/layers" }))),
        };
    }

    private static JsonObject Described(string help, params ReadOnlySpan<(string Key, JsonNode Value)> pairs)
    {
        var described = new JsonObject { ["description"] = help };
        foreach ((string key, JsonNode value) in pairs)
        {
            described[key] = value;
        }
        return described;
    }

    private static JsonObject Shape(string help) => Described(help, ("type", "array"), ("minItems", 3), ("maxItems", 3),
        ("items", new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = ModelException.Largest }));

    private static JsonObject Figure() => Described("Follows from the layers; not read.", ("type", "integer"), ("minimum", 0));
}
