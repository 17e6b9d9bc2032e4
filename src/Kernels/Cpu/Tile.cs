using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.Intrinsics.Vector512;

namespace GpuCnn.Kernels;

/// <summary>The one primitive under every product on the CPU: a tile of C (+)= A B, at most 12 rows by 32 columns, held in registers.</summary>
/// <remarks>
/// 12 x 32 floats are 24 of the 32 vector registers of AVX-512; two more hold a row of B and one a broadcast element of A, so the loop over k
/// does 24 multiply-adds for 2 + 12 loads and no store. With 256-bit registers only 16 exist, and tiles of 3 rows fit them. Every element of C is one chain of
/// fused multiply-adds in the order of k, whatever the tile's height, so results do not depend on how rows are grouped.
/// </remarks>
internal static unsafe class Tile
{
    /// <summary>Rows of a block of A: what callers pack and hand over at once.</summary>
    public const int Rows = 12;

    /// <summary>Columns of a tile and of a packed panel of B.</summary>
    public const int Columns = 32;

    /// <summary>Rows whose sums fit the registers; a multiple of 3.</summary>
    private static int Tallest => Vector512.IsHardwareAccelerated ? 12 : 3;

    /// <summary>C[i][0..columns) (+)= sum over k of A[i][k] B[k][0..columns).</summary>
    /// <param name="rows">Rows of the tile, 1 to 12.</param>
    /// <param name="columns">Columns of C, 1 to 32; B has all 32.</param>
    /// <param name="a">A: element (i, k) at a[i * rowStride + k * depthStride].</param>
    /// <param name="rowStride">See <paramref name="a"/>.</param>
    /// <param name="depthStride">See <paramref name="a"/>.</param>
    /// <param name="b">B: row k, 32 floats, at b + k * ldb.</param>
    /// <param name="ldb">See <paramref name="b"/>.</param>
    /// <param name="depth">The number of k.</param>
    /// <param name="c">C: row i at c + offsets[i].</param>
    /// <param name="offsets">Where each row of C starts.</param>
    /// <param name="add">Whether to add to what C holds.</param>
    public static void Multiply(int rows, int columns, float* a, nint rowStride, nint depthStride, float* b, nint ldb, int depth, float* c, int* offsets, bool add)
    {
        if (columns == Columns)
        {
            Multiply(rows, a, rowStride, depthStride, b, ldb, depth, c, offsets, add);
            return;
        }
        float* whole = stackalloc float[Rows * Columns];
        int* packed = stackalloc int[Rows];
        for (int i = 0; i < rows; i++)
        {
            packed[i] = i * Columns;
        }
        Multiply(rows, a, rowStride, depthStride, b, ldb, depth, whole, packed, false);
        for (int i = 0; i < rows; i++)
        {
            float* from = whole + packed[i], to = c + offsets[i];
            for (int j = 0; j < columns; j++)
            {
                to[j] = add ? to[j] + from[j] : from[j];
            }
        }
    }

    /// <summary>As <see cref="Multiply(int, int, float*, nint, nint, float*, nint, int, float*, int*, bool)"/> with whole panels, for an A whose rows come in threes.</summary>
    /// <remarks>Row i of A starts at a + i / 3 * groupStride + i % 3: the nine taps of a 3 x 3 kernel over one channel, lines groupStride apart.</remarks>
    public static void MultiplyThrees(int rows, float* a, nint groupStride, nint depthStride, float* b, int depth, float* c, int* offsets, bool add)
    {
        int tallest = Tallest;
        for (; rows > tallest; rows -= tallest, a += tallest / 3 * groupStride, offsets += tallest)
        {
            Dispatch(tallest, a, 1, groupStride, depthStride, b, Columns, depth, c, offsets, add);
        }
        Dispatch(rows, a, 1, groupStride, depthStride, b, Columns, depth, c, offsets, add);
    }

    /// <summary>Fills a table of row offsets for a matrix whose rows are <paramref name="stride"/> floats apart.</summary>
    public static void RowOffsets(int* offsets, int stride)
    {
        for (int i = 0; i < Rows; i++)
        {
            offsets[i] = i * stride;
        }
    }

    private static void Multiply(int rows, float* a, nint rs, nint ks, float* b, nint ldb, int depth, float* c, int* offsets, bool add)
    {
        int tallest = Tallest;
        for (; rows > tallest; rows -= tallest, a += tallest * rs, offsets += tallest)
        {
            Dispatch(tallest, a, rs, 3 * rs, ks, b, ldb, depth, c, offsets, add);
        }
        Dispatch(rows, a, rs, 3 * rs, ks, b, ldb, depth, c, offsets, add);
    }

