using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Convolution and bias; for a pooled shape also ReLU and 2 x 2 max-pooling.</summary>
/// <remarks>input [N, H, W, C], parameters [Kh Kw C + 1, F] (the last row is the bias), output [N, Ho, Wo, F] or pooled, overwritten. Every convolution
/// value is a sum in the order ky, kx, c, of chains of multiply-adds. A window's winner is its largest value, the first of equals; NaN wins.</remarks>
public readonly struct Conv2dForward : IOp, ITiledProduct
{
    /// <summary>Terms of a chain on the CPU before it is added to the sum: a chain's rounding errors grow with its length.</summary>
    private const int ChainLength = 128;

    private readonly Conv2dShape shape;
    private readonly ArrayView<float> input, parameters, output;
    private readonly ArrayView<byte> winners;
    private readonly int batch;

    private Conv2dForward(in Conv2dShape shape, ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> output, ArrayView<byte> winners, int batch)
    {
        this.shape = shape;
        this.input = input;
        this.parameters = parameters;
        this.output = output;
        this.winners = winners;
        this.batch = batch;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="input">[batch, H, W, C].</param>
    /// <param name="parameters">[Kh Kw C + 1, F].</param>
    /// <param name="output">[batch, output height, output width, F].</param>
    /// <param name="winners">For a pooled shape, as many bytes as outputs: 0 to 3 for the value of the window that won, 4 where ReLU closed it. Else unused.</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, in Conv2dShape shape, ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> output, ArrayView<byte> winners, int batch)
    {
        Require.Positive(batch);
        Require.Length(input, (long)batch * shape.InputCount);
        Require.Length(parameters, shape.ParameterCount);
        Require.Length(output, (long)batch * shape.OutputCount);
        Require.Length(winners, shape.IsPooled ? (long)batch * shape.OutputCount : 0);
        device.Run(new Conv2dForward(shape, input, parameters, output, winners, batch));
    }

    private int Rows => batch * shape.RowsPerImage;

    KernelConfig IOp.GpuShape => TiledProduct.Shape(Rows, shape.Filters);

    int ITiledProduct.Rows => Rows;

    int ITiledProduct.Columns => shape.Filters;

    int ITiledProduct.LeftAlongDepth => 1;

    int ITiledProduct.RightAlongDepth => 0;

    void IOp.Gpu() => TiledProduct.Run(this, 0, shape.Depth);

    float ITiledProduct.Left(int row, int k) => Conv2dOperands.Input(shape, input, row, k);

    float ITiledProduct.Right(int k, int column) => parameters[((long)k * shape.Filters) + column];

    void ITiledProduct.Store(int row, int column, float c0, float c1, float c2, float c3)
    {
        float bias = parameters[((long)shape.Depth * shape.Filters) + column];
        if (!shape.IsPooled)
        {
            TiledProduct.StoreRows(output, Rows, shape.Filters, row, column, c0 + bias, c1 + bias, c2 + bias, c3 + bias);
            return;
        }
        float best = c0;
        int winner = 0;
        if (Beats(c1, best)) { best = c1; winner = 1; }
        if (Beats(c2, best)) { best = c2; winner = 2; }
        if (Beats(c3, best)) { best = c3; winner = 3; }
        best += bias;
        bool closed = best <= 0f;
        long at = ((long)(row / 4) * shape.Filters) + column;
        output[at] = closed ? 0f : best;
        winners[at] = (byte)(closed ? Conv2dOperands.Closed : winner);
    }

    private static bool Beats(float x, float best) => x > best || float.IsNaN(x);

    /// <remarks>Twelve output pixels at a time: their windows are copied into the rows of a small matrix, which all panels of filters are multiplied with,
    /// and what comes out is finished while it is in the first-level cache.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        Conv2dShape s = shape;
        int depth = s.Depth, filters = s.Filters, panels = (filters + Tile.Columns - 1) / Tile.Columns, width = panels * Tile.Columns;
        (int from, int to) = worker.Share(Rows, Tile.Rows);
        if (from >= to)
        {
            return;
        }
        float* x = CpuWorker.Pointer(input), weight = CpuWorker.Pointer(parameters), y = CpuWorker.Pointer(output);
        byte* codes = CpuWorker.Pointer(winners);
        float* packed = worker.Scratch(((nint)depth * width) + (Tile.Rows * (nint)depth) + ((Tile.Rows + 1) * width));
        float* conv = packed + ((nint)depth * width), bias = conv + (Tile.Rows * width), rows = bias + width;
        for (int j = 0; j < panels; j++)
        {
            Panel.Pack(weight + (j * Tile.Columns), filters, 1, depth, Math.Min(Tile.Columns, filters - (j * Tile.Columns)), packed + ((nint)j * depth * Tile.Columns));
        }
        new Span<float>(bias, width).Clear();
        new Span<float>(weight + ((nint)depth * filters), filters).CopyTo(new Span<float>(bias, filters));
        int* offsets = stackalloc int[Tile.Rows];
        Tile.RowOffsets(offsets, width);
        for (int first = from; first < to; first += Tile.Rows)
        {
            int count = Math.Min(Tile.Rows, to - first);
            Unroll.Rows(s, x, first, count, rows);
            for (int j = 0; j < panels; j++)
            {
                float* panel = packed + ((nint)j * depth * Tile.Columns);
                for (int k = 0; k < depth; k += ChainLength)
                {
                    Tile.Multiply(count, Tile.Columns, rows + k, depth, 1, panel + ((nint)k * Tile.Columns), Tile.Columns, Math.Min(ChainLength, depth - k), conv + (j * Tile.Columns), offsets, k > 0);
                }
            }
            if (s.IsPooled)
            {
                for (int i = 0; i < count; i += 4)
                {
                    nint at = (nint)((first + i) / 4) * filters;
                    PoolWindow(conv + (i * width), width, bias, filters, y + at, codes + at);
                }
            }
            else
            {
                for (int i = 0; i < count; i++)
                {
                    Elements.AddBias(conv + (i * width), bias, width, 0);
                    new ReadOnlySpan<float>(conv + (i * width), filters).CopyTo(new Span<float>(y + ((nint)(first + i) * filters), filters));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void PoolWindow(float* conv, int width, float* bias, int filters, float* output, byte* winners)
    {
        float* best = stackalloc float[CpuWorker.Line];
        int* codes = stackalloc int[CpuWorker.Line];
        for (int f = 0; f < filters; f += CpuWorker.Line)
        {
            Vector512<float> m = Vector512.Load(conv + f);
            Vector512<int> winner = Vector512<int>.Zero;
            for (int i = 1; i < 4; i++)
            {
                Vector512<float> x = Vector512.Load(conv + (i * width) + f);
                Vector512<float> beats = Vector512.GreaterThan(x, m) | ~Vector512.Equals(x, x);
                m = Vector512.ConditionalSelect(beats, x, m);
                winner = Vector512.ConditionalSelect(beats.AsInt32(), Vector512.Create(i), winner);
            }
            m += Vector512.Load(bias + f);
            Vector512<float> closed = Vector512.LessThanOrEqual(m, Vector512<float>.Zero);
            m = Vector512.ConditionalSelect(closed, Vector512<float>.Zero, m);
            winner = Vector512.ConditionalSelect(closed.AsInt32(), Vector512.Create((int)Conv2dOperands.Closed), winner);
            if (filters - f >= CpuWorker.Line)
            {
                m.Store(output + f);
                Narrow(winner).Store(winners + f);
                continue;
            }
            m.Store(best);
            winner.Store(codes);
            for (int i = 0; f + i < filters; i++)
            {
                output[f + i] = best[i];
                winners[f + i] = (byte)codes[i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector512<int> values)
    {
        Vector256<short> half = Vector256.Narrow(values.GetLower(), values.GetUpper());
        return Vector128.Narrow(half.GetLower(), half.GetUpper()).AsByte();
    }
}
