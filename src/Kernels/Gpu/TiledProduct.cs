using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>What one thread loads of one side of a product: four neighbours, again and again, <see cref="TiledProduct.Depth"/> deeper each time. A mutable
/// struct that stands at its place, so that advancing costs additions; divisions are done when it is made.</summary>
internal interface IQuads
{
    /// <summary>1 when the four neighbours lie along the depth k, 0 when they lie along the side's rows or columns.</summary>
    int AlongDepth { get; }

    /// <summary>The four at this depth; zeros outside.</summary>
    Float4 Load();

    /// <summary>The four that lie half a tile of 128 rows further, at the same depth.</summary>
    Float4 LoadFurther();

    /// <summary>Goes <see cref="TiledProduct.Depth"/> deeper.</summary>
    void Advance();
}

/// <summary>A matrix product whose sides are read through <see cref="IQuads"/>, so that dense layers, convolutions and all their gradients share one GPU body:
/// C[i, j] = sum over k of Left(i, k) Right(k, j).</summary>
internal interface ITiledProduct<TLeft, TRight> where TLeft : struct, IQuads where TRight : struct, IQuads
{
    /// <summary>Places a thread's cursor on the left side.</summary>
    /// <param name="row">The first row, or the first of four; it may lie outside.</param>
    /// <param name="k">The first depth, or the first of four.</param>
    /// <param name="endK">Where the depth ends for this group.</param>
    TLeft Left(int row, int k, int endK);

    /// <summary>Places a thread's cursor on the right side.</summary>
    /// <param name="column">The first column, or the first of four; it may lie outside.</param>
    /// <param name="k">The first depth, or the first of four.</param>
    /// <param name="endK">Where the depth ends for this group.</param>
    TRight Right(int column, int k, int endK);

    /// <summary>1 when sums are made of chains, as outputs are, whose last digits decide which value a pooling window takes; 0 for one chain, which takes 32 registers less, as gradients are.</summary>
    int Chained { get; }

    /// <summary>Takes C[row..row+3, column..column+3]; both start at multiples of 4 and may lie outside C, in part or altogether.</summary>
    void Store(int row, int column, Float4 c0, Float4 c1, Float4 c2, Float4 c3);
}

/// <summary>The GPU body of <see cref="ITiledProduct{TLeft, TRight}"/>: a group of 256 threads computes a 128 x 64 tile of C, each thread 8 x 4 of it, from
/// 16-deep tiles in shared memory. Each element is a sum, in the order of k, of chains of <see cref="ChainLength"/> multiply-adds, or one chain.</summary>
/// <remarks>
/// A thread reads 12 floats of shared memory in three 128-bit loads for 32 multiply-adds: of a warp's loads those of the left side are broadcasts and those
/// of the right side 256 neighbouring bytes, some 4 cycles of shared memory for 8 cycles of a multiprocessor's 128 lanes, so that arithmetic is the limit. There are two tiles of shared
/// memory, 25 KB: while one is multiplied the next one is on its way from global memory in 12 registers, and one barrier a tile is enough.
/// </remarks>
internal static class TiledProduct
{
    /// <summary>Terms of a chain before it is added to the sum: a chain's rounding errors grow with its length.</summary>
    public const int ChainLength = 32;

    /// <summary>Depth of a tile.</summary>
    public const int Depth = 16;

    /// <summary>How far apart the two quads are that a thread loads of the left side.</summary>
    public const int Further = 64;

    private const int Rows = 128, Columns = 64, Threads = 256;

    /// <summary>Groups that keep a large GPU busy: two at a time on each of some 130 multiprocessors, twice. Fixed, so that results do not depend on the device.</summary>
    public const int BusyGroups = 512;

    /// <summary>A slice of the depth is at least so deep: its partial sums must be written and read again.</summary>
    private const int LeastSlice = 128;

    // Four floats more than a row or column has: quads along the depth are stored transposed, and the two of a warp that are four deep apart then fall into different banks.
    private const int LeftPitch = Rows + 4, RightPitch = Columns + 4, LeftTile = Depth * LeftPitch, RightTile = Depth * RightPitch;

    /// <summary>The launch that covers C, once for each slice of the depth.</summary>
    public static KernelConfig Shape(int rows, int columns, int slices = 1) =>
        new(new Index3D((rows + Rows - 1) / Rows, (columns + Columns - 1) / Columns, slices), new Index3D(Threads, 1, 1));

