using System.Runtime.CompilerServices;

namespace GpuCnn.Kernels;

/// <summary>A matrix in memory: element (i, j) at Data[i * RowStride + j * ColumnStride].</summary>
internal readonly unsafe struct Strided(float* data, int rowStride, int columnStride)
{
    public readonly float* Data = data;
    public readonly int RowStride = rowStride, ColumnStride = columnStride;
}

/// <summary>C = A B on the CPU accelerator, any strides of A and B, C row-major.</summary>
internal static unsafe class MatrixProduct
{
    /// <summary>Rows of B in a panel: 12 rows of A take 24 KiB of the first-level cache, a panel 64 KiB of the second.</summary>
    private const int DepthBlock = 512;

    /// <summary>Columns of B packed at once: 1 MiB.</summary>
    private const int ColumnBlock = 512;

    /// <summary>Rows of a transposed A copied at once.</summary>
    private const int RowBlock = 4 * Tile.Rows;

    /// <summary>The part of C that a worker computes: rows, or columns where there are more of those.</summary>
    internal readonly record struct Part(int FirstRow, int EndRow, int FirstColumn, int EndColumn);

    /// <summary>Computes this worker's part of C and says which that is.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="a">A, [rows, depth].</param>
    /// <param name="b">B, [depth, columns].</param>
    /// <param name="c">C, [rows, columns], overwritten.</param>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="columns">Columns of B and C.</param>
    /// <param name="depth">Columns of A, rows of B.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Part Run(in CpuWorker worker, Strided a, Strided b, float* c, int rows, int columns, int depth)
    {
        bool byColumns = columns > rows;
        (int m0, int m1) = byColumns ? (0, rows) : worker.Share(rows, Tile.Rows);
        (int n0, int n1) = byColumns ? worker.Share(columns, Tile.Columns) : (0, columns);
        var part = new Part(m0, m1, n0, n1);
        float* slab = worker.Scratch((RowBlock + ColumnBlock) * DepthBlock), panels = slab + (RowBlock * DepthBlock);
        int* offsets = stackalloc int[Tile.Rows];
        Tile.RowOffsets(offsets, columns);
        float** pointers = stackalloc float*[Tile.Rows];
        if (rows <= Tile.Rows && b.ColumnStride == 1 && a.ColumnStride == 1)
        {
            // One tile's height: B is read once, so packing it would only cost. A last panel of fewer columns is packed below.
            Tile.RowPointers(pointers, a.Data, a.RowStride);
            for (; n0 + Tile.Columns <= n1; n0 += Tile.Columns)
            {
                Tile.Multiply(rows, Tile.Columns, pointers, 1, b.Data + n0, b.RowStride, depth, c + n0, offsets, false);
            }
        }
        for (int nb = n0; nb < n1; nb += ColumnBlock)
        {
            int width = Math.Min(ColumnBlock, n1 - nb);
            for (int kb = 0; kb < depth; kb += DepthBlock)
            {
                int k = Math.Min(DepthBlock, depth - kb);
                for (int j = 0; j < width; j += Tile.Columns)
                {
                    float* corner = b.Data + ((nint)kb * b.RowStride) + ((nint)(nb + j) * b.ColumnStride);
                    Panel.Pack(corner, b.RowStride, b.ColumnStride, k, Math.Min(Tile.Columns, width - j), panels + ((nint)j * k));
                }
                for (int mb = m0; mb < m1; mb += RowBlock)
                {
                    int height = Math.Min(RowBlock, m1 - mb);
                    float* block = a.Data + ((nint)mb * a.RowStride) + ((nint)kb * a.ColumnStride);
                    nint rowStride = a.RowStride, depthStride = a.ColumnStride;
                    if (rowStride == 1 && depthStride != 1)
                    {
                        // A transposed: its rows are columns in memory, a cache line of which would serve one element each.
                        for (int i = 0; i < k; i++)
                        {
                            new ReadOnlySpan<float>(block + (i * depthStride), height).CopyTo(new Span<float>(slab + (i * RowBlock), height));
                        }
                        block = slab;
                        depthStride = RowBlock;
                    }
                    for (int i = 0; i < height; i += Tile.Rows)
                    {
                        Tile.RowPointers(pointers, block + (i * rowStride), rowStride);
                        for (int j = 0; j < width; j += Tile.Columns)
                        {
                            Tile.Multiply(Math.Min(Tile.Rows, height - i), Math.Min(Tile.Columns, width - j), pointers, depthStride,
                                panels + ((nint)j * k), Tile.Columns, k, c + ((nint)(mb + i) * columns) + nb + j, offsets, kb > 0);
                        }
                    }
                }
            }
        }
        return part;
    }
}
