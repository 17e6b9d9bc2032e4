using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Adds up the rows of a matrix, in their order: partial sums become a sum.</summary>
/// <remarks>input [rows, columns], output [columns], overwritten.</remarks>
public readonly struct SumRows : IOp
{
    private readonly ArrayView<float> input, output;
    private readonly int rows, columns;

    private SumRows(ArrayView<float> input, ArrayView<float> output, int rows, int columns)
    {
        this.input = input;
        this.output = output;
        this.rows = rows;
        this.columns = columns;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="input">[rows, columns].</param>
    /// <param name="output">[columns].</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<float> input, ArrayView<float> output, int rows, int columns)
    {
        Require.Positive(rows);
        Require.Positive(columns);
        Require.Length(input, (long)rows * columns);
        Require.Length(output, columns);
        device.Run(new SumRows(input, output, rows, columns));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(columns);

    void IOp.Gpu()
    {
        int column = Grid.GlobalIndex.X;
        if (column >= columns)
        {
            return;
        }
        float sum = input[column];
        for (int row = 1; row < rows; row++)
        {
            sum += input[((long)row * columns) + column];
        }
        output[column] = sum;
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
        }
    }
}
