namespace GpuCnn;

/// <summary>Weights files: safetensors, which PyTorch and most other tools read.</summary>
internal static class WeightsFile
{
    /// <summary>Writes tensors to a file, which is replaced only when all is on the disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors, in any order, each name once.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public static void Save(string path, IReadOnlyList<WeightTensor> tensors) => SafetensorsFile.Save(path, new SafetensorsContent(tensors, SafetensorsContent.NoMetadata));

    /// <summary>Reads all tensors of a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensors, in the order of their names.</returns>
    /// <exception cref="InvalidFileException">The file is missing, unreadable, not safetensors, damaged, or has elements that are not finite F32.</exception>
    public static IReadOnlyList<WeightTensor> Load(string path) => SafetensorsFile.Load(path).Tensors;
}
