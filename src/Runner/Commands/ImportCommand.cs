using System.CommandLine;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Import;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary><c>import</c>: a weights file of another program's.</summary>
internal sealed class ImportCommand
{
    private static readonly Argument<string> Source = new("file") { Description = "File of Keras (.h5, a whole model or weights alone) or PyTorch (.safetensors)" };

    private readonly Host host;

    public ImportCommand(Host host)
    {
        this.host = host;
        Command = new Command("import", "Makes a weights file of what Keras or PyTorch saved, with the layouts turned that differ.");
        Command.Arguments.Add(Source);
        foreach (Option option in (Option[])[ModelFileOptions.Output, CommonOptions.Model, ModelFileOptions.Classes])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        string source = parsed.GetRequiredValue(Source), path = parsed.GetRequiredValue(ModelFileOptions.Output)!;
        OutputFile.Check(path, ".safetensors");
        ModelDefinition? wanted = parsed.GetValue(CommonOptions.Model);
        TrainedModel model = Path.GetExtension(source).ToLowerInvariant() switch
        {
            ".h5" or ".hdf5" => KerasImport.Read(source, wanted),
            ".safetensors" => TrainedModel.Load(source, wanted),
            ".keras" => throw new InvalidFileException(source, "this format of Keras is not read; save the model with model.save(\"name.h5\")"),
            ".pt" or ".pth" => throw new InvalidFileException(source, "files of torch.save are not read; save with safetensors.torch.save_file(model.state_dict(), \"name.safetensors\")"),
            _ => throw new InvalidFileException(source, "it is not known what it is; give a file of Keras (.h5) or safetensors"),
        };
        model = ModelFileOptions.Named(model, parsed);
        OutputFile.Write(path, () => model.Save(path));
        new Output(host, parsed).Result(ModelFileDocument.Of(path, "safetensors", model), Documents.Default.ModelFileDocument, ModelFileOptions.Text(path, model));
        return ExitCode.Done;
    }
}
