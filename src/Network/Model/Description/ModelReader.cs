using System.Text.Json;

namespace GpuCnn;

/// <summary>Reads a model's description strictly: every key must be known, every value of its type and within its bounds.</summary>
internal sealed class ModelReader(string source)
{
    /// <summary>How deep layers may lie within layers.</summary>
    public const int Deepest = 8;

    /// <summary>What a model's name may be: it becomes a part of folders' names.</summary>
    public const string NamePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    /// <summary>The keys of a description, in the order in which they are written; those with a star must be given.</summary>
    private static readonly string[] Keys = ["$schema", "name*", "input*", "epochs", "recipe", "classes", "parameters", "multiply_adds", "layers*"];

    private static readonly string[] FigureKeys = ["name", "output", "parameters", "multiply_adds"];

    private int layers;

    /// <summary>Reads a whole description.</summary>
    /// <exception cref="InvalidFileException">It says something that no description says.</exception>
    /// <exception cref="ModelException">Its layers do not fit.</exception>
    public ModelDefinition Read(JsonElement root)
    {
        Dictionary<string, JsonElement> members = Members(root, "it", [.. Keys.Select(key => key.TrimEnd('*'))]);
        foreach (string key in Keys.Where(key => key.EndsWith('*')).Select(key => key.TrimEnd('*')))
        {
            if (!members.ContainsKey(key))
            {
                throw Refuse($"it has no '{key}'; a description of a model has name, input, epochs and layers");
            }
        }
        string name = Name(members["name"]);
        TensorShape input = Shape(members["input"], "'input'");
        TrainingOptions recipe = new();
        if (members.TryGetValue("epochs", out JsonElement given))
        {
            recipe = With(recipe, TrainingOption.Named("epochs"), given, "");
        }
        int? classes = members.TryGetValue("classes", out given) ? Whole(given, "'classes'", 1, ModelException.Largest) : null;
        CheckFigures(members, "");
        if (members.TryGetValue("$schema", out given) && given.ValueKind != JsonValueKind.String)
        {
            throw Refuse($"'$schema' must be a text, not {Say(given)}");
        }
        recipe = members.TryGetValue("recipe", out given) ? Recipe(given, recipe) : recipe;
        var model = new ModelDefinition(name, input, recipe, Layers(members["layers"], "layers", "", 1));
        return classes is null || classes == model.Classes ? model
            : throw Refuse($"it says {classes} classes, but its last layer gives {model.Classes}; change one of the two");
    }

    private TrainingOptions Recipe(JsonElement element, TrainingOptions recipe)
    {
        TrainingOption[] options = [.. TrainingOption.All.Where(option => option.InRecipe)];
        Dictionary<string, JsonElement> members = Members(element, "recipe", [.. options.Select(option => option.Name)]);
        try
        {
            foreach (TrainingOption option in options)
            {
                if (members.TryGetValue(option.Name, out JsonElement value))
                {
                    recipe = With(recipe, option, value, "recipe: ");
                }
            }
            recipe.Validate();
            return recipe;
        }
        catch (ArgumentException exception) when (TrainingOption.TryTranslate(exception, option => $"'{option.Name}'", out string? problem))
        {
            throw Refuse($"recipe: {problem}");
        }
    }

    private TrainingOptions With(TrainingOptions options, TrainingOption option, JsonElement value, string owner) =>
        option.With(options, option.Range.Read(value) ?? throw Refuse($"{owner}'{option.Name}' must be {option.Range.Words}, not {Say(value)}"));

    private string Name(JsonElement element)
    {
        string? name = element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        bool good = name is { Length: >= 1 and <= 64 } && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
        return good ? name! : throw Refuse($"'name' must be 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first, not {Say(element)}");
    }

