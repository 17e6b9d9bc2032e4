using System.Runtime.CompilerServices;

namespace GpuCnn;

/// <summary>A convolution (cross-correlation).</summary>
/// <param name="Filters">Output channels, at least 1.</param>
/// <param name="KernelHeight">Kernel height, at least 1.</param>
/// <param name="KernelWidth">Kernel width, at least 1.</param>
/// <param name="Stride">Pixels between neighbouring windows, in both directions.</param>
/// <param name="Padding">Rows and columns of zeros on each side.</param>
/// <param name="Bias">Whether each filter has a bias; in front of a batch normalization, which takes it out again, it is of no use.</param>
public sealed record Conv2d(int Filters, int KernelHeight, int KernelWidth, int Stride = 1, int Padding = 0, bool Bias = true) : Layer
{
    /// <inheritdoc/>
    public override string Kind => "conv";

    /// <inheritdoc/>
    public override string Description => $"{Filters} {KernelHeight}x{KernelWidth}{(Stride == 1 ? "" : $" stride {Stride}")}{(Padding == 0 ? " valid" : $" pad {Padding}")}{(Bias ? "" : " no bias")}";

    /// <inheritdoc/>
    public override TensorShape OutputShape(TensorShape input)
    {
        ModelException.Positive(Filters, Kind, "the number of filters");
        ModelException.Positive(KernelHeight, Kind, "the kernel height");
        ModelException.Positive(KernelWidth, Kind, "the kernel width");
        ModelException.Positive(Stride, Kind, "the stride");
        ModelException.Within(Padding, 0, Kind, "the padding");
        int height = input.Height + (2 * Padding) - KernelHeight, width = input.Width + (2 * Padding) - KernelWidth;
        return height >= 0 && width >= 0
            ? new TensorShape(Filters, (height / Stride) + 1, (width / Stride) + 1)
            : throw new ModelException($"{Kind}: a {KernelHeight}x{KernelWidth} kernel does not fit an input of {input} with padding {Padding}");
    }

    /// <inheritdoc/>
    public override long MultiplyAdds(TensorShape input) => (long)OutputShape(input).Count * input.Channels * KernelHeight * KernelWidth;

    internal override bool NeedsChannelsLast => true;

    internal override IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> ParameterShapes(TensorShape input) =>
        WeightAndBias(Bias, Filters, input.Channels, KernelHeight, KernelWidth);

    [ModuleInitializer]
    internal static void Register() => LayerKind.Add("conv", "A convolution.",
        [
            new("filters", SettingForm.Whole, "Output channels."), new("kernel", SettingForm.Size, "Height and width of the kernel."),
            LayerKind.Stride, LayerKind.Padding, LayerKind.Bias,
        ],
        values => new Conv2d(values.Whole("filters"), values.Size("kernel").Height, values.Size("kernel").Width,
            values.Whole("stride", 1), values.Whole("padding"), values.Switch("bias", true)),
        (Conv2d conv) => new SettingValues().With("filters", conv.Filters).With("kernel", (conv.KernelHeight, conv.KernelWidth))
            .With("stride", conv.Stride).With("padding", conv.Padding).WithBias(conv.Bias));
}