    private static void Dispatch(int rows, float* a, nint rs, nint gs, nint ks, float* b, nint ldb, int depth, float* c, int* offsets, bool add)
    {
        switch (rows)
        {
            case 1: Multiply<R1>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 2: Multiply<R2>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 3: Multiply<R3>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 4: Multiply<R4>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 5: Multiply<R5>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 6: Multiply<R6>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 7: Multiply<R7>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 8: Multiply<R8>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 9: Multiply<R9>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 10: Multiply<R10>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            case 11: Multiply<R11>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
            default: Multiply<R12>(a, rs, gs, ks, b, ldb, depth, c, offsets, add); break;
        }
    }

    /// <remarks>The JIT folds R.Count, so each height is its own machine code. Plain locals, each the target of its own multiply-add: only then does
    /// the JIT emit vfmadd231ps without copies between registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<R>(float* a, nint rs, nint gs, nint ks, float* b, nint ldb, int depth, float* c, int* offsets, bool add) where R : struct, IRowCount
    {
        Vector512<float> x, bl, bh;
        Vector512<float> l0 = default, h0 = default, l1 = default, h1 = default, l2 = default, h2 = default, l3 = default, h3 = default;
        Vector512<float> l4 = default, h4 = default, l5 = default, h5 = default, l6 = default, h6 = default, l7 = default, h7 = default;
        Vector512<float> l8 = default, h8 = default, l9 = default, h9 = default, l10 = default, h10 = default, l11 = default, h11 = default;
        float* a3 = a + gs, a6 = a3 + gs, a9 = a6 + gs;
        nint rs2 = 2 * rs;
        for (; depth > 0; depth--, a += ks, a3 += ks, a6 += ks, a9 += ks, b += ldb)
        {
            bl = Load(b); bh = Load(b + 16);
            x = Create(a[0]); l0 = FusedMultiplyAdd(x, bl, l0); h0 = FusedMultiplyAdd(x, bh, h0);
            if (R.Count > 1) { x = Create(a[rs]); l1 = FusedMultiplyAdd(x, bl, l1); h1 = FusedMultiplyAdd(x, bh, h1); }
            if (R.Count > 2) { x = Create(a[rs2]); l2 = FusedMultiplyAdd(x, bl, l2); h2 = FusedMultiplyAdd(x, bh, h2); }
            if (R.Count > 3) { x = Create(a3[0]); l3 = FusedMultiplyAdd(x, bl, l3); h3 = FusedMultiplyAdd(x, bh, h3); }
            if (R.Count > 4) { x = Create(a3[rs]); l4 = FusedMultiplyAdd(x, bl, l4); h4 = FusedMultiplyAdd(x, bh, h4); }
            if (R.Count > 5) { x = Create(a3[rs2]); l5 = FusedMultiplyAdd(x, bl, l5); h5 = FusedMultiplyAdd(x, bh, h5); }
            if (R.Count > 6) { x = Create(a6[0]); l6 = FusedMultiplyAdd(x, bl, l6); h6 = FusedMultiplyAdd(x, bh, h6); }
            if (R.Count > 7) { x = Create(a6[rs]); l7 = FusedMultiplyAdd(x, bl, l7); h7 = FusedMultiplyAdd(x, bh, h7); }
            if (R.Count > 8) { x = Create(a6[rs2]); l8 = FusedMultiplyAdd(x, bl, l8); h8 = FusedMultiplyAdd(x, bh, h8); }
            if (R.Count > 9) { x = Create(a9[0]); l9 = FusedMultiplyAdd(x, bl, l9); h9 = FusedMultiplyAdd(x, bh, h9); }
            if (R.Count > 10) { x = Create(a9[rs]); l10 = FusedMultiplyAdd(x, bl, l10); h10 = FusedMultiplyAdd(x, bh, h10); }
            if (R.Count > 11) { x = Create(a9[rs2]); l11 = FusedMultiplyAdd(x, bl, l11); h11 = FusedMultiplyAdd(x, bh, h11); }
        }
        Put(c + offsets[0], l0, h0, add);
        if (R.Count > 1) { Put(c + offsets[1], l1, h1, add); }
        if (R.Count > 2) { Put(c + offsets[2], l2, h2, add); }
        if (R.Count > 3) { Put(c + offsets[3], l3, h3, add); }
        if (R.Count > 4) { Put(c + offsets[4], l4, h4, add); }
        if (R.Count > 5) { Put(c + offsets[5], l5, h5, add); }
        if (R.Count > 6) { Put(c + offsets[6], l6, h6, add); }
        if (R.Count > 7) { Put(c + offsets[7], l7, h7, add); }
        if (R.Count > 8) { Put(c + offsets[8], l8, h8, add); }
        if (R.Count > 9) { Put(c + offsets[9], l9, h9, add); }
        if (R.Count > 10) { Put(c + offsets[10], l10, h10, add); }
        if (R.Count > 11) { Put(c + offsets[11], l11, h11, add); }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector512<float> low, Vector512<float> high, bool add)
    {
        if (add)
        {
            low += Load(c);
            high += Load(c + 16);
        }
        low.Store(c);
        high.Store(c + 16);
    }
}
