using System.CommandLine;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Explain;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>explain</c>: the worked X/O example, an image's way through a trained model, or what the two questions before them are answered with.</summary>
internal sealed class ExplainCommand
{
    private static readonly Option<string?> Weights = Flag.Text("--weights", "FILE", "Weights file (safetensors) of a trained model to look into, instead of the X/O example");

    private static readonly Option<int> Index = Flag.Number("--index", new IntegerRange<int>(0, int.MaxValue), "Which image of the split, counted from 0", 0);

    private static readonly Option<string?> ImageFileName = Flag.Text("--image", "FILE", "An image file (PNG, JPEG) to run through the model, instead of an image of the data set");

    private static readonly Option<bool> Concepts = Flag.Switch("--concepts", "Explain how a computer reads a picture, and why its layers are not fully connected");

    private static readonly Option<string?> StepName = Flag.Text("--step", "STEP", "Show one step only: its number or its name");

    private static readonly Option<string?> OutputFile = Flag.Text("--output", "FILE", "Write a page (HTML) to this file instead of the terminal");

    private readonly Host host;

    public ExplainCommand(Host host)
    {
        this.host = host;
        Command = new Command("explain", "Shows every number from pixel to prediction: the worked X/O example, or with --weights a trained model.");
        Command.Options.Add(Weights);
        Command.Options.Add(Index);
        Command.Options.Add(CommonOptions.Split);
        Command.Options.Add(ImageFileName);
        Command.Options.Add(PictureArguments.Invert);
        Command.Options.Add(CommonOptions.Model);
        Command.Options.Add(Concepts);
        Command.Options.Add(StepName);
        Command.Options.Add(OutputFile);
        Command.Options.Add(CommonOptions.Data);
        Command.Options.Add(CommonOptions.Accelerator);
        Command.Options.Add(CommonOptions.Threads);
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        RequireFit(parsed);
        Explanation explanation = Explain(parsed);
        if (parsed.GetValue(StepName) is { } step)
        {
            explanation = explanation with { Steps = [Find(explanation.Steps, step)] };
        }
        var output = new Output(host, parsed);
        if (parsed.GetValue(OutputFile) is { } file)
        {
            Save(file, explanation);
            output.Talk.WriteLine($"wrote {file}");
        }
        if (output.Json)
        {
            output.Result(ExplanationDocument.Of(explanation), Documents.Default.ExplanationDocument, "");
        }
        else if (parsed.GetValue(OutputFile) is null)
        {
            new ExplanationView(host.Console(host.Out)).Write(explanation);
        }
        return ExitCode.Done;
    }

    /// <summary>Options of one kind of explanation are refused with another, where they would be without effect.</summary>
    private static void RequireFit(ParseResult parsed)
    {
        bool model = parsed.GetValue(Weights) is not null, concepts = parsed.GetValue(Concepts);
        if (model && concepts)
        {
            throw new OptionException("--concepts", "it explains no model: leave out --weights");
        }
        Option[] needless = model ? parsed.GetValue(ImageFileName) is null ? [PictureArguments.Invert] : [Index, CommonOptions.Split, CommonOptions.Data] : concepts ? [ImageFileName, PictureArguments.Invert, CommonOptions.Model, CommonOptions.Accelerator, CommonOptions.Threads] : [Index, CommonOptions.Split, ImageFileName, PictureArguments.Invert, CommonOptions.Model, CommonOptions.Data];
        if (needless.FirstOrDefault(parsed.IsGiven) is { } wrong)
        {
            if (wrong == PictureArguments.Invert && model)
            {
                throw new OptionException(wrong.Name, "images of the data set are as they are: give --image FILE too");
            }
            throw new OptionException(wrong.Name, concepts || model ? $"it has no effect with {(concepts ? Concepts.Name : ImageFileName.Name)}: leave it out" : "it has no effect on the X/O example: give --weights FILE too");
        }
    }

    private Explanation Explain(ParseResult parsed)
    {
        if (parsed.GetValue(Concepts))
        {
            (ImageSet example, string where) = Image(StartReading(parsed, ModelZoo.Cnn1.Input), parsed);
            return ConceptSteps.Of(example, where);
        }
        if (parsed.GetValue(Weights) is not { } file)
        {
            using Device device = Open(parsed);
            return WorkedExampleSteps.Of(WorkedExample.Run(device), device.Info.Id);
        }
        TrainedModel trained = TrainedModel.Load(file, parsed.GetValue(CommonOptions.Model));
        if (parsed.GetValue(ImageFileName) is { } path)
        {
            ImageSet own = Read(path, trained, parsed.GetValue(PictureArguments.Invert));
            using Device fileDevice = Open(parsed);
            return ModelSteps.Of(trained, fileDevice, own, path, label: null);
        }
        Task<ImageSet> reading = StartReading(parsed, trained.Model.Input);
        using Device modelDevice = Open(parsed);
        (ImageSet image, string source) = Image(reading, parsed);
        Inputs.RequireFit(trained.Model, image);
        return ModelSteps.Of(trained, modelDevice, image, source, image.ClassNames[image.Labels.Span[0]]);
    }

    private Task<ImageSet> StartReading(ParseResult parsed, TensorShape shape) =>
        Inputs.StartReading(host, DataFolder.Open(parsed.GetValue(CommonOptions.Data)), parsed.GetValue(CommonOptions.Split), shape);

    private static Device Open(ParseResult parsed) => AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));

    private static (ImageSet Image, string Source) Image(Task<ImageSet> reading, ParseResult parsed)
    {
        int index = parsed.GetValue(Index);
        ImageSet images = reading.GetAwaiter().GetResult();
        return index < images.Count
            ? (images.Slice(index, 1), $"image {index} of the {parsed.GetValue(CommonOptions.Split).ToString().ToLowerInvariant()} split")
            : throw OptionException.NotAllowed(Index.Name, $"at most {images.Count - 1}, the last image of the split", index);
    }

    private static ImageSet Read(string path, TrainedModel model, Inversion inversion)
    {
        (ImageSet? image, _, IReadOnlyList<InvalidFileException> damaged) = OwnPictures.Read([path], model, inversion);
        return image ?? throw damaged[0];
    }

    private static Step Find(IReadOnlyList<Step> steps, string wanted)
    {
        string names = string.Join(", ", steps.Select(step => step.Name));
        if (int.TryParse(wanted, out int number))
        {
            return number >= 1 && number <= steps.Count ? steps[number - 1] : throw new OptionException("--step", $"there is no step {wanted}: give 1 to {steps.Count}, or {names}");
        }
        return steps.FirstOrDefault(step => step.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase))
            ?? throw new OptionException("--step", $"there is no step '{wanted}': give 1 to {steps.Count}, or {names}");
    }

    private static void Save(string file, Explanation explanation)
    {
        try
        {
            ExplanationPage.Of(explanation).Save(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputPathException(file, $"cannot be written to: {exception.Message}", exception);
        }
    }
}
