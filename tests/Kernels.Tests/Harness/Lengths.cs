namespace GpuCnn.Kernels.Tests;

/// <summary>Lengths of element-wise operations: below, at and above the vectors of CPU bodies, the fours of GPU threads and the groups of both.</summary>
public static class Lengths
{
    /// <summary>The longest first.</summary>
    public static IEnumerable<int> All => [1027, 257, 255, 33, 32, 31, 17, 16, 15, 5, 4, 3, 1];

    /// <summary>A case for each.</summary>
    public static IEnumerable<OpCase> Cases(Action<Trial, int> run) => All.Select(n => new OpCase($"{n} elements", t => run(t, n)));
}
