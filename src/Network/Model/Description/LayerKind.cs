using System.Diagnostics.CodeAnalysis;

namespace GpuCnn;

/// <summary>A kind of layer in a model's description: its settings, and how they become a layer and back. Every layer adds its own.</summary>
internal sealed record LayerKind(string Name, string Help, IReadOnlyList<ModelSetting> Settings, Func<SettingValues, Layer> Create, Func<Layer, SettingValues> Describe)
{
    /// <summary>How Keras spells it, where that is enough to make the layer.</summary>
    public IReadOnlyList<KerasForm> Keras { get; init; } = [];

    private static readonly SortedDictionary<string, LayerKind> ByName = new(StringComparer.Ordinal);

    private static readonly Dictionary<Type, LayerKind> ByLayer = [];

    public static readonly ModelSetting Stride = new("stride", SettingForm.Whole, "Pixels between neighbouring windows, in both directions.", Preset: "1");

    public static readonly ModelSetting PoolStride = Stride with { Preset = "the window" };

    public static readonly ModelSetting Padding = new("padding", SettingForm.Whole, "Rows and columns of zeros on each side.", 0, Preset: "0");

    public static readonly ModelSetting PoolPadding = Padding with { Help = "Rows and columns on each side that windows may cover, at most half the window." };

    public static readonly ModelSetting Bias = new("bias", SettingForm.Switch, "Whether each output has a bias; in front of a batch normalization it is of no use.", Preset: "true");

    public static readonly ModelSetting Window = new("window", SettingForm.Whole, "Height and width of the window.");

    /// <summary>All kinds, by name.</summary>
    public static IReadOnlyCollection<LayerKind> All => ByName.Values;

    /// <summary>Adds the kind of a layer.</summary>
    public static void Add<T>(string name, string help, IReadOnlyList<ModelSetting> settings, Func<SettingValues, T> create, Func<T, SettingValues> describe,
        params IReadOnlyList<KerasForm> keras) where T : Layer =>
        ByLayer[typeof(T)] = ByName[name] = new LayerKind(name, help, settings, create, layer => describe((T)layer)) { Keras = keras };

    /// <summary>The kind of a name.</summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out LayerKind? kind) => ByName.TryGetValue(name, out kind);

    /// <summary>The kind of a layer, and its settings.</summary>
    public static (LayerKind Kind, SettingValues Values) Of(Layer layer)
    {
        LayerKind kind = ByLayer[layer.GetType()];
        return (kind, kind.Describe(layer));
    }
}
