using GpuCnn.Fuzz.Formats;

namespace GpuCnn.Fuzz;

/// <summary>Every parser that reads a file from a stranger.</summary>
internal static class Targets
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        Idx.Images, Idx.Unpacked, Idx.Labels,
        Safetensors.Weights, Safetensors.Header, Safetensors.Checkpoints,
        Pictures.Any, Pictures.Png,
        DataFolders.ClassNames, DataFolders.Mapping, DataFolders.Names, DataFolders.Cache,
        Models.Description, Models.Keras, OnnxFiles.Any,
        RunFolders.Args, RunFolders.State, RunFolders.Results, RunFolders.Steps, RunFolders.NotesOfArgs, RunFolders.NotesOfResults, RunFolders.Seeds,
    ];

    /// <summary>The parser of a name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Target Find(string name) => All.FirstOrDefault(target => target.Name == name)
        ?? throw new ArgumentException($"--target: no parser '{name}': there are {string.Join(", ", All.Select(target => target.Name))}");
}
