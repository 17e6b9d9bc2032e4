using System.Globalization;
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
            using JsonDocument args = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "args.json")));
            return new RunNotes([.. args.RootElement.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, Text(member.Value)))],
                ReadEpochs(Path.Combine(folder, "results.csv")));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException)
        {
            return None;
        }
    }

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? string.Join("; ", value.EnumerateArray().Select(Text)) : value.ToString();

    private static List<EpochDocument> ReadEpochs(string path)
    {
        // The run may still be under way and have the file open.
        using var reader = new StreamReader(SharedFile.OpenRead(path));
        var rows = new List<EpochDocument>();
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split(',');
            double? Or(int column) => cells[column].Length == 0 ? null : Number(column);
            double Number(int column) => double.Parse(cells[column], CultureInfo.InvariantCulture);
            if (cells.Length < 8)
            {
                throw new FormatException($"{path}: row {rows.Count + 1} has {cells.Length} cells");
            }
            rows.Add(new EpochDocument(int.Parse(cells[0], CultureInfo.InvariantCulture), Number(1), Number(2), Or(3), Or(4), Number(5), Number(6), Number(7)));
        }
        return rows;
    }
}