    private TensorShape Shape(JsonElement element, string what)
    {
        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() != 3)
        {
            throw Refuse($"{what} must be [channels, height, width], not {Say(element)}");
        }
        int[] sizes = [.. element.EnumerateArray().Select(size => Whole(size, $"{what}: a size", 1, ModelException.Largest))];
        return new TensorShape(sizes[0], sizes[1], sizes[2]);
    }

    private List<Layer> Layers(JsonElement element, string key, string where, int depth)
    {
        string owner = where.Length == 0 ? "" : $"{where}: ";
        if (element.ValueKind != JsonValueKind.Array)
        {
            throw Refuse($"{owner}'{key}' must be a list of layers, not {Say(element)}");
        }
        if (depth > Deepest)
        {
            throw Refuse($"{owner}layers lie in layers more than {Deepest} deep");
        }
        var list = new List<Layer>();
        foreach (JsonElement layer in element.EnumerateArray())
        {
            if (++layers > ModelDefinition.MostLayers)
            {
                throw Refuse($"it has more than {ModelDefinition.MostLayers} layers");
            }
            list.Add(Layer(layer, $"{(where.Length == 0 ? "" : $"{where}, {key} ")}{(where.Length == 0 ? "layer " : "")}{list.Count + 1}", depth));
        }
        return list;
    }

    private Layer Layer(JsonElement element, string where, int depth)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Refuse($"{where} must be an object with a 'kind', not {Say(element)}");
        }
        string kinds = string.Join(", ", LayerKind.All.Select(each => each.Name));
        if (!element.TryGetProperty("kind", out JsonElement word))
        {
            throw Refuse($"{where} has no 'kind': give one of {kinds}");
        }
        if (word.ValueKind != JsonValueKind.String || !LayerKind.TryFind(word.GetString()!, out LayerKind? kind))
        {
            throw Refuse($"{where}: there is no kind {Say(word)}: give one of {kinds}");
        }
        where = $"{where} ({kind.Name})";
        Dictionary<string, JsonElement> members = Members(element, where, ["kind", .. kind.Settings.Select(setting => setting.Name), .. FigureKeys]);
        CheckFigures(members, $"{where}: ");
        var values = new SettingValues();
        foreach (ModelSetting setting in kind.Settings)
        {
            if (members.TryGetValue(setting.Name, out JsonElement value))
            {
                values.With(setting.Name, Setting(value, setting, where, depth));
            }
            else if (setting.Preset is null)
            {
                throw Refuse($"{where} has no '{setting.Name}': give {setting.Allowed}");
            }
        }
        return kind.Create(values);
    }

    private object Setting(JsonElement value, ModelSetting setting, string where, int depth)
    {
        string what = $"{where}: '{setting.Name}'";
        return setting.Form switch
        {
            SettingForm.Whole => Whole(value, what, (int)setting.Least, (int)setting.Most),
            SettingForm.Size when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 2 =>
                (Whole(value[0], what, (int)setting.Least, (int)setting.Most), Whole(value[1], what, (int)setting.Least, (int)setting.Most)),
            SettingForm.Size when value.ValueKind == JsonValueKind.Number && Whole(value, what, (int)setting.Least, (int)setting.Most) is var size => (size, size),
            SettingForm.Number when value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && setting.Allows(number) => number,
            SettingForm.Switch when value.ValueKind is JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
            SettingForm.Text when value.ValueKind == JsonValueKind.String => value.GetString()!,
            SettingForm.Layers => Layers(value, setting.Name, where, depth + 1),
            _ => throw Refuse($"{what} must be {setting.Allowed}, not {Say(value)}"),
        };
    }

    private int Whole(JsonElement element, string what, int least, int most) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value) && value >= least && value <= most
            ? value
            : throw Refuse($"{what} must be a whole number from {least} to {most}, not {Say(element)}");

    /// <summary>What follows from the layers may stand in a description, whatever its value, but not as something else.</summary>
    private void CheckFigures(Dictionary<string, JsonElement> members, string owner)
    {
        foreach (string key in (string[])["parameters", "multiply_adds"])
        {
            if (members.TryGetValue(key, out JsonElement figure) && !(figure.ValueKind == JsonValueKind.Number && figure.TryGetInt64(out long value) && value >= 0))
            {
                throw Refuse($"{owner}'{key}' must be a whole number, not {Say(figure)}; or leave it out, it follows from the layers");
            }
        }
        if (members.TryGetValue("output", out JsonElement output))
        {
            Shape(output, $"{owner}'output'");
        }
        if (members.TryGetValue("name", out JsonElement name) && name.ValueKind != JsonValueKind.String)
        {
            throw Refuse($"{owner}'name' must be a text, not {Say(name)}");
        }
    }

    private Dictionary<string, JsonElement> Members(JsonElement element, string where, IReadOnlyList<string> known)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Refuse($"{where} must be an object in braces, not {Say(element)}");
        }
        var members = new Dictionary<string, JsonElement>();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                throw Refuse($"{where} has a key '{Shorten(property.Name)}' that means nothing here: it may have {string.Join(", ", known)}");
            }
            if (!members.TryAdd(property.Name, property.Value))
            {
                throw Refuse($"{where} has '{property.Name}' twice");
            }
        }
        return members;
    }

    private InvalidFileException Refuse(string problem) => new(source, problem);

    private static string Say(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => $"a list of {element.GetArrayLength()}",
        _ => Shorten(element.GetRawText()),
    };

    /// <summary>What a file says goes into messages only shortened, and on one line.</summary>
    private static string Shorten(string text)
    {
        string line = new([.. text.Take(60).Select(c => char.IsControl(c) ? '?' : c)]);
        return text.Length > 60 ? line + "..." : line;
    }
}
