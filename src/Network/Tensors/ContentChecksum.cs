using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace GpuCnn;

/// <summary>XXH128 of all that a safetensors file holds: it finds accidents, not forgers, at the speed of memory. docs/checkpoints.md says what it is made of.</summary>
internal sealed class ContentChecksum
{
    /// <summary>Its name among the metadata; it is not part of what it is made of.</summary>
    public const string Name = "checksum";

    private readonly XxHash128 hash = new();

    /// <summary>Begins with the metadata; the tensors follow in the order of their names.</summary>
    /// <param name="metadata">Names and texts.</param>
    public ContentChecksum(IReadOnlyDictionary<string, string> metadata)
    {
        foreach ((string name, string text) in metadata.Where(pair => pair.Key != Name).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Add(name);
            Add(text);
        }
    }

    /// <summary>What stands in its place until it is known: a text of the same length.</summary>
    public static string Unknown { get; } = new('0', 2 * 16);

    /// <summary>The checksum of what was added.</summary>
    public string Text => Convert.ToHexStringLower(hash.GetCurrentHash());

    /// <summary>The checksum of a file's content.</summary>
    /// <param name="content">The content.</param>
    public static string Of(SafetensorsContent content)
    {
        var sum = new ContentChecksum(content.Metadata);
        foreach (WeightTensor tensor in content.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            sum.Begin(tensor.Name, tensor.Shape);
            sum.Add(tensor.Values);
        }
        return sum.Text;
    }

    /// <summary>Begins the next tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions.</param>
    public void Begin(string name, IReadOnlyList<int> shape)
    {
        Add(name);
        Add(WeightTensor.Format(shape));
    }

    /// <summary>Adds the next elements of the tensor.</summary>
    /// <param name="elements">The elements.</param>
    public void Add(ReadOnlySpan<float> elements) => hash.Append(MemoryMarshal.AsBytes(elements));

    private void Add(string text) => hash.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{text.Length}:{text}")));
}
