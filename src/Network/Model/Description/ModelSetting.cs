namespace GpuCnn;

/// <summary>What a setting is in a model's description.</summary>
internal enum SettingForm
{
    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>A whole number for height and width, or both as [height, width].</summary>
    Size,

    /// <summary>A number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Switch,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A list of layers.</summary>
    Layers,
}

/// <summary>A setting of a layer or of a recipe: said once, for the reader, the writer and the schema.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Form">What it is.</param>
/// <param name="Help">What it means.</param>
/// <param name="Least">The least number.</param>
/// <param name="Most">The largest number; where <paramref name="Below"/> says so, the least that is too large.</param>
/// <param name="Below">Whether the number must be below <paramref name="Most"/>.</param>
/// <param name="Preset">What holds when it is not given, in words; null when it must be given.</param>
internal sealed record ModelSetting(string Name, SettingForm Form, string Help, double Least = 1, double Most = ModelException.Largest, bool Below = false, string? Preset = null)
{
    /// <summary>The texts it may be; null for those that <see cref="Help"/> tells of.</summary>
    public IReadOnlyList<string>? Choices { get; init; }

    /// <summary>The values it may have, in words.</summary>
    public string Allowed => Form switch
    {
        SettingForm.Whole => FormattableString.Invariant($"a whole number from {Least} to {Most}"),
        SettingForm.Size => FormattableString.Invariant($"a whole number from {Least} to {Most}, or two as [height, width]"),
        SettingForm.Number => FormattableString.Invariant($"a number from {Least} {(Below ? "up to but not including" : "to")} {Most}"),
        SettingForm.Switch => "true or false",
        SettingForm.Text => Choices is null ? "a text" : string.Join(" or ", Choices),
        _ => "a list of layers",
    };

    /// <summary>Whether a number may be its value.</summary>
    public bool Allows(double value) => value >= Least && (Below ? value < Most : value <= Most);
}

/// <summary>The settings of one layer by name, as a description has them.</summary>
internal sealed class SettingValues
{
    private readonly Dictionary<string, object> values = [];

    /// <summary>The settings, in the order in which they were set.</summary>
    public IEnumerable<KeyValuePair<string, object>> All => values;

    /// <summary>Sets one: an int, a pair of them, a double, a bool, or a list of layers.</summary>
    public SettingValues With(string name, object value)
    {
        values.Add(name, value);
        return this;
    }

    /// <summary>Says that a layer has no bias; where it has one nothing is said, so that descriptions of most models can be read by older versions too.</summary>
    public SettingValues WithBias(bool bias) => bias ? this : With("bias", false);

    public int Whole(string name, int preset = 0) => values.TryGetValue(name, out object? value) ? (int)value : preset;

    public (int Height, int Width) Size(string name) => ((int, int))values[name];

    public double Number(string name, double preset = 0) => values.TryGetValue(name, out object? value) ? (double)value : preset;

    public bool Switch(string name, bool preset = false) => values.TryGetValue(name, out object? value) ? (bool)value : preset;

    public IReadOnlyList<Layer> Layers(string name) => values.TryGetValue(name, out object? value) ? (IReadOnlyList<Layer>)value : [];
}
