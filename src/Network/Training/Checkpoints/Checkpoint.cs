using System.Text.Json;

namespace GpuCnn;

/// <summary>A training's state in a file, with notes of whoever wrote it. The file is safetensors; docs/checkpoints.md describes it.</summary>
/// <param name="State">The state.</param>
/// <param name="Notes">Names and texts of the caller's, such as a program's version or its arguments.</param>
internal sealed record Checkpoint(TrainingState State, IReadOnlyDictionary<string, string> Notes)
{
    private const string Format = "gpucnn checkpoint", Version = "2";

    /// <summary>The version before had fewer options, and none of them changes what it says.</summary>
    private const string VersionBefore = "1";

    private const string FormatKey = "format", VersionKey = "format_version", StateKey = "state", BestKey = "best_weights", NotePrefix = "note.";

    private const string BestName = "best", LossesName = "step_losses";

    /// <summary>The best weights so far, in any order; null when nobody has chosen any.</summary>
    /// <remarks>They are in the file once: when they are the state's weights or the average of these, it says so.</remarks>
    public IReadOnlyList<WeightTensor>? Best { get; init; }

    /// <summary>Writes the file, which is replaced only when all is on the disk.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public void Save(string path)
    {
        var metadata = new Dictionary<string, string>
        {
            [FormatKey] = Format,
            [VersionKey] = Version,
            [StateKey] = JsonSerializer.Serialize(CheckpointDocument.Of(State), CheckpointJson.Default.CheckpointDocument),
        };
        foreach ((string name, string text) in Notes)
        {
            metadata[NotePrefix + name] = text;
        }
        StateTensors? best = Best is null ? null : State.Parts.FirstOrDefault(part => part.Is(Best)) ?? new StateTensors(BestName, Best);
        if (best is not null)
        {
            metadata[BestKey] = $"{best.Name}/";
        }
        TensorContent[] losses = State.StepLosses.Count == 0 ? [] : [new TensorContent(LossesName, [State.StepLosses.Count], take => take([.. State.StepLosses]))];
        IEnumerable<StateTensors> parts = best?.Name == BestName ? State.Parts.Append(best) : State.Parts;
        SafetensorsFile.Save(path, [.. parts.SelectMany(part => part.Contents()), .. losses], metadata, withChecksum: true);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is missing, unreadable, damaged, no checkpoint, or of a later version.</exception>
    public static Checkpoint Load(string path)
    {
        SafetensorsContent content = SafetensorsFile.Load(path, FileLimits.CheckpointHeaderBytes);
        if (content.Metadata.GetValueOrDefault(FormatKey) != Format)
        {
            throw new InvalidFileException(path, "it is no checkpoint of a training; weights are given with --weights");
        }
        if (content.Metadata.GetValueOrDefault(VersionKey) is var version && version is not (Version or VersionBefore))
        {
            throw new InvalidFileException(path, $"it has version {version} of the format, this program reads {Version}; take the program that wrote it");
        }
        if (content.Metadata.GetValueOrDefault(ContentChecksum.Name) != ContentChecksum.Of(content))
        {
            throw new InvalidFileException(path, "its checksum is wrong: it is damaged");
        }
        TrainingState state = Read(path, content);
        return new Checkpoint(state, content.Metadata.Where(pair => pair.Key.StartsWith(NotePrefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[NotePrefix.Length..], pair => pair.Value))
        {
            Best = content.Metadata.GetValueOrDefault(BestKey) switch
            {
                null => null,
                $"{StateTensors.WeightsName}/" => state.Weights,
                $"{StateTensors.AverageName}/" => state.AveragedWeights,
                $"{BestName}/" => Under(BestName, content).InOrder,
                _ => throw new InvalidFileException(path, $"its {BestKey} are not in {StateTensors.WeightsName}/, {StateTensors.AverageName}/ or {BestName}/"),
            },
        };
    }

    private static TrainingState Read(string path, SafetensorsContent content)
    {
        CheckpointDocument document;
        try
        {
            document = JsonSerializer.Deserialize(content.Metadata.GetValueOrDefault(StateKey) ?? "null", CheckpointJson.Default.CheckpointDocument) ?? throw new JsonException("null");
            document.Options.Validate();
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new InvalidFileException(path, "its state is not the JSON it should be", exception);
        }
        float[] losses = content.Tensors.FirstOrDefault(tensor => tensor.Name == LossesName)?.Values ?? [];
        return losses.Length == document.Step
            ? new TrainingState([Under(StateTensors.WeightsName, content), .. document.Options.Optimizer.States.Select(state => Under(state.Name, content)), Under(StateTensors.AverageName, content)])
            {
                Options = document.Options,
                TrainingImages = document.TrainingImages,
                ValidationImages = document.ValidationImages,
                StepsOfEpoch = document.StepsOfEpoch,
                CorrectOfEpoch = document.CorrectOfEpoch,
                SecondsOfEpoch = document.SecondsOfEpoch,
                LearningRate = document.LearningRate,
                Rollbacks = document.Rollbacks,
                Epochs = document.Epochs,
                StepLosses = losses,
            }
            : throw new InvalidFileException(path, $"it has {losses.Length} losses for {document.Step} steps");
    }

    private static StateTensors Under(string name, SafetensorsContent content)
    {
        string prefix = $"{name}/";
        return new(name, [.. content.Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(tensor => tensor with { Name = tensor.Name[prefix.Length..] })]);
    }
}
