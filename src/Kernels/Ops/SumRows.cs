using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Adds up the rows of a matrix: partial sums become a sum.</summary>
/// <remarks>input [rows, columns], output [columns], overwritten. On the CPU rows are added in their order. On a GPU several threads share the rows of a column where there are many
/// rows and few columns, and a tree adds their sums; how many hangs on the sizes alone.</remarks>
internal readonly struct SumRows : IOp
{
    private const int Threads = 256;

    /// <summary>Rows that a thread adds at least: below that, the tree costs more than it saves.</summary>
    private const int LeastRows = 8;

    /// <summary>Threads that share a column at most; four neighbouring threads then still read 64 bytes in a row.</summary>
    private const int MostLanes = 64;

    /// <summary>Threads that keep a large GPU's memory busy, with four loads of 16 bytes on the way each: 3.35 TB/s times the 600 ns that a load takes.</summary>
    private const int BusyThreads = 1 << 15;

    private readonly ArrayView<float> input, output;
    private readonly int rows, columns, lanes, vector, relu;

    private SumRows(ArrayView<float> input, ArrayView<float> output, int rows, int columns, bool relu)
    {
        this.input = input;
        this.output = output;
        this.rows = rows;
        this.columns = columns;
        this.relu = relu ? 1 : 0;
        vector = Float4.Fits(input, columns) & Float4.Fits(output);
        lanes = 1;
        while (lanes < MostLanes && rows >= 2 * lanes * LeastRows && (long)lanes * columns / Float4.Count < BusyThreads)
        {
            lanes *= 2;
        }
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[rows, columns].</param>
    /// <param name="output">[columns].</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="relu">Whether to set negative sums to zero.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> output, int rows, int columns, bool relu = false)
    {
        Require.Positive(rows);
        Require.Positive(columns);
        Require.Length(input, (long)rows * columns);
        Require.Length(output, columns);
        device.Run(new SumRows(input, output, rows, columns, relu));
    }

    /// <summary>Columns of a thread.</summary>
    private int Width => vector != 0 ? Float4.Count : 1;

    /// <summary>Threads of a group that stand side by side.</summary>
    private int Strips => Threads / lanes;

    KernelConfig IOp.GpuShape => (((columns - 1) / (Width * Strips)) + 1, Threads);

    void IOp.Gpu()
    {
        ArrayView<float> sums = SharedMemory.Allocate<Float4>(Threads).Cast<float>();
        int strips = Strips, lane = Group.IdxX / strips, column = Width * ((Grid.IdxX * strips) + (Group.IdxX % strips));
        Float4 sum = column < columns ? Sum(lane, column) : default;
        if (lanes > 1)
        {
            sum.Store(sums, Float4.Count * Group.IdxX);
            for (int half = lanes >> 1; half > 0; half >>= 1)
            {
                Group.Barrier();
                if (lane < half)
                {
                    sum += Float4.Load(sums, Float4.Count * (Group.IdxX + (half * strips)));
                    sum.Store(sums, Float4.Count * Group.IdxX);
                }
            }
        }
        if (lane > 0 || column >= columns)
        {
            return;
        }
        sum = new(Activate(sum.X), Activate(sum.Y), Activate(sum.Z), Activate(sum.W));
        if (vector != 0)
        {
            sum.Store(output, column);
            return;
        }
        output[column] = sum.X;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        (int from, int to) = worker.Share(columns, CpuWorker.Line);
        float* x = CpuWorker.Pointer(input), y = CpuWorker.Pointer(output);
        // A strip of columns at a time stays in the first-level cache while all rows are added to it.
        const int strip = 2048;
        for (int first = from; first < to; first += strip)
        {
            int count = Math.Min(strip, to - first);
            new ReadOnlySpan<float>(x + first, count).CopyTo(new Span<float>(y + first, count));
            for (int row = 1; row < rows; row++)
            {
                Elements.Add(y + first, x + ((nint)row * columns) + first, count);
            }
            if (relu != 0)
            {
                Elements.Relu(y + first, count);
            }
        }
    }

    /// <summary>Every <see cref="lanes"/>-th row from one on, in their order. Four loads are on the way before the first is waited for.</summary>
    private Float4 Sum(int row, int column)
    {
        long pitch = (long)lanes * columns, at = ((long)row * columns) + column;
        Float4 sum = Load(at);
        for (row += lanes, at += pitch; row + (3 * lanes) < rows; row += 4 * lanes, at += 4 * pitch)
        {
            Float4 a = Load(at), b = Load(at + pitch), c = Load(at + (2 * pitch)), d = Load(at + (3 * pitch));
            sum = sum + a + b + c + d;
        }
        for (; row < rows; row += lanes, at += pitch)
        {
            sum += Load(at);
        }
        return sum;
    }

    /// <summary>Four columns, or one and zeros.</summary>
    private Float4 Load(long at) => vector != 0 ? Float4.Load(input, at) : new(input[at], 0f, 0f, 0f);

    /// <remarks>One comparison a choice: of two joined ones the second becomes a jump over "greater or NaN", whose "or NaN" ILGPU 1.5.3 loses in OpenCL C, and NaN would become zero.</remarks>
    private float Activate(float sum)
    {
        float closed = relu != 0 ? 0f : sum;
        return sum <= 0f ? closed : sum;
    }
}
