namespace GpuCnn.Kernels;

/// <summary>How the rows of a batch normalization, one a pixel of each image, are cut into chunks. It depends on their number alone, so that sums are the same for any
/// number of threads.</summary>
internal static class BatchNormChunks
{
    private const int LeastRows = 64;

    /// <summary>The most chunks that there are: what one group of a GPU adds up with one chunk a thread.</summary>
    public const int Most = GroupSum.Threads;

    /// <summary>The number of chunks.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <returns>At least 1, at most <see cref="Most"/>.</returns>
    public static int Count(int rows)
    {
        int size = Size(rows);
        return (rows + size - 1) / size;
    }

    /// <summary>The most chunks of any number of rows up to a given one, which itself may have fewer than a smaller number.</summary>
    /// <param name="rows">The largest number of rows.</param>
    /// <returns>At least 1, at most <see cref="Most"/>.</returns>
    public static int Bound(int rows) => Math.Min(Most, (rows + LeastRows - 1) / LeastRows);

    /// <summary>Rows of every chunk but the last, which may have fewer.</summary>
    internal static int Size(int rows) => Math.Max(LeastRows, (rows + Most - 1) / Most);
}
