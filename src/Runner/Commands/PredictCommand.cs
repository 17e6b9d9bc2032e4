using System.CommandLine;
using System.Globalization;
using GpuCnn.Kernels;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>predict</c>: classes and probabilities of images of the data set.</summary>
internal sealed class PredictCommand
{
    private static readonly OptionRule<int> CountRule = new("--count", "1 or more", value => value >= 1);

    private static readonly Option<int> Count = Flag.Number(CountRule, "How many images, from the start of the split", 10);

    private readonly Host host;

    public PredictCommand(Host host)
    {
        this.host = host;
        Command = new Command("predict", "Says the class of images of the data set, with its probability.");
        Command.Options.Add(CommonOptions.RequiredWeights);
        Command.Options.Add(CommonOptions.Model);
        Command.Options.Add(CommonOptions.Data);
        Command.Options.Add(CommonOptions.Split);
        Command.Options.Add(Count);
        Command.Options.Add(CommonOptions.Accelerator);
        Command.Options.Add(CommonOptions.Threads);
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        TrainedModel trained = TrainedModel.Load(parsed.GetRequiredValue(CommonOptions.RequiredWeights)!, parsed.GetValue(CommonOptions.Model));
        (ModelDefinition model, IReadOnlyList<WeightTensor> tensors) = trained;
        Task<ImageSet> reading = Inputs.StartReading(FashionMnist.FindFolder(parsed.GetValue(CommonOptions.Data)), parsed.GetValue(CommonOptions.Split));
        int count = parsed.GetValue(Count);
        using Device device = AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));
        using var network = new Network(model, device, Math.Min(count, 512), training: false);
        network.ImportWeights(tensors);
        ImageSet all = reading.GetAwaiter().GetResult();
        if (count > all.Count)
        {
            throw CountRule.Refuse(count, $"at most the {all.Count} images of the split");
        }
        ImageSet images = all.Slice(0, count);
        model.RequireFit(images);
        Inputs.CompareClasses(host, trained, images);
        IReadOnlyList<string> names = trained.ClassNames ?? images.ClassNames;
        IReadOnlyList<Prediction> predictions = Evaluation.Predict(network, images);
        new Output(host, parsed).Result(
            [.. predictions.Select(each => new PredictionDocument(each.Index, each.Class, names[each.Class], each.Probabilities, each.Logits))],
            Documents.Default.IReadOnlyListPredictionDocument,
            TextTable.Format([">image", ">probability", "label", "true label"], predictions.Select(each => Row(each, images, names))));
        return ExitCode.Done;
    }

    private static string[] Row(Prediction prediction, ImageSet images, IReadOnlyList<string> names)
    {
        byte label = images.Labels.Span[prediction.Index];
        return [prediction.Index.ToString(CultureInfo.InvariantCulture), prediction.Probabilities[prediction.Class].ToString("0.0000", CultureInfo.InvariantCulture),
            names[prediction.Class], label == prediction.Class ? images.ClassNames[label] : $"{images.ClassNames[label]} (wrong)"];
    }
}
