using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuCnn.Kernels;

/// <summary>Packing of a matrix into panels of 32 columns, row after row, as <see cref="Tile"/> reads its right side; and transposing.</summary>
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
        if (rowStride == 1 && columns == Tile.Columns)
        {
            Transpose(from, columnStride, columns, rows, to, Tile.Columns);
            return;
        }
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < Tile.Columns; j++)
            {
                to[(i * Tile.Columns) + j] = j < columns ? from[(i * rowStride) + (j * columnStride)] : 0f;
            }
        }
    }

    /// <summary>Writes the transpose of a matrix.</summary>
    /// <param name="from">Element (i, j) at from[i * stride + j].</param>
    /// <param name="stride">See <paramref name="from"/>.</param>
    /// <param name="rows">Rows of <paramref name="from"/>.</param>
    /// <param name="columns">Columns of <paramref name="from"/>.</param>
    /// <param name="to">Element (i, j) goes to to[j * toStride + i].</param>
    /// <param name="toStride">See <paramref name="to"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* from, nint stride, int rows, int columns, float* to, nint toStride)
    {
        int wholeRows = Sse.IsSupported ? rows / 4 * 4 : 0, wholeColumns = columns / 4 * 4;
        for (int j = 0; j < wholeColumns; j += 4)
        {
            for (int i = 0; i < wholeRows; i += 4)
            {
                Transpose4(from + (i * stride) + j, stride, to + (j * toStride) + i, toStride);
            }
        }
        for (int i = 0; i < rows; i++)
        {
            for (int j = i < wholeRows ? wholeColumns : 0; j < columns; j++)
            {
                to[(j * toStride) + i] = from[(i * stride) + j];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(float* from, nint stride, float* to, nint toStride)
    {
        Vector128<float> r0 = Vector128.Load(from), r1 = Vector128.Load(from + stride), r2 = Vector128.Load(from + (2 * stride)), r3 = Vector128.Load(from + (3 * stride));
        Vector128<float> low01 = Sse.UnpackLow(r0, r1), high01 = Sse.UnpackHigh(r0, r1), low23 = Sse.UnpackLow(r2, r3), high23 = Sse.UnpackHigh(r2, r3);
        Sse.MoveLowToHigh(low01, low23).Store(to);
        Sse.MoveHighToLow(low23, low01).Store(to + toStride);
        Sse.MoveLowToHigh(high01, high23).Store(to + (2 * toStride));
        Sse.MoveHighToLow(high23, high01).Store(to + (3 * toStride));
    }
}
