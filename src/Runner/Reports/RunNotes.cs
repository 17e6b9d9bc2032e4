using System.Text.Json;

namespace GpuCnn.Runner.Reports;

/// <summary>What a run folder tells of a training, for reports: its options and its epochs. What is missing or cannot be read is left out, for a report can do without.</summary>
/// <param name="Options">Names and values, as in args.json.</param>
/// <param name="Epochs">The rows of results.csv.</param>
internal sealed record RunNotes(IReadOnlyList<KeyValuePair<string, string>> Options, IReadOnlyList<EpochDocument> Epochs)
{
    /// <summary>Nothing is known.</summary>
    public static RunNotes None { get; } = new([], []);

    /// <summary>Reads the notes of the run that a weights file belongs to, if it lies in a run folder.</summary>
    /// <param name="weights">The weights file.</param>
    public static RunNotes OfWeights(string weights) =>
        Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(weights))) is { } folder ? Read(folder) : None;

    /// <summary>Reads the notes of a run.</summary>
    /// <param name="folder">The run folder.</param>
    public static RunNotes Read(string folder)
    {
        try
        {
            using JsonDocument args = JsonDocument.Parse(FileReader.ReadAll(Path.Combine(folder, RunFiles.Args), FileLimits.DocumentBytes), new JsonDocumentOptions { MaxDepth = FileLimits.JsonDepth });
            return new RunNotes([.. args.RootElement.EnumerateObject().Select(member => KeyValuePair.Create(PlainText.Of(member.Name), PlainText.Of(Text(member.Value))))],
                ReadEpochs(Path.Combine(folder, RunFiles.Results)));
        }
        catch (Exception exception) when (exception is InvalidFileException or IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return None;
        }
    }

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? string.Join("; ", value.EnumerateArray().Select(Text)) : value.ToString();

    private static List<EpochDocument> ReadEpochs(string path)
    {
        var rows = new List<EpochDocument>();
        new CsvTail(path, RunReader.ResultColumns).Read(cells =>
        {
            double Number(double? cell) => cell ?? throw new InvalidFileException(path, $"row {rows.Count + 1} has an empty cell");
            rows.Add(new EpochDocument((int)Number(cells[0]), Number(cells[1]), Number(cells[2]), cells[3], cells[4], Number(cells[5]), Number(cells[6]), Number(cells[7])));
        });
        return rows;
    }
}
