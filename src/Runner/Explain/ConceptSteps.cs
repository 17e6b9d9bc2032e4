using System.Globalization;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Explain;

/// <summary>How a computer reads a picture, and why its layers are not fully connected, as steps.</summary>
internal static class ConceptSteps
{
    /// <summary>Rows and columns of the pieces of channels that are shown as numbers.</summary>
    private const int Piece = 8;

    /// <summary>How much of each channel, red, green and blue, an orange light shows.</summary>
    private static readonly double[] Orange = [1, 0.6, 0.2];

    /// <summary>Answers with an image of the data set and the figures of layers.</summary>
    /// <param name="image">A set of one image with one channel.</param>
    /// <param name="source">Where it comes from, for people.</param>
    public static Explanation Of(ImageSet image, string source) => new("What a convolutional network sees",
        $"How a computer reads a picture, and why its layers are not fully connected. The picture: {source}.", [Pixels(image), Channels(image), Connections(), Models()]);

    private static Step Pixels(ImageSet image)
    {
        TensorShape shape = image.Shape;
        return new Step("pixels", "How a computer reads a picture",
            new Prose($"A grey picture is one grid of numbers, here from 0, black, to 255, white: {shape.Height} x {shape.Width} x {shape.Channels} = {Thousands(shape.Count)} numbers. Its label: {image.ClassNames[image.Labels.Span[0]]}."),
            new Grids([ModelSteps.Shades("what people see", [.. image.Pixels.ToArray().Select(pixel => pixel / 255f)], shape)]),
            new Grids([ModelSteps.Bytes("what the computer gets", image.Pixels, shape)]));
    }

    private static Step Channels(ImageSet image)
    {
        TensorShape grey = image.Shape, colour = grey with { Channels = Orange.Length };
        int top = (grey.Height - Piece) / 2, left = (grey.Width - Piece) / 2;
        string[] names = ["red", "green", "blue"];
        return new Step("channels", "Colours are channels",
            new Prose($"A colour picture has three such grids, its channels: red, green and blue, {colour.Height} x {colour.Width} x {colour.Channels} = {Thousands(colour.Count)} numbers. The same picture in orange light has all of the red, six tenths of the green and two tenths of the blue. Of each channel the {Piece} x {Piece} pixels in the middle:"),
            new Grids([.. Orange.Select((share, channel) => new NumberGrid(names[channel],
                [.. Enumerable.Range(top, Piece).Select(y => Enumerable.Range(left, Piece).Select(x => Math.Round(share * image.Pixels.Span[(y * grey.Width) + x])).ToArray())],
                NumberFormat.Whole, byte.MaxValue))]));
    }

    private static Step Connections()
    {
        TensorShape small = new(3, 28, 28), large = new(3, 200, 200);
        var filter = new Conv2d(1, 3, 3);
        (long Weights, long Parameters) dense = Parameters(small, new Flatten(), new Dense(1)), denseLarge = Parameters(large, new Flatten(), new Dense(1));
        (long Weights, long Parameters) conv = Filter(small, filter), convLarge = Filter(large, filter);
        string kernel = $"{filter.KernelHeight} x {filter.KernelWidth} x {small.Channels} + 1";
        return new Step("connections", "Why not fully connected",
            new Prose($"A fully connected neuron has a weight for every number of the picture: {small.Height} x {small.Width} x {small.Channels} = {Thousands(dense.Weights)} for a small picture, {large.Height} x {large.Width} x {large.Channels} = {Thousands(denseLarge.Weights)} for one that is still small to people. And that is one neuron."),
            new Prose($"A filter of a convolution looks at {filter.KernelHeight} x {filter.KernelWidth} pixels at a time and uses the same weights everywhere: {kernel} = {Thousands(conv.Parameters)} numbers with its bias, however large the picture is. So it has less to learn, learns each feature once for all places, and overfits less."),
            new Listing("Numbers to learn, biases included", ["picture", ">one dense neuron", ">one filter", ">ratio"],
                [Row(small, dense.Parameters, conv.Parameters), Row(large, denseLarge.Parameters, convLarge.Parameters)]));
    }

    private static Step Models() => new("models", "In this program's models",
        new Prose("Convolutions do most of the work with few of the numbers: multiply-adds for one image and parameters of each kind of layer."),
        new Listing("Parameters and multiply-adds", ["model", "layers", ">parameters", ">multiply-adds", ">uses of a parameter"],
            [.. ModelZoo.All.SelectMany(model => new[] { Row<Conv2d>(model, "convolution"), Row<Dense>(model, "dense layer") })]));

    private static IReadOnlyList<string> Row<TLayer>(ModelDefinition model, string kind) where TLayer : Layer
    {
        LayerNode[] layers = [.. model.Nodes.Where(layer => layer.Layer is TLayer)];
        long parameters = layers.Sum(layer => layer.ParameterCount), work = layers.Sum(layer => layer.MultiplyAdds);
        return [model.Name, $"{layers.Length} {kind}{(layers.Length == 1 ? "" : "s")}", Thousands(parameters), Thousands(work), ((double)work / parameters).ToString("0", CultureInfo.InvariantCulture)];
    }

    private static IReadOnlyList<string> Row(TensorShape shape, long dense, long filter) =>
        [$"{shape.Height} x {shape.Width} x {shape.Channels}", Thousands(dense), Thousands(filter), Thousands((long)Math.Round((double)dense / filter))];

    /// <summary>The parameters of a model's last layer, of one unit.</summary>
    private static (long Weights, long Parameters) Parameters(TensorShape input, params Layer[] layers)
    {
        long parameters = new ModelDefinition("one neuron", input, 1, layers).ParameterCount;
        return (parameters - 1, parameters);
    }

    private static (long Weights, long Parameters) Filter(TensorShape input, Conv2d filter) => Parameters(input, filter, new Flatten());

    private static string Thousands(long value) => Summaries.Thousands(value);
}
