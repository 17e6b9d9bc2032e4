using System.Globalization;

namespace GpuCnn.Runner.Explain;

/// <summary>An image's way through a trained model, as steps.</summary>
internal static class ModelSteps
{
    /// <summary>Filters that a terminal has room for.</summary>
    private const int OnTerminal = 6;

    /// <summary>Runs an image through a model.</summary>
    /// <param name="trained">The model with its weights.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="image">A set of this one image.</param>
    /// <param name="source">Where it comes from, for people.</param>
    /// <param name="label">Its true class; null when nobody knows.</param>
    public static Explanation Of(TrainedModel trained, Device device, ImageSet image, string source, string? label)
    {
        (ModelDefinition model, IReadOnlyList<WeightTensor> weights) = trained;
        using var classifier = new Classifier(trained, device, maxBatch: 512);
        Prediction prediction = classifier.Predict(image)[0];
        OcclusionMap occlusion = OcclusionMap.Of(classifier, image);
        using var inspector = new Inspector(model, weights, device);
        float[] pixels = [.. image.Pixels.ToArray().Select(pixel => pixel / 255f)];
        float[] planes = [.. Enumerable.Range(0, image.Shape.Channels).SelectMany(channel => pixels.Where((_, i) => i % image.Shape.Channels == channel))];
        IReadOnlyList<LayerOutput> outputs = inspector.Trace(planes);
        string said = image.ClassNames[prediction.Class];
        var steps = new List<Step> { Input(image, pixels, label) };
        if (Filters(model, weights) is { } filters)
        {
            steps.Add(filters);
        }
        steps.AddRange(new LayerSteps(model, weights, planes, outputs).All());
        steps.Add(Layers(outputs, prediction));
        steps.Add(Occlusion(occlusion, image, pixels, said));
        steps.Add(Probabilities(prediction, image.ClassNames, label));
        return new Explanation($"Why {model.Name} says: {said}", $"{source}, layer by layer through {model.Name}, computed on {device.Info.Id}.", steps);
    }

    private static Step Input(ImageSet image, float[] pixels, string? label) => new("input", "The input",
        new Prose(Invariant($"{image.Shape.Height} x {image.Shape.Width} pixels, {image.Shape.Channels} channel{(image.Shape.Channels == 1 ? "" : "s")}, {image.Shape.Count} numbers from 0 to 255, which the network gets divided by 255.{(label is null ? "" : $" Its label says: {label}.")}")),
        new Grids([Shades("the image", pixels, image.Shape)]),
        new Grids([Bytes("its numbers", image.Pixels, image.Shape)]));

    private static Step? Filters(ModelDefinition model, IReadOnlyList<WeightTensor> weights)
    {
        if (model.Nodes.FirstOrDefault(line => line.Layer is Conv2d) is not { } layer)
        {
            return null;
        }
        WeightTensor weight = weights.First(tensor => tensor.Name == $"{layer.Name}.weight");
        float[]? bias = weights.FirstOrDefault(tensor => tensor.Name == $"{layer.Name}.bias")?.Values;
        (int channels, int height, int width) = (weight.Shape[1], weight.Shape[2], weight.Shape[3]);
        double scale = weight.Values.Max(value => Math.Abs((double)value));
        IEnumerable<NumberGrid> grids = weight.Values.Chunk(height * width).Select((values, i) => NumberGrid.Of(
            Invariant($"filter {i / channels}{(channels == 1 ? "" : $", channel {i % channels}")}{(bias is null ? "" : Invariant($", bias {bias[i / channels]:0.00}"))}"), values.Chunk(width), NumberFormat.Rounded, scale));
        return new Step("filters", $"The filters of {layer.Name}",
            new Prose(Invariant($"What the first convolution has learned to look for: {weight.Shape[0]} features of {height} x {width} numbers. Positive weights want bright pixels, negative ones dark pixels.")),
            new Grids([.. grids], OnTerminal));
    }

