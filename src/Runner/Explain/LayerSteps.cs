using System.Globalization;

namespace GpuCnn.Runner.Explain;

/// <summary>What the layers of a model made of an image, a step each.</summary>
/// <param name="model">The model.</param>
/// <param name="weights">Its weights.</param>
/// <param name="image">[channels, height, width], as the first layer gets it.</param>
/// <param name="outputs">What every layer gave, in the order of the model's summary.</param>
internal sealed class LayerSteps(ModelDefinition model, IReadOnlyList<WeightTensor> weights, float[] image, IReadOnlyList<LayerOutput> outputs)
{
    /// <summary>Maps that a terminal has room for.</summary>
    private const int OnTerminal = 6;

    /// <summary>Maps of a layer that a page shows; those of a wide layer are too many to look at.</summary>
    private const int OnPage = 12;

    /// <summary>A terminal shows so many layers one behind the other; of a deeper model those that are asked for.</summary>
    private const int Few = 12;

    private const string ShortcutWord = "shortcut.";

    /// <summary>The steps of all layers that give images of more than one pixel.</summary>
    public IReadOnlyList<Step> All()
    {
        int[] shown = [.. Enumerable.Range(0, outputs.Count).Where(layer => outputs[layer].Shape is not { Height: 1, Width: 1 })];
        return [.. shown.Select(layer => Of(layer) with { IsDetail = shown.Length > Few })];
    }

    /// <summary>Least, mean and most of a layer's numbers, and the share that is zero, for people.</summary>
    public static (string Least, string Mean, string Most, string Zeros) Statistics(LayerOutput output) => (Number(output.Values.Min()), Number(output.Values.Average(value => (double)value)),
        Number(output.Values.Max()), Invariant($"{100.0 * output.Values.Count(value => value == 0) / output.Values.Count:0.0} %"));

    private Step Of(int layer)
    {
        LayerOutput output = outputs[layer];
        int size = output.Shape.Height * output.Shape.Width;
        double scale = output.Values.Max(value => Math.Abs((double)value));
        int[] strongest = [.. Enumerable.Range(0, output.Shape.Channels).OrderByDescending(channel => output.Values.Skip(channel * size).Take(size).Sum(value => Math.Abs((double)value))).Take(OnPage)];
        (string least, string mean, string most, string zeros) = Statistics(output);
        string settings = Layer(layer) is BatchNorm ? "batch normalization" : output.Description;
        List<Block> blocks = [new Prose(Does(layer))];
        if (Layer(layer) is Residual)
        {
            blocks.Add(new Prose(Invariant($"Its strongest map, {strongest[0]}:")));
            blocks.Add(Sum(layer, strongest[0]));
        }
        blocks.Add(new Prose($"Numbers from {least} to {most}, {mean} on average, {zeros} of them zero. The {strongest.Length} strongest maps of {output.Shape.Channels}:"));
        blocks.Add(new Grids([.. strongest.Select(channel => Map(output, channel, Invariant($"map {channel}"), scale))], OnTerminal));
        if (Layer(layer) is BatchNorm norm)
        {
            blocks.Add(Normalization(output.Name, norm, strongest));
        }
        return new Step(output.Name, $"{output.Name}{(settings.Length > 0 ? $": {settings}" : "")}, gives {output.Shape}", blocks) { Link = output.Name };
    }

