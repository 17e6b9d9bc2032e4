using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace GpuCnn;

/// <summary>Weights files: safetensors, which PyTorch and most other tools read.</summary>
/// <remarks>Eight bytes of header length (little endian), a JSON header of names, types, shapes and offsets, then the elements. Written strictly: names sorted,
/// offsets without gaps, the header padded with spaces to a multiple of 8 bytes. Read leniently, any order and with metadata, but nothing in a file
/// is believed before it is checked against the file's length.</remarks>
public static class WeightsFile
{
    /// <summary>The largest header that is read, in bytes; that of a model with a hundred layers has some 20,000.</summary>
    private const int LargestHeader = 16 << 20;

    private const int MostTensors = 100_000;

    /// <summary>Writes tensors to a file, which is replaced only when all is on the disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors, in any order, each name once.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static void Save(string path, IReadOnlyList<WeightTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        WeightTensor[] sorted = [.. tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        byte[] header = Header(sorted);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (WeightTensor tensor in sorted)
            {
                stream.Write(MemoryMarshal.AsBytes<float>(tensor.Values));
            }
        });
    }

    /// <summary>Reads all tensors of a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensors, in the order of their names.</returns>
    /// <exception cref="InvalidFileException">The file is missing, unreadable, not safetensors, damaged, or has elements that are not finite F32.</exception>
    public static IReadOnlyList<WeightTensor> Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Read(path, stream);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidFileException(path, "there is no such file", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidFileException(path, $"it cannot be read ({exception.Message.Split('\n')[0]})", exception);
        }
    }

    private static byte[] Header(WeightTensor[] sorted)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            long offset = 0;
            json.WriteStartObject();
            foreach (WeightTensor tensor in sorted)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (int size in tensor.Shape)
                {
                    json.WriteNumberValue(size);
                }
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Values.LongLength * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }
        return buffer.ToArray();
    }

    private static List<WeightTensor> Read(string path, FileStream stream)
    {
        long fileLength = stream.Length;
        Span<byte> eight = stackalloc byte[8];
        if (fileLength < 10)
        {
            throw new InvalidFileException(path, $"it has {fileLength} bytes, too few for a safetensors file");
        }
        stream.ReadExactly(eight);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(eight);
        if (headerLength > (ulong)(fileLength - 8) || headerLength > LargestHeader)
        {
            throw new InvalidFileException(path, $"it claims a header of {headerLength} bytes, but has {fileLength} in all (at most {LargestHeader} are read); it is damaged or not safetensors");
        }
        var header = new byte[headerLength];
        stream.ReadExactly(header);
        List<Entry> entries = Parse(path, header, fileLength - 8 - (long)headerLength);
        var tensors = new List<WeightTensor>(entries.Count);
        foreach (Entry entry in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var values = new float[(entry.End - entry.Start) / sizeof(float)];
            stream.Position = 8 + (long)headerLength + entry.Start;
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            int bad = Array.FindIndex(values, value => !float.IsFinite(value));
            if (bad >= 0)
            {
                throw new InvalidFileException(path, $"tensor '{entry.Name}' has {values[bad]} at element {bad}; weights must be finite");
            }
            tensors.Add(new WeightTensor(entry.Name, entry.Shape, values));
        }
        return tensors;
    }

    private readonly record struct Entry(string Name, int[] Shape, long Start, long End);

    private static List<Entry> Parse(string path, byte[] header, long dataLength)
    {
        InvalidFileException Damaged(string problem, Exception? inner = null) =>
            inner is null ? new(path, $"its safetensors header {problem}") : new(path, $"its safetensors header {problem}", inner);
        var entries = new List<Entry>();
        try
        {
            using JsonDocument document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
            var names = new HashSet<string>();
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                {
                    throw Damaged($"names '{Shorten(property.Name)}' twice");
                }
                if (property.Name == "__metadata__")
                {
                    continue;
                }
                if (entries.Count == MostTensors)
                {
                    throw Damaged($"names more than {MostTensors} tensors");
                }
                entries.Add(ParseEntry(property, dataLength, Damaged));
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw Damaged("is not the JSON it should be", exception);
        }
        if (entries.Count == 0)
        {
            throw new InvalidFileException(path, "it has no tensors");
        }
        long covered = 0;
        foreach (Entry entry in entries.OrderBy(entry => entry.Start).ThenBy(entry => entry.End))
        {
            if (entry.Start != covered)
            {
                throw Damaged($"puts tensor '{Shorten(entry.Name)}' at byte {entry.Start}, where {(entry.Start < covered ? "another tensor lies" : $"a gap from byte {covered} ends")}");
            }
            covered = entry.End;
        }
        return covered == dataLength ? entries : throw new InvalidFileException(path, $"its tensors end at byte {covered} of {dataLength}; it is damaged");
    }

    private static Entry ParseEntry(JsonProperty property, long dataLength, Func<string, Exception?, InvalidFileException> damaged)
    {
        string name = Shorten(property.Name);
        string? type = property.Value.GetProperty("dtype").GetString();
        if (type != "F32")
        {
            throw damaged($"gives tensor '{name}' the type {Shorten(type ?? "null")}; only F32 is read", null);
        }
        JsonElement sizes = property.Value.GetProperty("shape"), offsets = property.Value.GetProperty("data_offsets");
        if (sizes.GetArrayLength() > 8 || offsets.GetArrayLength() != 2)
        {
            throw damaged($"gives tensor '{name}' {sizes.GetArrayLength()} dimensions and {offsets.GetArrayLength()} offsets", null);
        }
        var shape = new int[sizes.GetArrayLength()];
        Int128 count = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            if (!sizes[i].TryGetInt32(out shape[i]) || shape[i] < 1)
            {
                throw damaged($"gives tensor '{name}' a dimension of {Shorten(sizes[i].GetRawText())}", null);
            }
            count *= shape[i];
            if (count > dataLength)
            {
                throw damaged($"gives tensor '{name}' more elements than the file has bytes", null);
            }
        }
        return offsets[0].TryGetInt64(out long start) && offsets[1].TryGetInt64(out long end) && start >= 0 && end >= start && end <= dataLength
            ? end - start == count * sizeof(float)
                ? new Entry(property.Name, shape, start, end)
                : throw damaged($"gives tensor '{name}' {end - start} bytes for {count} elements", null)
            : throw damaged($"puts tensor '{name}' at bytes {Shorten(offsets[0].GetRawText())} to {Shorten(offsets[1].GetRawText())} of {dataLength}", null);
    }

    /// <summary>What a file says goes into messages only shortened, and on one line.</summary>
    private static string Shorten(string text)
    {
        string line = new([.. text.Take(60).Select(c => char.IsControl(c) ? '?' : c)]);
        return text.Length > 60 ? line + "..." : line;
    }
}
