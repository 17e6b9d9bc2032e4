using System.CommandLine;
using GpuCnn.Kernels;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>evaluate</c>: accuracy, loss, report and confusion matrix of a weights file.</summary>
internal sealed class EvaluateCommand
{
    private readonly Host host;

    public EvaluateCommand(Host host)
    {
        this.host = host;
        Command = new Command("evaluate", "Computes accuracy, loss, per-class figures and the confusion matrix of a weights file.");
        Command.Options.Add(CommonOptions.RequiredWeights);
        Command.Options.Add(CommonOptions.Model);
        Command.Options.Add(CommonOptions.Data);
        Command.Options.Add(CommonOptions.Split);
        Command.Options.Add(CommonOptions.Accelerator);
        Command.Options.Add(CommonOptions.Threads);
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        var output = new Output(host, parsed);
        string file = parsed.GetRequiredValue(CommonOptions.RequiredWeights)!;
        (ModelDefinition model, IReadOnlyList<WeightTensor> tensors) = Inputs.Weights(file, parsed.GetValue(CommonOptions.Model));
        string folder = FashionMnist.FindFolder(parsed.GetValue(CommonOptions.Data));
        DataSplit split = parsed.GetValue(CommonOptions.Split);
        Task<ImageSet> reading = Inputs.StartReading(folder, split);
        using Device device = AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));
        using var network = new Network(model, device, training: false);
        network.ImportWeights(tensors);
        ImageSet images = reading.GetAwaiter().GetResult();
        model.RequireFit(images);
        output.Talk.WriteLine(TextTable.Format(["model", Summaries.Of(model)],
            [["weights", file], ["accelerator", Summaries.Of(device)], ["data", $"{folder}, {split.ToString().ToLowerInvariant()} split"]]));
        EvaluationResult result = Evaluation.Run(network, images);
        output.Result(EvaluationDocument.Of(result), Documents.Default.EvaluationDocument, Summaries.Report(result));
        return ExitCode.Done;
    }
}
