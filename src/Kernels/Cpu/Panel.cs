using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuCnn.Kernels;

/// <summary>Packing of a matrix into panels of 32 columns, row after row, as <see cref="Tile"/> reads its right side.</summary>
internal static unsafe class Panel
{
    /// <summary>Packs k rows of up to 32 columns as [k][32]; missing columns become zero.</summary>
    /// <param name="from">Element (i, j) at from[i * rowStride + j * columnStride].</param>
    /// <param name="rowStride">See <paramref name="from"/>.</param>
    /// <param name="columnStride">See <paramref name="from"/>; one of the two strides is 1 on the fast paths.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns, 1 to 32.</param>
    /// <param name="to">rows * 32 floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* from, nint rowStride, nint columnStride, int rows, int columns, float* to)
    {
        if (columnStride == 1 && columns == Tile.Columns)
        {
            for (int i = 0; i < rows; i++, from += rowStride, to += Tile.Columns)
            {
                Vector512<float> low = Vector512.Load(from), high = Vector512.Load(from + 16);
                low.Store(to);
                high.Store(to + 16);
            }
            return;
        }
        if (rowStride == 1 && columns == Tile.Columns && Sse.IsSupported)
        {
            int i = 0;
            for (; i + 4 <= rows; i += 4)
            {
                for (int j = 0; j < Tile.Columns; j += 4)
                {
                    Transpose4(from + i + (j * columnStride), columnStride, to + (i * Tile.Columns) + j);
                }
            }
            from += i;
            to += i * Tile.Columns;
            rows -= i;
        }
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < Tile.Columns; j++)
            {
                to[(i * Tile.Columns) + j] = j < columns ? from[(i * rowStride) + (j * columnStride)] : 0f;
            }
        }
    }

    /// <summary>Writes the transpose of a 4 x 4 block whose rows are <paramref name="stride"/> apart into rows that are 32 apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(float* from, nint stride, float* to)
    {
        Vector128<float> r0 = Vector128.Load(from), r1 = Vector128.Load(from + stride), r2 = Vector128.Load(from + (2 * stride)), r3 = Vector128.Load(from + (3 * stride));
        Vector128<float> low01 = Sse.UnpackLow(r0, r1), high01 = Sse.UnpackHigh(r0, r1), low23 = Sse.UnpackLow(r2, r3), high23 = Sse.UnpackHigh(r2, r3);
        Sse.MoveLowToHigh(low01, low23).Store(to);
        Sse.MoveHighToLow(low23, low01).Store(to + Tile.Columns);
        Sse.MoveLowToHigh(high01, high23).Store(to + (2 * Tile.Columns));
        Sse.MoveHighToLow(high23, high01).Store(to + (3 * Tile.Columns));
    }
}
