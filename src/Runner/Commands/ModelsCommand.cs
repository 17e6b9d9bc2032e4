using System.CommandLine;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>models</c>: the configurations, layer by layer.</summary>
internal sealed class ModelsCommand
{
    private static readonly Argument<string?> Name = new("name")
    {
        Description = "Only this model, as --model does: a name, or a .json file that describes one",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<int> BatchSize = Flag.Number("--batch-size", TrainingOption.Named("batch_size").Range, "Images of a training step, for its memory", new TrainingOptions().BatchSize);

    private static readonly Option<string?> Diagram = Flag.Text("--diagram", "FILE.svg", "Write a drawing of the model, which must be named");

    private static readonly Option<bool> Schema = Flag.Switch("--schema", "Write the JSON schema of models' descriptions instead, with which editors check them");

    private readonly Host host;

    public ModelsCommand(Host host)
    {
        this.host = host;
        Command = new Command("models", "Shows the models layer by layer: output shape, parameters, multiply-adds for one image, memory.");
        Command.Arguments.Add(Name);
        Command.Options.Add(CommonOptions.Model);
        Command.Options.Add(BatchSize);
        Command.Options.Add(Diagram);
        Command.Options.Add(Schema);
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        if (parsed.GetValue(Schema))
        {
            host.Out.Write(ModelSchema.Text);
            return ExitCode.Done;
        }
        var output = new Output(host, parsed);
        string? name = parsed.GetValue(Name), diagram = parsed.GetValue(Diagram);
        ModelDefinition? one = parsed.GetValue(CommonOptions.Model);
        if (name is not null)
        {
            one = one is null ? CommonOptions.FindModel(name) : throw new OptionException("--model", $"'{name}' names a model already; give one of the two");
        }
        if (diagram is not null)
        {
            WriteDiagram(diagram, one ?? throw new OptionException("--diagram", $"name the model to draw: {string.Join(", ", ModelZoo.All.Select(each => each.Name))}"), output);
        }
        int? batchSize = parsed.IsGiven(BatchSize) ? parsed.GetValue(BatchSize) : null;
        (ModelDefinition Model, ModelMemory Memory)[] models = [.. (one is null ? ModelZoo.All : [one]).Select(model => (model, ModelMemory.Of(model, batchSize ?? model.Recipe.BatchSize)))];
        output.Result([.. models.Select(each => ModelOverviewDocument.Of(each.Model, each.Memory))], Documents.Default.IReadOnlyListModelOverviewDocument,
            string.Join('\n', models.Select(each => Describe(each.Model, each.Memory, host.LineWidth))));
        return ExitCode.Done;
    }

    private static void WriteDiagram(string path, ModelDefinition model, Output output)
    {
        OutputFile.Check(path, ".svg");
        OutputFile.Write(path, ModelDiagram.Draw(model));
        output.Talk.WriteLine($"diagram of {model.Name}: {path}\n");
    }

    private static string Describe(ModelDefinition model, ModelMemory memory, int width)
    {
        IEnumerable<string[]> layers = model.Nodes.Zip(memory.Layers, (layer, bytes) => (string[])[layer.Name, layer.Layer.Description, layer.Output.ToString(),
            Number(layer.ParameterCount), Number(layer.MultiplyAdds), Bytes(bytes.WeightBytes), Bytes(bytes.ActivationBytes), Bytes(bytes.TrainingBytes)]);
        return $"{model.Name}: input {model.Input}, {model.Classes} classes, {model.Epochs} epochs, batches of {memory.BatchSize}\n"
            + (model.RecipeFlags.Length == 0 ? "" : TextTable.Pairs(width, ("recipe", model.RecipeFlags))) + TextTable.Format(
            ["layer", "settings", ">output", ">parameters", ">multiply-adds", ">weights", ">an image", ">training"],
            [
                ["input", "", model.Input.ToString(), "", "", "", Bytes(memory.Input.ActivationBytes), Bytes(memory.Input.TrainingBytes)],
                .. layers,
                ["total", "", "", Number(model.ParameterCount), Number(model.MultiplyAdds),
                    Bytes(memory.WeightBytes), Bytes(memory.ActivationBytes), Bytes(memory.TrainingBytes)],
            ], width);
    }

    private static string Number(long value) => value == 0 ? "" : Summaries.Thousands(value);

    private static string Bytes(long value) => value == 0 ? "" : Summaries.Bytes(value);
}