    private static Step Layers(IReadOnlyList<LayerOutput> outputs, Prediction prediction)
    {
        double difference = outputs[^1].Values.Zip(prediction.Logits).Max(pair => Math.Abs((double)pair.First - pair.Second));
        return new Step("layers", "All layers",
            new Listing("What every layer gives", ["layer", "settings", ">output", ">least", ">mean", ">most", ">zeros"], [.. outputs.Select(Row)]) { Spare = 1 },
            new Prose(Invariant($"Here every layer ran by itself. The network proper does neighbouring layers in one operation and never stores what lies between them; its logits {(difference == 0 ? "are the same to the bit" : Invariant($"differ by at most {difference:0.0e+0}"))}.")));
    }

    private static Step Occlusion(OcclusionMap map, ImageSet image, float[] pixels, string said)
    {
        double most = map.Drop.Max(row => row.Max()), least = map.Drop.Min(row => row.Min()), scale = Math.Max(most, -least);
        int row = map.Drop.Select((values, y) => (Most: values.Max(), y)).MaxBy(each => each.Most).y;
        int column = map.Drop[row].Select((value, x) => (value, x)).MaxBy(each => each.value).x;
        return new Step("occlusion", "What the prediction rests on",
            new Prose(Invariant($"A grey patch of {map.Patch} x {map.Patch} pixels covers one part of the image after another, {image.Shape.Height * image.Shape.Width} times, and the probability of '{said}', {map.Probability:0.0000}, is computed anew. The map shows how much of it is lost with the patch centred on each pixel; what is won is in the other colour, or in digits.")),
            new Grids([Shades("the image", pixels, image.Shape), new NumberGrid("probability lost", map.Drop, NumberFormat.Colours, scale)]),
            new Prose(Invariant($"Most is lost at row {row + 1}, column {column + 1}: {most:0.0000}.{(least < -0.00005 ? Invariant($" Where covering helps most, {-least:0.0000} is won.") : "")}")),
            new Grids([new NumberGrid("probability lost, in percent points", [.. map.Drop.Select(values => values.Select(value => 100 * value).ToArray())], NumberFormat.Whole, 100 * scale)]));
    }

    private static Step Probabilities(Prediction prediction, IReadOnlyList<string> classNames, string? label)
    {
        string said = classNames[prediction.Class], truth = label is null ? "" : label == said ? ", and so it is" : $", but its label says {label}";
        return new Step("probabilities", "The probabilities",
            new Prose("Softmax turns the logits into probabilities: e to the power of each, divided by the sum of all."),
            new Bars("Probability of each class", [.. classNames.Select((name, i) => (name, prediction.Probabilities[i]))]),
            new Listing("Logits", ["class", ">logit", ">probability"],
                [.. classNames.Select((name, i) => (IReadOnlyList<string>)[name, Invariant($"{prediction.Logits[i]:0.00}"), Invariant($"{prediction.Probabilities[i]:0.0000}")])]),
            new Prose(Invariant($"The prediction: {said}, with probability {prediction.Probabilities[prediction.Class]:0.0000}{truth}.")));
    }

    /// <summary>The first channel as a picture.</summary>
    internal static NumberGrid Shades(string caption, float[] pixels, TensorShape shape) => NumberGrid.Of(caption,
        pixels.Where((_, i) => i % shape.Channels == 0).Chunk(shape.Width), NumberFormat.Shades);

    /// <summary>The first channel as numbers.</summary>
    internal static NumberGrid Bytes(string caption, ReadOnlyMemory<byte> pixels, TensorShape shape) => NumberGrid.Of(caption,
        pixels.ToArray().Where((_, i) => i % shape.Channels == 0).Select(pixel => (float)pixel).Chunk(shape.Width), NumberFormat.Whole, byte.MaxValue);

    private static string[] Row(LayerOutput output)
    {
        (string least, string mean, string most, string zeros) = LayerSteps.Statistics(output);
        return [output.Name, output.Description, output.Shape.ToString(), least, mean, most, zeros];
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
