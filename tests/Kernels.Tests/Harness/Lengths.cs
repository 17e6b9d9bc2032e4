namespace GpuCnn.Kernels.Tests;

/// <summary>Lengths of element-wise operations: below, at and above a GPU thread's four neighbours, vectors of 4, 8 and 16 floats, loops of several of them, and groups of 256 threads. Their
/// remainders by 3, 4 and 5 differ, by which cases choose what else they vary.</summary>
public static class Lengths
{
    /// <summary>The longest first.</summary>
    public static IReadOnlyList<int> All { get; } = [1027, 261, 256, 65, 62, 33, 31, 18, 16, 13, 7, 4, 3, 2, 1];

    /// <summary>A case for each.</summary>
    public static IEnumerable<OpCase> Cases(Action<Trial, int> run) => All.Select(n => new OpCase($"{n} elements", t => run(t, n)));
}
