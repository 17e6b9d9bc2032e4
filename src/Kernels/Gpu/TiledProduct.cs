using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>A matrix product whose operands are computed element by element, so that dense layers, convolutions and all their gradients
/// share one GPU body: C[i, j] = sum over k of Left(i, k) Right(k, j).</summary>
internal interface ITiledProduct
{
    /// <summary>Rows of C.</summary>
    int Rows { get; }

    /// <summary>Columns of C.</summary>
    int Columns { get; }

    /// <summary>1 when Left's neighbours along k are neighbours in memory, 0 when those along i are.</summary>
    int LeftAlongDepth { get; }

    /// <summary>1 when Right's neighbours along k are neighbours in memory, 0 when those along j are.</summary>
    int RightAlongDepth { get; }

    /// <summary>Element (i, k) of the left side; only asked for inside.</summary>
    float Left(int row, int k);

    /// <summary>Element (k, j) of the right side; only asked for inside.</summary>
    float Right(int k, int column);

    /// <summary>Takes C[row..row+3, column]; the row is a multiple of 4 inside C, the three behind it may lie outside.</summary>
    void Store(int row, int column, float c0, float c1, float c2, float c3);
}

/// <summary>The GPU body of <see cref="ITiledProduct"/>: a group of 256 threads computes a 64 x 64 tile of C, each thread 4 x 4 of it, from
/// 16-deep tiles in shared memory. Each element is a sum, in the order of k, of chains of <see cref="ChainLength"/> multiply-adds.</summary>
internal static class TiledProduct
{
    /// <summary>Terms of a chain before it is added to the sum: a chain's rounding errors grow with its length.</summary>
    public const int ChainLength = 32;

    private const int TileSize = 64;
    private const int TileDepth = 16;
    private const int Threads = 256;

    /// <summary>The launch that covers C, once for each slice of the depth.</summary>
    public static KernelConfig Shape(int rows, int columns, int slices = 1) =>
        new(new Index3D((rows + TileSize - 1) / TileSize, (columns + TileSize - 1) / TileSize, slices), new Index3D(Threads, 1, 1));

    /// <summary>What one thread does; the slice is Grid.IdxZ.</summary>
    /// <param name="op">The operands.</param>
    /// <param name="firstK">Where the depth starts.</param>
    /// <param name="endK">Where it ends.</param>
    public static void Run<T>(T op, int firstK, int endK) where T : struct, ITiledProduct
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(TileDepth * TileSize), right = SharedMemory.Allocate<float>(TileDepth * TileSize);
        int thread = Group.IdxX, tx = thread % 16, ty = thread / 16;
        int row0 = Grid.IdxX * TileSize, column0 = Grid.IdxY * TileSize;
        float c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0, c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0;
        float s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0, s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
        for (int k0 = firstK; k0 < endK; k0 += TileDepth)
        {
            for (int e = thread; e < TileDepth * TileSize; e += Threads)
            {
                int k = op.LeftAlongDepth != 0 ? e % TileDepth : e / TileSize;
                int i = op.LeftAlongDepth != 0 ? e / TileDepth : e % TileSize;
                left[(k * TileSize) + i] = row0 + i < op.Rows && k0 + k < endK ? op.Left(row0 + i, k0 + k) : 0f;
                k = op.RightAlongDepth != 0 ? e % TileDepth : e / TileSize;
                i = op.RightAlongDepth != 0 ? e / TileDepth : e % TileSize;
                right[(k * TileSize) + i] = column0 + i < op.Columns && k0 + k < endK ? op.Right(k0 + k, column0 + i) : 0f;
            }
            Group.Barrier();
            for (int k = 0; k < TileDepth; k++)
            {
                int at = (k * TileSize) + (4 * ty), bt = (k * TileSize) + tx;
                float a0 = left[at], a1 = left[at + 1], a2 = left[at + 2], a3 = left[at + 3];
                float b0 = right[bt], b1 = right[bt + 16], b2 = right[bt + 32], b3 = right[bt + 48];
                c00 += a0 * b0; c01 += a0 * b1; c02 += a0 * b2; c03 += a0 * b3;
                c10 += a1 * b0; c11 += a1 * b1; c12 += a1 * b2; c13 += a1 * b3;
                c20 += a2 * b0; c21 += a2 * b1; c22 += a2 * b2; c23 += a2 * b3;
                c30 += a3 * b0; c31 += a3 * b1; c32 += a3 * b2; c33 += a3 * b3;
            }
            Group.Barrier();
            if ((k0 - firstK) % ChainLength == ChainLength - TileDepth || k0 + TileDepth >= endK)
            {
                s00 += c00; s01 += c01; s02 += c02; s03 += c03;
                s10 += c10; s11 += c11; s12 += c12; s13 += c13;
                s20 += c20; s21 += c21; s22 += c22; s23 += c23;
                s30 += c30; s31 += c31; s32 += c32; s33 += c33;
                c00 = 0; c01 = 0; c02 = 0; c03 = 0;
                c10 = 0; c11 = 0; c12 = 0; c13 = 0;
                c20 = 0; c21 = 0; c22 = 0; c23 = 0;
                c30 = 0; c31 = 0; c32 = 0; c33 = 0;
            }
        }
        int row = row0 + (4 * ty), column = column0 + tx;
        if (row < op.Rows)
        {
            if (column < op.Columns) { op.Store(row, column, s00, s10, s20, s30); }
            if (column + 16 < op.Columns) { op.Store(row, column + 16, s01, s11, s21, s31); }
            if (column + 32 < op.Columns) { op.Store(row, column + 32, s02, s12, s22, s32); }
            if (column + 48 < op.Columns) { op.Store(row, column + 48, s03, s13, s23, s33); }
        }
    }

    /// <summary>Stores four rows of a column of a row-major matrix, without those below its last row.</summary>
    public static void StoreRows(ArrayView<float> c, int rows, int columns, int row, int column, float c0, float c1, float c2, float c3)
    {
        long at = ((long)row * columns) + column;
        c[at] = c0;
        if (row + 1 < rows) { c[at + columns] = c1; }
        if (row + 2 < rows) { c[at + (2L * columns)] = c2; }
        if (row + 3 < rows) { c[at + (3L * columns)] = c3; }
    }
}
