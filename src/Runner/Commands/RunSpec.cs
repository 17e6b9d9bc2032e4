using System.CommandLine;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary>A run as values: which model is trained how, on which data, from which weights, and where.</summary>
/// <param name="Model">The model, fitted to the data.</param>
/// <param name="Options">How it is trained.</param>
/// <param name="Data">Where the images are.</param>
/// <param name="Weights">The file of the first weights, as a whole path; null for random ones.</param>
/// <param name="Accelerator">Where it is computed.</param>
/// <param name="Threads">Threads of the CPU accelerator; 0 for all.</param>
/// <param name="CheckpointEvery">Steps between two checkpoints within an epoch; 0 for none.</param>
internal sealed record RunSpec(ModelDefinition Model, TrainingOptions Options, DataFolder Data, string? Weights, AcceleratorChoice Accelerator, int Threads, int CheckpointEvery)
{
    /// <summary>Fingerprints that the images must have; null where any will do.</summary>
    public string? TrainFingerprint { get; init; }

    /// <inheritdoc cref="TrainFingerprint"/>
    public string? TestFingerprint { get; init; }

    /// <summary>Reads a new run from a command line of <c>train</c> or <c>lr-find</c>.</summary>
    /// <exception cref="OptionException">An option is out of range or fits no other.</exception>
    /// <exception cref="InvalidFileException">The weights or the folder of the data cannot be used.</exception>
    public static RunSpec Of(ParseResult parsed)
    {
        ModelDefinition? model = parsed.GetValue(CommonOptions.Model);
        string? weights = parsed.GetValue(TrainFlags.Weights);
        if (weights is not null)
        {
            model = TrainedModel.Load(weights, model).Model;
        }
        DataFolder data = DataFolder.Open(parsed.GetValue(CommonOptions.Data));
        model = weights is null ? Fit(parsed, model ?? ModelZoo.Cnn1, data) : model!;
        TrainingOptions options = TrainFlags.Over(model.Recipe, TrainFlags.Given(parsed, _ => true));
        options.Validate();
        return new RunSpec(model, options, data, weights is null ? null : Path.GetFullPath(weights), parsed.GetValue(CommonOptions.Accelerator),
            parsed.GetValue(CommonOptions.Threads), parsed.GetValue(TrainFlags.CheckpointEvery));
    }

    /// <summary>The run when it goes on from a checkpoint, which tells on which data it was computed.</summary>
    public RunSpec WithDataOf(Checkpoint past) => this with
    {
        TrainFingerprint = past.Notes.GetValueOrDefault(RunStore.TrainFingerprint) ?? TrainFingerprint,
        TestFingerprint = past.Notes.GetValueOrDefault(RunStore.TestFingerprint) ?? TestFingerprint,
    };

    /// <summary>A configuration that comes with the program takes whatever images and classes the data have; a described one says itself what it takes.</summary>
    private static ModelDefinition Fit(ParseResult parsed, ModelDefinition model, DataFolder data)
    {
        int? size = parsed.GetValue(TrainFlags.ImageSize);
        bool colour = parsed.GetValue(TrainFlags.Colour), described = !ModelZoo.All.Contains(model);
        if ((size is not null || colour) && (described || data.Shape is not null))
        {
            throw new OptionException(size is not null ? TrainFlags.ImageSize.Name : TrainFlags.Colour.Name,
                described ? $"model {model.Name} says itself that it takes images of {model.Input}; change its description"
                    : $"the images of {data.Path} are {data.Shape}, only pictures are brought to a size");
        }
        TensorShape shape = data.Shape ?? new TensorShape(colour ? 3 : model.Input.Channels, size ?? model.Input.Height, size ?? model.Input.Width);
        return described ? model : model.Fit(shape, data.ClassNames.Count);
    }
}
