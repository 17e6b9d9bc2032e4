using System.Globalization;

namespace GpuCnn.Runner.Reports;

/// <summary>Results as text for people.</summary>
internal static class Summaries
{
    /// <summary>An evaluation in one line, without line feed.</summary>
    public static string Line(EvaluationResult result) =>
        string.Create(CultureInfo.InvariantCulture, $"accuracy {result.Accuracy:0.0000}  loss {result.Loss:0.0000}  {result.Samples} images");

    /// <summary>The options of a recipe that differ from the defaults, as a row of a heading.</summary>
    public static IEnumerable<(string Name, string Text)> Recipe(TrainingOptions options) =>
        TrainingOption.Flags(options) is { Length: > 0 } flags ? [("options", flags)] : [];

    /// <summary>Why a training ended early, as a line of a result.</summary>
    /// <param name="stop">Why.</param>
    /// <param name="epochs">The epochs it was to have.</param>
    public static string Line(EarlyStopDocument stop, int epochs) => string.Create(CultureInfo.InvariantCulture,
        $"stopped     after epoch {stop.Epoch} of {epochs}: best {PlainText.Beginning(stop.Metric, 40)} {stop.Best:0.0000} in epoch {stop.BestEpoch}, no better {(stop.MinChange > 0 ? $"by more than {stop.MinChange} " : "")}in the {stop.Epoch - stop.BestEpoch} epoch{(stop.Epoch - stop.BestEpoch == 1 ? "" : "s")} since\n");

    /// <summary>The figures that an evaluation begins with: two lines.</summary>
    public static string Headline(EvaluationDocument document) => string.Create(CultureInfo.InvariantCulture,
        $"accuracy {document.Accuracy:0.0000} (95 % interval {document.Interval[0]:0.0000} to {document.Interval[1]:0.0000}), top-2 accuracy {document.Top2Accuracy:0.0000}\nloss {document.Loss:0.0000}, {document.Samples} images\n");

    /// <summary>An evaluation in full, as plain text within 80 columns.</summary>
    public static string Report(EvaluationResult result)
    {
        var document = EvaluationDocument.Of(result);
        return $"{Headline(document)}\n{ClassificationReport.Format(result)}\n{ClassificationReport.FormatConfusionMatrix(result)}\n"
            + $"most confused\n{TextTable.Format(PairHeadings, document.MostConfused.Take(PairsShown).Select(Row))}\n"
            + $"highest losses\n{TextTable.Format(LossHeadings, document.TopLosses.Take(LossesShown).Select(Row))}";
    }

    /// <summary>How many confused pairs and high losses people are shown at a glance; files and documents have more.</summary>
    public const int PairsShown = 5, LossesShown = 10;

    /// <summary>Columns of the most confused pairs.</summary>
    public static IReadOnlyList<string> PairHeadings { get; } = ["true", "predicted", ">count", ">share of true"];

    /// <summary>Columns of the images with the highest losses.</summary>
    public static IReadOnlyList<string> LossHeadings { get; } = [">image", "true", "predicted", ">p(predicted)", ">p(true)", ">loss"];

    /// <summary>A confused pair's cells.</summary>
    public static string[] Row(ConfusedDocument pair) => [pair.True, pair.Predicted, Text(pair.Count), Text(pair.Share)];

    /// <summary>An image's cells.</summary>
    public static string[] Row(LossDocument image) =>
        [Text(image.Index), image.True, image.Predicted, Text(image.Probability), Text(image.TrueProbability), Text(image.Loss)];

    /// <summary>A share, probability or loss with four decimals.</summary>
    public static string Text(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    /// <summary>A count.</summary>
    public static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A learning rate in a few characters; one that falls to almost nothing keeps its figures.</summary>
    public static string Rate(double value) => value.ToString(value is >= 1e-5 or 0 ? "0.######" : "0.##E-0", CultureInfo.InvariantCulture);

    /// <summary>How a training's learning rate changes, as the rest of a list; nothing when it stays.</summary>
    public static string Course(TrainingOptions options) =>
        (options.Schedule is ConstantSchedule ? "" : $", {options.Schedule.Describe()}") + (options.WarmUp == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", warm-up {options.WarmUp} epochs"));

    /// <summary>A number with its thousands apart.</summary>
    public static string Thousands(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number of bytes in three or four figures.</summary>
    public static string Bytes(long value) => value switch
    {
        < 1 << 10 => string.Create(CultureInfo.InvariantCulture, $"{value} B"),
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{value / 1024.0:0.0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value / 1048576.0:0.0} MiB"),
    };

    /// <summary>A model in a few words.</summary>
    public static string Of(ModelDefinition model) => $"{model.Name}, {Thousands(model.ParameterCount)} parameters";

    /// <summary>A model as a table: a line for each layer that has parameters, with what follows it until the next.</summary>
    /// <param name="model">The model.</param>
    /// <param name="width">Columns of a line; where they are too few, the settings are left out.</param>
    public static string Layers(ModelDefinition model, int width)
    {
        var rows = new List<string[]>();
        foreach (LayerNode node in model.Nodes)
        {
            Layer layer = node.Layer;
            string words = layer is Conv2d or Dense or MaxPool2d or AveragePool2d or GlobalAveragePool ? layer.Description : $"{layer.Kind} {layer.Description}".TrimEnd();
            if (rows.Count == 0 || node.ParameterCount > 0 || layer is Residual)
            {
                rows.Add([node.Name, words, node.Output.ToString(), Thousands(node.ParameterCount)]);
            }
            else if (layer is not Flatten)
            {
                (rows[^1][1], rows[^1][2]) = ($"{rows[^1][1]}, {words}", node.Output.ToString());
            }
        }
        string table = TextTable.Format(["layer", "settings", ">output", ">parameters"], rows);
        return table.IndexOf('\n', StringComparison.Ordinal) < width ? table
            : TextTable.Format(["layer", ">output", ">parameters"], rows.Select(row => (string[])[row[0], row[2], row[3]]));
    }

    /// <summary>An accelerator in a few words.</summary>
    public static string Of(Device device) => $"{device.Info.Id}, {device.Info.Name}{(device.Info.Kind == AcceleratorKind.Cpu
        ? string.Create(CultureInfo.InvariantCulture, $", {device.Workers} workers") : "")}";
}
