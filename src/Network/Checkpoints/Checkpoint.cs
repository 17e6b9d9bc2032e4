using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace GpuCnn;

/// <summary>A training's state in a file, with notes of whoever wrote it. The file is safetensors; docs/checkpoints.md describes it.</summary>
/// <param name="State">The state.</param>
/// <param name="Notes">Names and texts of the caller's, such as a program's version or its arguments.</param>
public sealed record Checkpoint(TrainingState State, IReadOnlyDictionary<string, string> Notes)
{
    private const string Format = "gpucnn checkpoint", Version = "1";

    private const string FormatKey = "format", VersionKey = "format_version", StateKey = "state", ChecksumKey = "checksum", NotePrefix = "note.";

    private const string WeightsPrefix = "weights/", FirstPrefix = "first_moments/", SecondPrefix = "second_moments/", LossesName = "step_losses";

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
        WeightTensor[] losses = State.StepLosses.Count == 0 ? [] : [new WeightTensor(LossesName, [State.StepLosses.Count], [.. State.StepLosses])];
        var content = new SafetensorsContent([.. Named(WeightsPrefix, State.Weights), .. Named(FirstPrefix, State.FirstMoments), .. Named(SecondPrefix, State.SecondMoments), .. losses], metadata);
        metadata[ChecksumKey] = Checksum(content);
        SafetensorsFile.Save(path, content);
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
        if (content.Metadata.GetValueOrDefault(VersionKey) is var version && version != Version)
        {
            throw new InvalidFileException(path, $"it has version {version} of the format, this program reads {Version}; take the program that wrote it");
        }
        if (content.Metadata.GetValueOrDefault(ChecksumKey) != Checksum(content))
        {
            throw new InvalidFileException(path, "its checksum is wrong: it is damaged");
        }
        return new Checkpoint(Read(path, content), content.Metadata.Where(pair => pair.Key.StartsWith(NotePrefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[NotePrefix.Length..], pair => pair.Value));
    }

    private static TrainingState Read(string path, SafetensorsContent content)
    {
        CheckpointDocument document;
        try
        {
            document = JsonSerializer.Deserialize(content.Metadata.GetValueOrDefault(StateKey) ?? "null", CheckpointJson.Default.CheckpointDocument) ?? throw new JsonException("null");
            document.Options.Validate();
        }
        catch (Exception exception) when (exception is JsonException or OptionException)
        {
            throw new InvalidFileException(path, "its state is not the JSON it should be", exception);
        }
        float[] losses = content.Tensors.FirstOrDefault(tensor => tensor.Name == LossesName)?.Values ?? [];
        return losses.Length == document.Step
            ? new TrainingState(Under(WeightsPrefix, content), Under(FirstPrefix, content), Under(SecondPrefix, content))
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

    private static IEnumerable<WeightTensor> Named(string prefix, IReadOnlyList<WeightTensor> tensors) => tensors.Select(tensor => tensor with { Name = prefix + tensor.Name });

    private static WeightTensor[] Under(string prefix, SafetensorsContent content) =>
        [.. content.Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(tensor => tensor with { Name = tensor.Name[prefix.Length..] })];

    /// <summary>XXH128 of everything else: it finds accidents, not forgers, at the speed of memory.</summary>
    private static string Checksum(SafetensorsContent content)
    {
        var hash = new XxHash128();
        void Add(string text) => hash.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{text.Length}:{text}")));
        foreach ((string name, string text) in content.Metadata.Where(pair => pair.Key != ChecksumKey).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Add(name);
            Add(text);
        }
        foreach (WeightTensor tensor in content.Sorted())
        {
            Add(tensor.Name);
            Add(WeightTensor.Format(tensor.Shape));
            hash.Append(MemoryMarshal.AsBytes<float>(tensor.Values));
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