    /// <summary>What a layer does, in a sentence.</summary>
    private string Does(int layer)
    {
        LayerOutput input = Output(Reads(layer));
        return Layer(layer) switch
        {
            Conv2d conv => Invariant($"Each number is the sum of {conv.KernelHeight} x {conv.KernelWidth} x {input.Shape.Channels} products of a filter and what {input.Name} has around one place{(conv.Bias ? ", plus the filter's bias" : "")}."),
            BatchNorm => $"Each map of {input.Name}, minus its mean, divided by its deviation, times a weight, plus a bias: whatever comes in, what goes on is of like size.",
            ActivationLayer activation => Capital(activation.Explain(input.Name)),
            MaxPool2d pool => Invariant($"The largest number of each window of {pool.Window} x {pool.Window} of {input.Name}."),
            AveragePool2d pool => Invariant($"The average of each window of {pool.Window} x {pool.Window} of {input.Name}."),
            Dropout => $"The same as {input.Name}: numbers are dropped in training only.",
            Residual => $"{Capital(Output(Last(layer, "")).Name)} plus {Output(Other(layer)).Name}, number by number: the block's layers make no new image, they correct the one that goes past them.",
            _ => $"What it makes of {input.Name}.",
        };
    }

    /// <summary>One map of a block's layers, of what goes past them, and of the sum.</summary>
    private Grids Sum(int layer, int channel)
    {
        LayerOutput[] parts = [Output(Last(layer, "")), Output(Other(layer)), outputs[layer]];
        double scale = parts.Max(part => part.Map(channel).Max(row => row.Max(value => Math.Abs((double)value))));
        (string Caption, string? Sign)[] places = [("layers", null), (Last(layer, ShortcutWord) >= 0 ? "shortcut" : "input", "+"), ("sum", "=")];
        return new Grids([.. parts.Zip(places, (part, place) => Map(part, channel, place.Caption, scale) with { Sign = place.Sign })]);
    }

    /// <summary>A normalization's numbers for some maps.</summary>
    private Listing Normalization(string name, BatchNorm norm, IEnumerable<int> channels)
    {
        float[] Tensor(string which) => weights.First(tensor => tensor.Name == $"{name}.{which}").Values;
        (float[] weight, float[] bias, float[] mean, float[] variance) = (Tensor("weight"), Tensor("bias"), Tensor("running_mean"), Tensor("running_var"));
        return new Listing("Its numbers for these maps; mean and deviation are those of the training images", [">map", ">mean", ">deviation", ">weight", ">bias"],
            [.. channels.Select(channel => (IReadOnlyList<string>)[Invariant($"{channel}"), Number(mean[channel]), Number(Math.Sqrt(variance[channel] + norm.Epsilon)), Number(weight[channel]), Number(bias[channel])])]);
    }

    private Layer Layer(int layer) => model.Nodes[layer].Layer;

    /// <summary>What a layer gave; the image for -1.</summary>
    private LayerOutput Output(int layer) => layer < 0 ? new LayerOutput("the image", "", model.Input, image) : outputs[layer];

    /// <summary>The layer in front of a layer, whose output it reads; -1 for the image. Names tell: those of a block's layers begin with the block's.</summary>
    private int Reads(int layer)
    {
        string chain = Chain(layer);
        for (int i = layer - 1; i >= 0; i--)
        {
            if (Chain(i) == chain)
            {
                return i;
            }
        }
        // The first of a block's layers reads what the block does.
        return chain.Length == 0 ? -1 : Reads(IndexOf((chain.EndsWith($".{ShortcutWord}", StringComparison.Ordinal) ? chain[..^ShortcutWord.Length] : chain)[..^1]));
    }

    /// <summary>What is added to what a block's layers make: the shortcut, or what the block reads.</summary>
    private int Other(int block) => Last(block, ShortcutWord) is >= 0 and int shortcut ? shortcut : Reads(block);

    /// <summary>The last of a block's layers or of its shortcut's; -1 where there is none.</summary>
    private int Last(int block, string word) => Enumerable.Range(0, block).LastOrDefault(i => Chain(i) == $"{outputs[block].Name}.{word}", -1);

    /// <summary>A layer's name without its own part: empty outside of blocks.</summary>
    private string Chain(int layer) => outputs[layer].Name[..(outputs[layer].Name.LastIndexOf('.') + 1)];

    private int IndexOf(string name) => Enumerable.Range(0, outputs.Count).First(i => outputs[i].Name == name);

    private static NumberGrid Map(LayerOutput output, int channel, string caption, double scale) => NumberGrid.Of(caption, output.Map(channel), NumberFormat.Colours, scale);

    /// <summary>A sentence or its beginning; names of layers stay as they are there.</summary>
    private static string Capital(string text) => text.StartsWith("the image", StringComparison.Ordinal) ? $"T{text[1..]}" : text;

    private static string Number(double value) => Invariant($"{Math.Round(value, 3) + 0.0:0.000}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
