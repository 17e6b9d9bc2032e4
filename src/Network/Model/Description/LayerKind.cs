using System.Diagnostics.CodeAnalysis;

namespace GpuCnn;

/// <summary>A kind of layer in a model's description: its settings, and how they become a layer and back.</summary>
/// <param name="Name">The word that a description has for it.</param>
/// <param name="Help">What it does.</param>
/// <param name="Settings">Its settings, those that must be given first.</param>
/// <param name="Create">Makes a layer of settings.</param>
/// <param name="Describe">The settings of a layer; null for a layer of another kind.</param>
internal sealed record LayerKind(string Name, string Help, IReadOnlyList<ModelSetting> Settings, Func<SettingValues, Layer> Create, Func<Layer, SettingValues?> Describe)
{
    private static readonly ModelSetting Stride = new("stride", SettingForm.Whole, "Pixels between neighbouring windows, in both directions.", Preset: "1");

    private static readonly ModelSetting PoolStride = Stride with { Preset = "the window" };

    private static readonly ModelSetting Padding = new("padding", SettingForm.Whole, "Rows and columns of zeros on each side.", 0, Preset: "0");

    private static readonly ModelSetting PoolPadding = Padding with { Help = "Rows and columns on each side that windows may cover, at most half the window." };

    private static readonly ModelSetting Bias = new("bias", SettingForm.Switch, "Whether each output has a bias; in front of a batch normalization it is of no use.", Preset: "true");

    private static readonly ModelSetting Window = new("window", SettingForm.Whole, "Height and width of the window.");

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<LayerKind> All { get; } =
    [
        new("conv", "A convolution.",
            [new("filters", SettingForm.Whole, "Output channels."), new("kernel", SettingForm.Size, "Height and width of the kernel."), Stride, Padding, Bias],
            values => new Conv2d(values.Whole("filters"), values.Size("kernel").Height, values.Size("kernel").Width, values.Whole("stride", 1), values.Whole("padding"), values.Switch("bias", true)),
            layer => layer is Conv2d conv
                ? new SettingValues().With("filters", conv.Filters).With("kernel", (conv.KernelHeight, conv.KernelWidth)).With("stride", conv.Stride).With("padding", conv.Padding)
                    .WithoutBias(conv)
                : null),
        new("relu", "ReLU: negative values become zero.", [], _ => new Relu(), layer => layer is Relu ? new SettingValues() : null),
        new("leaky_relu", "LeakyReLU: negative values are multiplied by a slope.", [new("slope", SettingForm.Number, "The slope below zero.", 0, 1, Preset: "0.01")],
            values => new LeakyRelu(values.Number("slope", 0.01)), layer => layer is LeakyRelu leaky ? new SettingValues().With("slope", leaky.Slope) : null),
        new("gelu", "GELU in its exact form, with erf.", [], _ => new Gelu(), layer => layer is Gelu ? new SettingValues() : null),
        new("batch_norm", "Batch normalization, with running mean and variance for evaluation.",
            [
                new("momentum", SettingForm.Number, "A batch's share in the running values.", 0, 1, Preset: "0.1"),
                new("epsilon", SettingForm.Number, "What is added to a variance before its root is taken.", 1e-12, 1, Preset: "1e-5"),
            ],
            values => new BatchNorm(values.Number("momentum", 0.1), values.Number("epsilon", 1e-5)),
            layer => layer is BatchNorm norm ? new SettingValues().With("momentum", norm.Momentum).With("epsilon", norm.Epsilon) : null),
        new("max_pool", "The largest value of each window.",
            [Window, PoolStride, PoolPadding, new("ceil_mode", SettingForm.Switch, "Whether a window that hangs over the lower or right edge counts.", Preset: "false")],
            values => new MaxPool2d(values.Whole("window"), values.Whole("stride", values.Whole("window")), values.Switch("ceil_mode"), values.Whole("padding")),
            layer => layer is MaxPool2d pool
                ? new SettingValues().With("window", pool.Window).With("stride", pool.Stride).With("padding", pool.Padding).With("ceil_mode", pool.CeilMode)
                : null),
        new("average_pool", "The average of each window; padding counts as zeros.", [Window, PoolStride, PoolPadding],
            values => new AveragePool2d(values.Whole("window"), values.Whole("stride", values.Whole("window")), values.Whole("padding")),
            layer => layer is AveragePool2d pool ? new SettingValues().With("window", pool.Window).With("stride", pool.Stride).With("padding", pool.Padding) : null),
        new("global_average_pool", "The average of each channel over all pixels, which makes a vector of an image.", [],
            _ => new GlobalAveragePool(), layer => layer is GlobalAveragePool ? new SettingValues() : null),
        new("flatten", "Makes a vector of an image, in the order channels, height, width.", [], _ => new Flatten(), layer => layer is Flatten ? new SettingValues() : null),
        new("dense", "A fully connected layer.", [new("units", SettingForm.Whole, "Outputs."), Bias],
            values => new Dense(values.Whole("units"), values.Switch("bias", true)), layer => layer is Dense dense ? new SettingValues().With("units", dense.Units).WithoutBias(dense) : null),
        new("dropout", "While training, sets values to zero at random and divides the others by 1 - rate.",
            [new("rate", SettingForm.Number, "The share of values set to zero.", 0, 1, Below: true)],
            values => new Dropout(values.Number("rate")), layer => layer is Dropout dropout ? new SettingValues().With("rate", dropout.Rate) : null),
        new("residual", "A residual block: what its layers make of the input, plus the input itself or what the shortcut makes of it.",
            [
                new("layers", SettingForm.Layers, "The layers, at least one."),
                new("shortcut", SettingForm.Layers, "The layers beside them, for example a 1x1 convolution and a batch normalization where shapes change.", Preset: "the input itself"),
            ],
            values => new Residual(values.Layers("layers"), values.Layers("shortcut")),
            layer => layer is Residual block ? new SettingValues().With("layers", block.Body).With("shortcut", block.Shortcut) : null),
    ];

    /// <summary>The kind of a name.</summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out LayerKind? kind) => (kind = All.FirstOrDefault(each => each.Name == name)) is not null;

    /// <summary>The kind of a layer, and its settings.</summary>
    /// <exception cref="ModelException">Descriptions have no word for it.</exception>
    public static (LayerKind Kind, SettingValues Values) Of(Layer layer)
    {
        foreach (LayerKind kind in All)
        {
            if (kind.Describe(layer) is { } values)
            {
                return (kind, values);
            }
        }
        throw new ModelException($"{layer.Kind}: descriptions of models have no word for this layer");
    }
}
