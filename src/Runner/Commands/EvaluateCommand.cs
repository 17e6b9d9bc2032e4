using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary><c>evaluate</c>: accuracy, loss, report and confusion matrix of a weights file.</summary>
internal sealed class EvaluateCommand
{
    private static readonly Option<string?> Folder =
        Flag.Text("--output", "DIR", "Folder, new or empty, for tables, pictures and report.html [default: nothing is written]");

    private static readonly Option<double?> MinAccuracy = Flag.OptionalNumber<double>("--min-accuracy", new NumberRange(0, 1),
        "Exit with code 1 when the accuracy is lower");

    private readonly Host host;

    public EvaluateCommand(Host host)
    {
        this.host = host;
        Command = new Command("evaluate", "Computes accuracy, loss, per-class figures and the confusion matrix of a weights file.");
        Command.Options.Add(CommonOptions.RequiredWeights);
        Command.Options.Add(CommonOptions.Model);
        Command.Options.Add(CommonOptions.Data);
        Command.Options.Add(CommonOptions.Split);
        Command.Options.Add(Folder);
        Command.Options.Add(MinAccuracy);
        Command.Options.Add(CommonOptions.Accelerator);
        Command.Options.Add(CommonOptions.Threads);
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        var output = new Output(host, parsed);
        string? wanted = parsed.GetValue(Folder);
        if (wanted is not null)
        {
            RunFolder.Check(wanted);
        }
        string file = parsed.GetRequiredValue(CommonOptions.RequiredWeights)!;
        TrainedModel trained = TrainedModel.Load(file, parsed.GetValue(CommonOptions.Model));
        ModelDefinition model = trained.Model;
        DataFolder data = DataFolder.Open(parsed.GetValue(CommonOptions.Data));
        DataSplit split = parsed.GetValue(CommonOptions.Split);
        Task<ImageSet> reading = Inputs.StartReading(host, data, split, model.Input);
        using Device device = AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));
        using var classifier = new Classifier(trained, device, maxBatch: 512);
        ImageSet images = reading.GetAwaiter().GetResult();
        Inputs.RequireFit(model, images);
        Inputs.CompareClasses(host, trained, images);
        output.Talk.WriteLine(TextTable.Format(["model", Summaries.Of(model)],
            [["weights", file], ["accelerator", Summaries.Of(device)], ["data", $"{data.Path}, {split.ToString().ToLowerInvariant()} split"]]));
        EvaluationResult result = classifier.Evaluate(images);
        output.Result(EvaluationDocument.Of(result), Documents.Default.EvaluationDocument, Summaries.Report(result), console => EvaluationView.Write(console, result));
        if (wanted is not null)
        {
            RunFolder.CreateEmpty(wanted);
            string title = $"{model.Name} on the {split.ToString().ToLowerInvariant()} split";
            IReadOnlyList<string> written = EvaluationFiles.Write(wanted, new EvaluatedModel(result, images, title, RunNotes.OfWeights(file)));
            output.Talk.WriteLine($"\nwritten      {string.Join("\n             ", written)}");
        }
        return Judge(result.Accuracy, parsed.GetValue(MinAccuracy));
    }

    private int Judge(double accuracy, double? least)
    {
        // Not "accuracy < least", so that NaN would fail too.
        if (least is null || accuracy >= least)
        {
            return ExitCode.Done;
        }
        host.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"gpucnn: the accuracy {accuracy} is below the {least} that --min-accuracy asks for"));
        return ExitCode.Failed;
    }
}