    /// <summary>The depth of a slice, a multiple of <see cref="ChainLength"/>, where a product of few tiles is cut along its depth so that there are groups enough.</summary>
    /// <param name="rows">Rows of C.</param>
    /// <param name="columns">Columns of C.</param>
    /// <param name="depth">Terms of each sum.</param>
    /// <param name="products">How many such products there are in the launch.</param>
    public static int SliceDepth(int rows, int columns, int depth, int products = 1)
    {
        int groups = (rows + Rows - 1) / Rows * ((columns + Columns - 1) / Columns) * products;
        int slices = Math.Max(1, Math.Min(BusyGroups / groups, depth / LeastSlice));
        return (((depth + slices - 1) / slices) + ChainLength - 1) / ChainLength * ChainLength;
    }

    /// <summary>Shared memory for tiles of the left side.</summary>
    public static ArrayView<float> AllocateLeft() => SharedMemory.Allocate<Float4>(2 * LeftTile / Float4.Count).Cast<float>();

    /// <summary>Shared memory for tiles of the right side.</summary>
    public static ArrayView<float> AllocateRight() => SharedMemory.Allocate<Float4>(2 * RightTile / Float4.Count).Cast<float>();

    /// <summary>What one thread does.</summary>
    /// <param name="op">The operands.</param>
    /// <param name="firstK">Where the depth starts for this group.</param>
    /// <param name="endK">Where it ends.</param>
    public static void Run<T, TLeft, TRight>(T op, int firstK, int endK)
        where T : struct, ITiledProduct<TLeft, TRight> where TLeft : struct, IQuads where TRight : struct, IQuads => Run<T, TLeft, TRight>(op, AllocateLeft(), AllocateRight(), firstK, endK);

