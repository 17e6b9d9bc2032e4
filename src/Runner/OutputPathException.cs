namespace GpuCnn.Runner;

/// <summary>A place to write to that cannot be used. The message is one line that names it.</summary>
internal sealed class OutputPathException(string path, string problem, Exception? inner = null) : Exception($"{path}: {problem}", inner);
