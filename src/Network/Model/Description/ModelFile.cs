using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GpuCnn;

/// <summary>Descriptions of models in JSON: what a run folder's model.json holds, what weights files have among their metadata, and what a user writes by hand.</summary>
/// <remarks>Figures that follow from the layers (names, shapes, parameters, multiply-adds) are written for people; what a description says of them is not believed.
/// The schema is <see cref="ModelSchema"/>.</remarks>
public static class ModelFile
{
    /// <summary>The largest description that is read, in bytes.</summary>
    public const int LargestFile = FileLimits.DocumentBytes;

    /// <summary>The parser quotes what it stumbles over, however long that is.</summary>
    private const int LongestReason = 120;

    /// <summary>Reads a description from a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidFileException">The file cannot be read, is no description, or its layers do not fit.</exception>
    public static ModelDefinition Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path))
        {
            throw new InvalidFileException(path, "it is a folder; give the description of a model, a .json file");
        }
        return FileReader.Read(path, stream =>
        {
            // What has no length, a pipe for example, must end somewhere too.
            var content = new byte[LargestFile + 1];
            int length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return Read(content.AsMemory(0, length), path);
        });
    }

    /// <summary>Reads a description.</summary>
    /// <param name="json">JSON in UTF-8.</param>
    /// <param name="source">Where it comes from, for messages: the path of a file.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidFileException">It is no description, or its layers do not fit.</exception>
    public static ModelDefinition Read(ReadOnlyMemory<byte> json, string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (json.Length > LargestFile)
        {
            throw new InvalidFileException(source, $"it is longer than {LargestFile} bytes, which no description of a model is");
        }
        if (json.Span.StartsWith(Encoding.UTF8.Preamble))
        {
            json = json[Encoding.UTF8.Preamble.Length..];
        }
        if (!json.Span.ContainsAnyExcept(" \t\r\n"u8))
        {
            throw new InvalidFileException(source, "it is empty; a description of a model has name, input, epochs and layers");
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            return new ModelReader(source).Read(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new InvalidFileException(source, $"it is not JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: {Reason(exception.Message)}", exception);
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidFileException(source, "it has text that is not Unicode", exception);
        }
        catch (ModelException exception)
        {
            throw new InvalidFileException(source, exception.Message, exception);
        }
    }

    /// <summary>Reads a description.</summary>
    /// <param name="json">JSON.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidFileException">It is no description, or its layers do not fit.</exception>
    public static ModelDefinition Read(string json, string source) => Read(Encoding.UTF8.GetBytes(json), source);

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="figures">Whether to say what follows from the layers too: names, shapes, parameters, multiply-adds.</param>
    /// <param name="indented">Whether on many lines.</param>
    /// <returns>JSON; on many lines it ends with a line feed.</returns>
    /// <exception cref="ModelException">A layer has no description.</exception>
    public static string Text(ModelDefinition model, bool figures = true, bool indented = true)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var buffer = new MemoryStream();
        // No browser takes a file for markup, and people read letters as they are.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = indented, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            new ModelWriter(json, figures).Write(model);
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + (indented ? "\n" : "");
    }

    /// <summary>What the parser says, without its own account of the place.</summary>
    private static string Reason(string message)
    {
        int place = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return PlainText.Beginning((place < 0 ? message : message[..place]).Split('\n')[0].TrimEnd('.', ' '), LongestReason);
    }
}
