using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace GpuCnn;

/// <summary>Files of named tensors with a little text: safetensors, the format of weights files and of checkpoints.</summary>
/// <remarks>Eight bytes of header length (little endian), a JSON header of names, types, shapes and offsets, then the elements. Written strictly: names sorted,
/// offsets without gaps, the header padded with spaces to a multiple of 8 bytes. Read leniently, in any order, but nothing in a file
/// is believed before it is checked against the file's length.</remarks>
internal static class SafetensorsFile
{
    /// <summary>The most tensors that are read.</summary>
    public const int MostTensors = FileLimits.Tensors;

    private const string MetadataName = "__metadata__";

    /// <summary>Writes a file, which is replaced only when all is on the disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Tensors, each name once, and metadata, both in any order.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static void Save(string path, SafetensorsContent content) => Save(path, content.Tensors.Select(TensorContent.Of), content.Metadata);

    /// <summary>Writes a file, which is replaced only when all is on the disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Tensors, each name once, in any order.</param>
    /// <param name="metadata">Names and texts, in any order.</param>
    /// <param name="withChecksum">Whether a <see cref="ContentChecksum"/> joins the metadata.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static void Save(string path, IEnumerable<TensorContent> tensors, IReadOnlyDictionary<string, string> metadata, bool withChecksum = false)
    {
        TensorContent[] sorted = [.. tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        byte[] header = Header(sorted, withChecksum ? new Dictionary<string, string>(metadata) { [ContentChecksum.Name] = ContentChecksum.Unknown } : metadata);
        AtomicFile.Write(path, stream =>
        {
            ContentChecksum? checksum = withChecksum ? new ContentChecksum(metadata) : null;
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (TensorContent tensor in sorted)
            {
                checksum?.Begin(tensor.Name, tensor.Shape);
                tensor.Give(elements =>
                {
                    checksum?.Add(elements);
                    stream.Write(MemoryMarshal.AsBytes(elements));
                });
            }
            if (checksum is not null)
            {
                // Elements pass through here once, so what they add up to is known only now.
                stream.Position = length.Length + PlaceOfChecksum(header);
                stream.Write(Encoding.UTF8.GetBytes(checksum.Text));
            }
        });
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="largestHeader">The largest header that is read, in bytes.</param>
    /// <returns>The tensors, in the order of their names, and the metadata.</returns>
    /// <exception cref="InvalidFileException">The file is missing, unreadable, not safetensors, damaged, or has elements that are not finite.</exception>
    public static SafetensorsContent Load(string path, int largestHeader = FileLimits.SafetensorsHeaderBytes) => FileReader.Read(path, stream => Read(path, stream, largestHeader));

    private static byte[] Header(TensorContent[] sorted, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            long offset = 0;
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject(MetadataName);
                foreach ((string name, string text) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    json.WriteString(name, text);
                }
                json.WriteEndObject();
            }
            foreach (TensorContent tensor in sorted)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", ElementType.Single.Name);
                json.WriteStartArray("shape");
                foreach (int size in tensor.Shape)
                {
                    json.WriteNumberValue(size);
                }
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Count * sizeof(float));
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

    /// <summary>Where a header's checksum stands. Quotation marks within texts are escaped, so nothing else looks like it.</summary>
    private static int PlaceOfChecksum(ReadOnlySpan<byte> header)
    {
        string before = $"\"{ContentChecksum.Name}\":\"";
        return header.IndexOf(Encoding.UTF8.GetBytes(before + ContentChecksum.Unknown)) + before.Length;
    }

    /// <summary>What to do with a file of another program's that is often taken for one of ours, known by its first bytes; null for what is not known.</summary>
    private static string? OtherFormat(ReadOnlySpan<byte> beginning) =>
        beginning.StartsWith("PK\u0003\u0004"u8) ? "it is an archive, as torch.save writes, not safetensors; save with safetensors.torch.save_file(model.state_dict(), \"name.safetensors\")"
        : beginning[1..].StartsWith("HDF\r\n"u8) ? "it is HDF5, not safetensors; 'gpucnn import' makes safetensors of what Keras saved"
        : null;

    private static SafetensorsContent Read(string path, FileStream stream, int largestHeader)
    {
        long fileLength = stream.Length;
        Span<byte> eight = stackalloc byte[8];
        if (fileLength < 10)
        {
            throw new InvalidFileException(path, $"it has {fileLength} bytes, too few for a safetensors file");
        }
        stream.ReadExactly(eight);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(eight);
        if (headerLength > (ulong)(fileLength - 8) || headerLength > (ulong)largestHeader)
        {
            throw new InvalidFileException(path, OtherFormat(eight) ?? $"it claims a header of {headerLength} bytes, but has {fileLength} in all (at most {largestHeader} are read); it is damaged or not safetensors");
        }
        var header = new byte[headerLength];
        stream.ReadExactly(header);
        var metadata = new Dictionary<string, string>();
        List<Entry> entries = Parse(path, header, fileLength - 8 - (long)headerLength, metadata);
        var tensors = new List<WeightTensor>(entries.Count);
        foreach (Entry entry in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            if (ElementType.IsCount(entry.Name))
            {
                continue;
            }
            stream.Position = 8 + (long)headerLength + entry.Start;
            float[] values = entry.Type.Read(stream, (entry.End - entry.Start) / entry.Type.Size);
            int bad = Array.FindIndex(values, value => !float.IsFinite(value));
            if (bad >= 0)
            {
                throw new InvalidFileException(path, $"tensor '{entry.Name}' has {values[bad]} at element {bad}; weights must be finite");
            }
            tensors.Add(new WeightTensor(entry.Name, entry.Shape, values));
        }
        return new SafetensorsContent(tensors, metadata);
    }

    private readonly record struct Entry(string Name, ElementType Type, int[] Shape, long Start, long End);

    private static List<Entry> Parse(string path, byte[] header, long dataLength, Dictionary<string, string> metadata)
    {
        InvalidFileException Damaged(string problem, Exception? inner = null) =>
            inner is null ? new(path, $"its safetensors header {problem}") : new(path, $"its safetensors header {problem}", inner);
        var entries = new List<Entry>();
        try
        {
            if (HasTooManyValues(header))
            {
                throw Damaged($"has more than {FileLimits.SafetensorsHeaderValues} values");
            }
            using JsonDocument document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = FileLimits.JsonDepth });
            var names = new HashSet<string>();
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                {
                    throw Damaged($"names '{Shorten(property.Name)}' twice");
                }
                if (property.Name == MetadataName)
                {
                    foreach (JsonProperty pair in property.Value.EnumerateObject())
                    {
                        metadata[pair.Name] = pair.Value.GetString() ?? throw Damaged($"gives '{Shorten(pair.Name)}' no text");
                    }
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
        string given = property.Value.GetProperty("dtype").GetString() ?? "null";
        ElementType type = ElementType.Find(given, property.Name)
            ?? throw damaged($"gives tensor '{name}' the type {Shorten(given)}; {string.Join(", ", ElementType.All.Select(each => each.Name))} are read", null);
        JsonElement sizes = property.Value.GetProperty("shape"), offsets = property.Value.GetProperty("data_offsets");
        if (sizes.GetArrayLength() > FileLimits.Dimensions || offsets.GetArrayLength() != 2)
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
            ? end - start == count * type.Size
                ? new Entry(property.Name, type, shape, start, end)
                : throw damaged($"gives tensor '{name}' {end - start} bytes for {count} elements", null)
            : throw damaged($"puts tensor '{name}' at bytes {Shorten(offsets[0].GetRawText())} to {Shorten(offsets[1].GetRawText())} of {dataLength}", null);
    }

    /// <summary>What a file says goes into messages only shortened, and on one line.</summary>
    private static string Shorten(string text) => PlainText.Beginning(text, 60);

    /// <summary>A document takes memory for every value in it, a list of a million ones too.</summary>
    private static bool HasTooManyValues(ReadOnlySpan<byte> header)
    {
        var reader = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = FileLimits.JsonDepth });
        int tokens = 0;
        while (reader.Read())
        {
            if (++tokens > FileLimits.SafetensorsHeaderValues)
            {
                return true;
            }
        }
        return false;
    }
}
