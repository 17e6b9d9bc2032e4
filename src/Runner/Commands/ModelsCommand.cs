using System.CommandLine;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>models</c>: the configurations, layer by layer.</summary>
internal sealed class ModelsCommand
{
    private readonly Host host;

    public ModelsCommand(Host host)
    {
        this.host = host;
        Command = new Command("models", "Shows the models layer by layer: output shape, parameters, multiply-adds for one image.");
        Command.Options.Add(CommonOptions.Model);
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        IReadOnlyList<ModelDefinition> models = parsed.GetValue(CommonOptions.Model) is { } one ? [one] : ModelDefinition.All;
        new Output(host, parsed).Result([.. models.Select(ModelDocument.Of)], Documents.Default.IReadOnlyListModelDocument, string.Join('\n', models.Select(Describe)));
        return ExitCode.Done;
    }

    private static string Describe(ModelDefinition model) =>
        $"{model.Name}: input {model.Input}, {model.Classes} classes, {model.Epochs} epochs\n" + TextTable.Format(
            ["layer", "settings", ">output", ">parameters", ">multiply-adds"],
            [.. model.Summary.Select(layer => (string[])[layer.Name, layer.Description, layer.Output.ToString(), Summaries.Thousands(layer.Parameters), Summaries.Thousands(layer.MultiplyAdds)]),
                ["total", "", "", Summaries.Thousands(model.Parameters), Summaries.Thousands(model.Summary.Sum(layer => layer.MultiplyAdds))]]);
}
