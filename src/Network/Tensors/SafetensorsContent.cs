namespace GpuCnn;

/// <summary>What a safetensors file holds.</summary>
/// <param name="Tensors">The tensors.</param>
/// <param name="Metadata">Names and texts that say what the tensors are.</param>
internal sealed record SafetensorsContent(IReadOnlyList<WeightTensor> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>No names and texts.</summary>
    public static IReadOnlyDictionary<string, string> NoMetadata { get; } = new Dictionary<string, string>();
}
