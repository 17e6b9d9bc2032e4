using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>predict</c>: classes and probabilities of image files, or of images of the data set.</summary>
internal sealed class PredictCommand
{
    private static readonly Option<int> Count = Flag.Number("--count", new IntegerRange<int>(1, int.MaxValue),
        "How many images, from the start of the split", 10);

    private static readonly Argument<string[]> Pictures = PictureArguments.Declare("Image files, or folders of them (PNG, JPEG), of any size; - reads a list of them from standard input [default: images of the data set]");

    private readonly Host host;

    public PredictCommand(Host host)
    {
        this.host = host;
        Command = new Command("predict", "Says the class of image files, or of images of the data set, with its probability.");
        Command.Arguments.Add(Pictures);
        foreach (Option option in (Option[])[CommonOptions.RequiredWeights, CommonOptions.Model, PictureArguments.Invert, CommonOptions.Data, CommonOptions.Split, Count,
            CommonOptions.Accelerator, CommonOptions.Threads])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        bool given = parsed.GetValue(Pictures) is { Length: > 0 };
        Option[] needless = given ? [CommonOptions.Data, CommonOptions.Split, Count] : [PictureArguments.Invert];
        if (needless.FirstOrDefault(parsed.IsGiven) is { } wrong)
        {
            throw new OptionException(wrong.Name, given ? "it chooses from the data set; files are taken as given" : "images of the data set are as they are: name image files too");
        }
        TrainedModel trained = TrainedModel.Load(parsed.GetRequiredValue(CommonOptions.RequiredWeights)!, parsed.GetValue(CommonOptions.Model));
        return given ? FromFiles(parsed, trained, PictureArguments.Expand(host, parsed.GetValue(Pictures)!)) : FromSplit(parsed, trained);
    }

    private int FromFiles(ParseResult parsed, TrainedModel trained, IReadOnlyList<string> files)
    {
        using Device device = AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));
        using var classifier = new Classifier(trained, device, Math.Clamp(files.Count, 1, PictureArguments.AtOnce));
        var documents = new List<PredictionDocument>();
        int damaged = 0;
        foreach (string[] part in files.Chunk(PictureArguments.AtOnce))
        {
            (ImageSet? images, IReadOnlyList<string> read, IReadOnlyList<InvalidFileException> problems) = OwnPictures.Read(part, trained, parsed.GetValue(PictureArguments.Invert));
            foreach (InvalidFileException problem in problems)
            {
                host.Error.WriteLine($"gpucnn: {problem.Message}");
            }
            damaged += problems.Count;
            if (images is not null)
            {
                documents.AddRange(classifier.Predict(images).Select(each =>
                    new PredictionDocument(read[each.Index], null, each.Class, images.ClassNames[each.Class], each.Probabilities, each.Logits)));
            }
        }
        new Output(host, parsed).Result(documents, Documents.Default.IReadOnlyListPredictionDocument, TextTable.Format(["file", ">probability", "label"],
            documents.Select(each => (string[])[each.File!, Probability(each.Probabilities[each.Class]), each.Label])));
        return damaged == 0 ? ExitCode.Done : ExitCode.BadInput;
    }

    private int FromSplit(ParseResult parsed, TrainedModel trained)
    {
        ModelDefinition model = trained.Model;
        Task<ImageSet> reading = Inputs.StartReading(host, DataFolder.Open(parsed.GetValue(CommonOptions.Data)), parsed.GetValue(CommonOptions.Split), model.Input);
        int count = parsed.GetValue(Count);
        using Device device = AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));
        using var classifier = new Classifier(trained, device, Math.Min(count, PictureArguments.AtOnce));
        ImageSet all = reading.GetAwaiter().GetResult();
        if (count > all.Count)
        {
            throw OptionException.NotAllowed(Count.Name, $"at most the {all.Count} images of the split", count);
        }
        ImageSet images = all.Slice(0, count);
        Inputs.RequireFit(model, images);
        Inputs.CompareClasses(host, trained, images);
        IReadOnlyList<string> names = trained.ClassNames ?? images.ClassNames;
        IReadOnlyList<Prediction> predictions = classifier.Predict(images);
        new Output(host, parsed).Result(
            [.. predictions.Select(each => new PredictionDocument(null, each.Index, each.Class, names[each.Class], each.Probabilities, each.Logits))],
            Documents.Default.IReadOnlyListPredictionDocument,
            TextTable.Format([">image", ">probability", "label", "true label"], predictions.Select(each => Row(each, images, names))));
        return ExitCode.Done;
    }

    private static string[] Row(Prediction prediction, ImageSet images, IReadOnlyList<string> names)
    {
        byte label = images.Labels.Span[prediction.Index];
        return [prediction.Index.ToString(CultureInfo.InvariantCulture), Probability(prediction.Probabilities[prediction.Class]),
            names[prediction.Class], label == prediction.Class ? images.ClassNames[label] : $"{images.ClassNames[label]} (wrong)"];
    }

    private static string Probability(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
