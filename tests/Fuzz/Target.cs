using CsCheck;

namespace GpuCnn.Fuzz;

/// <summary>A parser under test.</summary>
/// <param name="Name">Its name in the command and of its folder of inputs.</param>
/// <param name="File">The name of the file it reads.</param>
/// <param name="Seeds">Valid contents of that file.</param>
/// <param name="Read">Reads the file, whose path it is given, and returns how many bytes the content has that the file honestly holds: unpacked or
/// decoded it may be longer than the file. It may throw <see cref="InvalidFileException"/> and nothing else.</param>
internal sealed record Target(string Name, string File, IReadOnlyList<byte[]> Seeds, Func<string, long> Read)
{
    /// <summary>Almost valid contents made from scratch; null where only mutations are tried.</summary>
    public Gen<byte[]>? Structures { get; init; }

    /// <summary>What is done to a content after it was mutated: compressed, its checksums made right. Without it mutations reach no further than the first check.</summary>
    public Func<byte[], byte[]> Finish { get; init; } = bytes => bytes;

    /// <summary>Writes what else there must be in the folder of the file.</summary>
    public Action<string> Surround { get; init; } = _ => { };

    /// <summary>What may be allocated beside twice the file's honest size.</summary>
    public long SpareBytes { get; init; } = 16 << 20;

    /// <summary>Words of the format that a mutation may put anywhere.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];
}
