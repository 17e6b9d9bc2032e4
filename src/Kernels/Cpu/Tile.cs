using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>The one primitive under every product on the CPU: a tile of C (+)= A B, at most 12 rows by 32 columns, held in registers.</summary>
/// <remarks>
/// With 512-bit vectors 12 x 32 floats are 24 of the 32 vector registers; two more hold a row of B and one a broadcast element of A, so the loop over k
/// does 24 multiply-adds for 2 + 12 loads and no store. With 256-bit vectors there are 16 registers: 6 x 16 floats take 12 of them, two a half row of B, one an element of A,
/// and a tile is done in quarters. Where a panel has no more than 16 columns, as with few filters, half of the sums are left out.
/// Every row of A has a pointer of its own, so that A need not be a matrix: windows of an image are multiplied where they lie.
/// The pointers do not fit the integer registers, but reloading them costs nothing beside the multiply-adds. Every element of C is one chain of
/// fused multiply-adds in the order of k, whatever the tile's height and the width of the vectors, so results depend on neither.
/// </remarks>
internal static unsafe class Tile
{
    /// <summary>Rows of a block of A: what callers pack and hand over at once.</summary>
    public const int Rows = 12;

    /// <summary>Columns of a tile and of a packed panel of B.</summary>
    public const int Columns = 32;

    /// <summary>Columns of a tile where a panel has no more.</summary>
    public const int HalfColumns = 16;

    private const int NarrowRows = 6, NarrowColumns = 16;

    /// <summary>C[i][0..columns) (+)= sum over k of A[i][k] B[k][0..columns).</summary>
    /// <param name="rows">Rows of the tile, 1 to 12.</param>
    /// <param name="columns">Columns of C, 1 to 32; B has all 32.</param>
    /// <param name="a">A: element (i, k) at a[i][k * stride].</param>
    /// <param name="stride">See <paramref name="a"/>.</param>
    /// <param name="b">B: row k, 32 floats, at b + k * pitch.</param>
    /// <param name="pitch">See <paramref name="b"/>.</param>
    /// <param name="depth">The number of k.</param>
    /// <param name="c">C: row i at c + offsets[i].</param>
    /// <param name="offsets">Where each row of C starts.</param>
    /// <param name="add">Whether to add to what C holds.</param>
    /// <param name="start">What is added to the index of each element of A.</param>
    public static void Multiply(int rows, int columns, float** a, nint stride, float* b, nint pitch, int depth, float* c, int* offsets, bool add, nint start = 0)
    {
        if (columns is Columns or HalfColumns)
        {
            Multiply(rows, columns, a, start, stride, b, pitch, depth, c, offsets, add);
            return;
        }
        float* whole = stackalloc float[Rows * Columns];
        int* packed = stackalloc int[Rows];
        RowOffsets(packed, Columns);
        Multiply(rows, WidthOf(columns), a, start, stride, b, pitch, depth, whole, packed, false);
        for (int i = 0; i < rows; i++)
        {
            float* from = whole + packed[i], to = c + offsets[i];
            for (int j = 0; j < columns; j++)
            {
                to[j] = add ? to[j] + from[j] : from[j];
            }
        }
    }

    /// <summary>The columns of a tile that so many columns need: 16 or 32.</summary>
    public static int WidthOf(int columns) => columns > HalfColumns ? Columns : HalfColumns;

    /// <summary>Fills a table of row offsets for a matrix whose rows are <paramref name="stride"/> floats apart.</summary>
    public static void RowOffsets(int* offsets, int stride)
    {
        for (int i = 0; i < Rows; i++)
        {
            offsets[i] = i * stride;
        }
    }

    /// <summary>Fills a table of row pointers for a matrix whose rows are <paramref name="stride"/> floats apart.</summary>
    public static void RowPointers(float** pointers, float* first, nint stride)
    {
        for (int i = 0; i < Rows; i++)
        {
            pointers[i] = first + (i * stride);
        }
    }