    /// <summary>What one thread does, in shared memory that it may need for something else too.</summary>
    /// <param name="op">The operands.</param>
    /// <param name="left">For the left side.</param>
    /// <param name="right">For the right side.</param>
    /// <param name="firstK">Where the depth starts for this group.</param>
    /// <param name="endK">Where it ends.</param>
    public static void Run<T, TLeft, TRight>(T op, ArrayView<float> left, ArrayView<float> right, int firstK, int endK)
        where T : struct, ITiledProduct<TLeft, TRight> where TLeft : struct, IQuads where TRight : struct, IQuads
    {
        int thread = Group.IdxX, tx = 4 * (thread & 15), ty = 4 * (thread >> 4);
        int row0 = Grid.IdxX * Rows, column0 = Grid.IdxY * Columns;
        // Along the depth the lanes of a warp are 16 rows and two quads, 32 bytes of each row; along rows or columns 16 quads, 256 bytes, at two depths.
        int deepK = 4 * ((thread & 1) + (2 * (thread >> 7))), deepRow = (thread >> 1) & 63;
        bool leftDeep = default(TLeft).AlongDepth != 0, rightDeep = default(TRight).AlongDepth != 0;
        int leftAt = leftDeep ? (deepK * LeftPitch) + deepRow : ((thread >> 4) * LeftPitch) + tx;
        TLeft a = op.Left(row0 + (leftDeep ? deepRow : tx), firstK + (leftDeep ? deepK : thread >> 4), endK);
        int rightAt = rightDeep ? (deepK * RightPitch) + deepRow : ((thread >> 4) * RightPitch) + tx;
        TRight b = op.Right(column0 + (rightDeep ? deepRow : tx), firstK + (rightDeep ? deepK : thread >> 4), endK);
        Put(left, leftAt, LeftPitch, leftDeep, a.Load());
        Put(left, leftAt + Further, LeftPitch, leftDeep, a.LoadFurther());
        Put(right, rightAt, RightPitch, rightDeep, b.Load());
        Group.Barrier();
        Float4 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        Float4 s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        int tile = 0;
        for (int k0 = firstK; k0 < endK; k0 += Depth)
        {
            Float4 nextA = default, furtherA = default, nextB = default;
            bool more = k0 + Depth < endK;
            if (more)
            {
                a.Advance();
                b.Advance();
                nextA = a.Load();
                furtherA = a.LoadFurther();
                nextB = b.Load();
            }
            int at = (tile * LeftTile) + ty, bt = (tile * RightTile) + tx;
            for (int k = 0; k < Depth; k += 4)
            {
                Step(left, right, at, bt, ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
                Step(left, right, at + LeftPitch, bt + RightPitch, ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
                Step(left, right, at + (2 * LeftPitch), bt + (2 * RightPitch), ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
                Step(left, right, at + (3 * LeftPitch), bt + (3 * RightPitch), ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
                at += 4 * LeftPitch;
                bt += 4 * RightPitch;
            }
            // The other tile was read before the last barrier.
            tile = 1 - tile;
            if (more)
            {
                Put(left, leftAt + (tile * LeftTile), LeftPitch, leftDeep, nextA);
                Put(left, leftAt + Further + (tile * LeftTile), LeftPitch, leftDeep, furtherA);
                Put(right, rightAt + (tile * RightTile), RightPitch, rightDeep, nextB);
            }
            // A slice starts at a multiple of a chain, so that every second tile ends one.
            if (op.Chained != 0 && (tile == 0 || !more))
            {
                s0 += c0; s1 += c1; s2 += c2; s3 += c3; s4 += c4; s5 += c5; s6 += c6; s7 += c7;
                c0 = default; c1 = default; c2 = default; c3 = default; c4 = default; c5 = default; c6 = default; c7 = default;
            }
            Group.Barrier();
        }
        if (op.Chained == 0)
        {
            op.Store(row0 + ty, column0 + tx, c0, c1, c2, c3);
            op.Store(row0 + ty + Further, column0 + tx, c4, c5, c6, c7);
            return;
        }
        op.Store(row0 + ty, column0 + tx, s0, s1, s2, s3);
        op.Store(row0 + ty + Further, column0 + tx, s4, s5, s6, s7);
    }

    /// <summary>Stores 4 x 4 elements of a row-major matrix, without those outside.</summary>
    /// <param name="c">The matrix.</param>
    /// <param name="vector">1 when rows may be stored four elements at a time.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="row">The first row.</param>
    /// <param name="column">The first column.</param>
    /// <param name="c0">The first row's elements.</param>
    /// <param name="c1">The second row's.</param>
    /// <param name="c2">The third row's.</param>
    /// <param name="c3">The fourth row's.</param>
    public static void StoreRows(ArrayView<float> c, int vector, int rows, int columns, int row, int column, Float4 c0, Float4 c1, Float4 c2, Float4 c3)
    {
        long at = ((long)row * columns) + column;
        StoreRow(c, vector, row < rows ? columns - column : 0, at, c0);
        StoreRow(c, vector, row + 1 < rows ? columns - column : 0, at + columns, c1);
        StoreRow(c, vector, row + 2 < rows ? columns - column : 0, at + (2L * columns), c2);
        StoreRow(c, vector, row + 3 < rows ? columns - column : 0, at + (3L * columns), c3);
    }

    private static void StoreRow(ArrayView<float> c, int vector, int count, long at, Float4 values)
    {
        if (vector == 0)
        {
            values.Store(c, at, count);
        }
        else if (count > 0)
        {
            values.Store(c, at);
        }
    }

    private static void Put(ArrayView<float> tile, int at, int pitch, bool transposed, Float4 values)
    {
        if (transposed)
        {
            tile[at] = values.X;
            tile[at + pitch] = values.Y;
            tile[at + (2 * pitch)] = values.Z;
            tile[at + (3 * pitch)] = values.W;
        }
        else
        {
            values.Store(tile, at);
        }
    }

    private static void Step(ArrayView<float> left, ArrayView<float> right, int at, int bt,
        ref Float4 c0, ref Float4 c1, ref Float4 c2, ref Float4 c3, ref Float4 c4, ref Float4 c5, ref Float4 c6, ref Float4 c7)
    {
        Float4 a = Float4.Load(left, at), b = Float4.Load(right, bt), further = Float4.Load(left, at + Further);
        c0 = c0.Plus(a.X, b);
        c1 = c1.Plus(a.Y, b);
        c2 = c2.Plus(a.Z, b);
        c3 = c3.Plus(a.W, b);
        c4 = c4.Plus(further.X, b);
        c5 = c5.Plus(further.Y, b);
        c6 = c6.Plus(further.Z, b);
        c7 = c7.Plus(further.W, b);
    }
}