    private static void Multiply(int rows, int columns, float** a, nint start, nint stride, float* b, nint pitch, int depth, float* c, int* offsets, bool add)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            switch (rows)
            {
                case 1: Whole<R1>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 2: Whole<R2>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 3: Whole<R3>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 4: Whole<R4>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 5: Whole<R5>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 6: Whole<R6>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 7: Whole<R7>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 8: Whole<R8>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 9: Whole<R9>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 10: Whole<R10>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                case 11: Whole<R11>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
                default: Whole<R12>(columns, a, start, stride, b, pitch, depth, c, offsets, add); break;
            }
            return;
        }
        for (int i = 0; i < rows; i += NarrowRows)
        {
            for (int j = 0; j < columns; j += NarrowColumns)
            {
                switch (rows - i)
                {
                    case 1: Narrow<R1>(a + i, start, stride, b + j, pitch, depth, c + j, offsets + i, add); break;
                    case 2: Narrow<R2>(a + i, start, stride, b + j, pitch, depth, c + j, offsets + i, add); break;
                    case 3: Narrow<R3>(a + i, start, stride, b + j, pitch, depth, c + j, offsets + i, add); break;
                    case 4: Narrow<R4>(a + i, start, stride, b + j, pitch, depth, c + j, offsets + i, add); break;
                    case 5: Narrow<R5>(a + i, start, stride, b + j, pitch, depth, c + j, offsets + i, add); break;
                    default: Narrow<R6>(a + i, start, stride, b + j, pitch, depth, c + j, offsets + i, add); break;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Whole<R>(int columns, float** a, nint start, nint stride, float* b, nint pitch, int depth, float* c, int* offsets, bool add) where R : struct, IRowCount
    {
        if (columns == HalfColumns)
        {
            Half<R>(a, start, stride, b, pitch, depth, c, offsets, add);
        }
        else
        {
            Wide<R>(a, start, stride, b, pitch, depth, c, offsets, add);
        }
    }

    /// <remarks>The JIT folds R.Count, so each height is its own machine code. Plain locals, each the target of its own multiply-add: only then does
    /// the JIT emit vfmadd231ps without copies between registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide<R>(float** a, nint start, nint stride, float* b, nint pitch, int depth, float* c, int* offsets, bool add) where R : struct, IRowCount
    {
        Vector512<float> x, bl, bh;
        Vector512<float> l0 = default, h0 = default, l1 = default, h1 = default, l2 = default, h2 = default, l3 = default, h3 = default;
        Vector512<float> l4 = default, h4 = default, l5 = default, h5 = default, l6 = default, h6 = default, l7 = default, h7 = default;
        Vector512<float> l8 = default, h8 = default, l9 = default, h9 = default, l10 = default, h10 = default, l11 = default, h11 = default;
        for (nint k = start; depth > 0; depth--, k += stride, b += pitch)
        {
            bl = Vector512.Load(b); bh = Vector512.Load(b + 16);
            x = Vector512.Create(a[0][k]); l0 = Vector512.FusedMultiplyAdd(x, bl, l0); h0 = Vector512.FusedMultiplyAdd(x, bh, h0);
            if (R.Count > 1) { x = Vector512.Create(a[1][k]); l1 = Vector512.FusedMultiplyAdd(x, bl, l1); h1 = Vector512.FusedMultiplyAdd(x, bh, h1); }
            if (R.Count > 2) { x = Vector512.Create(a[2][k]); l2 = Vector512.FusedMultiplyAdd(x, bl, l2); h2 = Vector512.FusedMultiplyAdd(x, bh, h2); }
            if (R.Count > 3) { x = Vector512.Create(a[3][k]); l3 = Vector512.FusedMultiplyAdd(x, bl, l3); h3 = Vector512.FusedMultiplyAdd(x, bh, h3); }
            if (R.Count > 4) { x = Vector512.Create(a[4][k]); l4 = Vector512.FusedMultiplyAdd(x, bl, l4); h4 = Vector512.FusedMultiplyAdd(x, bh, h4); }
            if (R.Count > 5) { x = Vector512.Create(a[5][k]); l5 = Vector512.FusedMultiplyAdd(x, bl, l5); h5 = Vector512.FusedMultiplyAdd(x, bh, h5); }
            if (R.Count > 6) { x = Vector512.Create(a[6][k]); l6 = Vector512.FusedMultiplyAdd(x, bl, l6); h6 = Vector512.FusedMultiplyAdd(x, bh, h6); }
            if (R.Count > 7) { x = Vector512.Create(a[7][k]); l7 = Vector512.FusedMultiplyAdd(x, bl, l7); h7 = Vector512.FusedMultiplyAdd(x, bh, h7); }
            if (R.Count > 8) { x = Vector512.Create(a[8][k]); l8 = Vector512.FusedMultiplyAdd(x, bl, l8); h8 = Vector512.FusedMultiplyAdd(x, bh, h8); }
            if (R.Count > 9) { x = Vector512.Create(a[9][k]); l9 = Vector512.FusedMultiplyAdd(x, bl, l9); h9 = Vector512.FusedMultiplyAdd(x, bh, h9); }
            if (R.Count > 10) { x = Vector512.Create(a[10][k]); l10 = Vector512.FusedMultiplyAdd(x, bl, l10); h10 = Vector512.FusedMultiplyAdd(x, bh, h10); }
            if (R.Count > 11) { x = Vector512.Create(a[11][k]); l11 = Vector512.FusedMultiplyAdd(x, bl, l11); h11 = Vector512.FusedMultiplyAdd(x, bh, h11); }
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

    /// <remarks>As <see cref="Wide"/>, with 16 columns.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Half<R>(float** a, nint start, nint stride, float* b, nint pitch, int depth, float* c, int* offsets, bool add) where R : struct, IRowCount
    {
        Vector512<float> x;
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
        Vector512<float> s6 = default, s7 = default, s8 = default, s9 = default, s10 = default, s11 = default;
        for (nint k = start; depth > 0; depth--, k += stride, b += pitch)
        {
            x = Vector512.Load(b);
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[0][k]), x, s0);
            if (R.Count > 1) { s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[1][k]), x, s1); }
            if (R.Count > 2) { s2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[2][k]), x, s2); }
            if (R.Count > 3) { s3 = Vector512.FusedMultiplyAdd(Vector512.Create(a[3][k]), x, s3); }
            if (R.Count > 4) { s4 = Vector512.FusedMultiplyAdd(Vector512.Create(a[4][k]), x, s4); }
            if (R.Count > 5) { s5 = Vector512.FusedMultiplyAdd(Vector512.Create(a[5][k]), x, s5); }
            if (R.Count > 6) { s6 = Vector512.FusedMultiplyAdd(Vector512.Create(a[6][k]), x, s6); }
            if (R.Count > 7) { s7 = Vector512.FusedMultiplyAdd(Vector512.Create(a[7][k]), x, s7); }
            if (R.Count > 8) { s8 = Vector512.FusedMultiplyAdd(Vector512.Create(a[8][k]), x, s8); }
            if (R.Count > 9) { s9 = Vector512.FusedMultiplyAdd(Vector512.Create(a[9][k]), x, s9); }
            if (R.Count > 10) { s10 = Vector512.FusedMultiplyAdd(Vector512.Create(a[10][k]), x, s10); }
            if (R.Count > 11) { s11 = Vector512.FusedMultiplyAdd(Vector512.Create(a[11][k]), x, s11); }
        }
        Put(c + offsets[0], s0, add);
        if (R.Count > 1) { Put(c + offsets[1], s1, add); }
        if (R.Count > 2) { Put(c + offsets[2], s2, add); }
        if (R.Count > 3) { Put(c + offsets[3], s3, add); }
        if (R.Count > 4) { Put(c + offsets[4], s4, add); }
        if (R.Count > 5) { Put(c + offsets[5], s5, add); }
        if (R.Count > 6) { Put(c + offsets[6], s6, add); }
        if (R.Count > 7) { Put(c + offsets[7], s7, add); }
        if (R.Count > 8) { Put(c + offsets[8], s8, add); }
        if (R.Count > 9) { Put(c + offsets[9], s9, add); }
        if (R.Count > 10) { Put(c + offsets[10], s10, add); }
        if (R.Count > 11) { Put(c + offsets[11], s11, add); }
    }

    /// <remarks>As <see cref="Half"/>, with half as wide vectors.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Narrow<R>(float** a, nint start, nint stride, float* b, nint pitch, int depth, float* c, int* offsets, bool add) where R : struct, IRowCount
    {
        Vector256<float> x, bl, bh;
        Vector256<float> l0 = default, h0 = default, l1 = default, h1 = default, l2 = default, h2 = default;
        Vector256<float> l3 = default, h3 = default, l4 = default, h4 = default, l5 = default, h5 = default;
        for (nint k = start; depth > 0; depth--, k += stride, b += pitch)
        {
            bl = Vector256.Load(b); bh = Vector256.Load(b + 8);
            x = Vector256.Create(a[0][k]); l0 = Vector256.FusedMultiplyAdd(x, bl, l0); h0 = Vector256.FusedMultiplyAdd(x, bh, h0);
            if (R.Count > 1) { x = Vector256.Create(a[1][k]); l1 = Vector256.FusedMultiplyAdd(x, bl, l1); h1 = Vector256.FusedMultiplyAdd(x, bh, h1); }
            if (R.Count > 2) { x = Vector256.Create(a[2][k]); l2 = Vector256.FusedMultiplyAdd(x, bl, l2); h2 = Vector256.FusedMultiplyAdd(x, bh, h2); }
            if (R.Count > 3) { x = Vector256.Create(a[3][k]); l3 = Vector256.FusedMultiplyAdd(x, bl, l3); h3 = Vector256.FusedMultiplyAdd(x, bh, h3); }
            if (R.Count > 4) { x = Vector256.Create(a[4][k]); l4 = Vector256.FusedMultiplyAdd(x, bl, l4); h4 = Vector256.FusedMultiplyAdd(x, bh, h4); }
            if (R.Count > 5) { x = Vector256.Create(a[5][k]); l5 = Vector256.FusedMultiplyAdd(x, bl, l5); h5 = Vector256.FusedMultiplyAdd(x, bh, h5); }
        }
        Put(c + offsets[0], l0, h0, add);
        if (R.Count > 1) { Put(c + offsets[1], l1, h1, add); }
        if (R.Count > 2) { Put(c + offsets[2], l2, h2, add); }
        if (R.Count > 3) { Put(c + offsets[3], l3, h3, add); }
        if (R.Count > 4) { Put(c + offsets[4], l4, h4, add); }
        if (R.Count > 5) { Put(c + offsets[5], l5, h5, add); }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector512<float> sums, bool add)
    {
        if (add)
        {
            sums += Vector512.Load(c);
        }
        sums.Store(c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector512<float> low, Vector512<float> high, bool add)
    {
        if (add)
        {
            low += Vector512.Load(c);
            high += Vector512.Load(c + 16);
        }
        low.Store(c);
        high.Store(c + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector256<float> low, Vector256<float> high, bool add)
    {
        if (add)
        {
            low += Vector256.Load(c);
            high += Vector256.Load(c + 8);
        }
        low.Store(c);
        high.Store(c + 8);
    }
}
