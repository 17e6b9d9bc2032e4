using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Convolution and bias; for a pooled shape also ReLU and 2 x 2 max-pooling.</summary>
/// <remarks>input [N, H, W, C], parameters [Kh Kw C + 1, F] (the last row is the bias; without one there is no such row), output [N, Ho, Wo, F] or pooled, overwritten. Every convolution
/// value is a sum in the order ky, kx, c, of chains of multiply-adds. A window's winner is its largest value, the first of equals; NaN wins.</remarks>
internal readonly struct Conv2dForward : ILayerOp<Conv2dForward, Conv2dForward.Sizes>, ITiledProduct<Conv2dWindows, WideQuads>
{
    private readonly ArrayView<float> input, parameters, output;
    private readonly ArrayView<byte> winners;
    private readonly int batch;

    private Conv2dForward(in Conv2dShape shape, ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> output, ArrayView<byte> winners, int batch)
    {
        Constants = new Sizes(shape, Float4.Fits(input, shape.Channels), Float4.Fits(parameters, shape.Filters), Conv2dOperands.Fits(shape, output, winners));
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
    /// <param name="parameters">[Kh Kw C + 1, F], without a bias [Kh Kw C, F].</param>
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
        device.Run<Conv2dForward, Sizes>(new Conv2dForward(shape, input, parameters, output, winners, batch));
    }

    private Sizes Constants { get; init; }

    Sizes ILayerOp<Conv2dForward, Sizes>.Constants => Constants;

    Conv2dForward ILayerOp<Conv2dForward, Sizes>.With(Sizes constants) => this with { Constants = constants };

    private Conv2dShape Shape => Constants.Shape;

    private int Rows => batch * Shape.RowsPerImage;

    KernelConfig IOp.GpuShape => TiledProduct.Shape(Rows, Shape.Filters);

    void IOp.Gpu() => TiledProduct.Run<Conv2dForward, Conv2dWindows, WideQuads>(this, 0, Shape.Depth);

    Conv2dWindows ITiledProduct<Conv2dWindows, WideQuads>.Left(int row, int k, int endK) => new(Shape, input, Constants.VectorInput, Rows, row, k);

    WideQuads ITiledProduct<Conv2dWindows, WideQuads>.Right(int column, int k, int endK) => new(parameters, Constants.VectorParameters, Shape.Filters, 0, column, k, endK);

    int ITiledProduct<Conv2dWindows, WideQuads>.Chained => 1;

    void ITiledProduct<Conv2dWindows, WideQuads>.Store(int row, int column, Float4 c0, Float4 c1, Float4 c2, Float4 c3)
    {
        int count = Shape.Filters - column;
        Float4 bias = Float4.Load(parameters, ((long)Shape.Depth * Shape.Filters) + column, Shape.HasBias ? count : 0);
        if (!Shape.IsPooled)
        {
            TiledProduct.StoreRows(output, Constants.VectorOutput, Rows, Shape.Filters, row, column, c0 + bias, c1 + bias, c2 + bias, c3 + bias);
            return;
        }
        if (row >= Rows || count <= 0)
        {
            return;
        }
        (float x, uint codeX) = Pool(c0.X, c1.X, c2.X, c3.X, bias.X);
        (float y, uint codeY) = Pool(c0.Y, c1.Y, c2.Y, c3.Y, bias.Y);
        (float z, uint codeZ) = Pool(c0.Z, c1.Z, c2.Z, c3.Z, bias.Z);
        (float w, uint codeW) = Pool(c0.W, c1.W, c2.W, c3.W, bias.W);
        long at = ((long)(row / 4) * Shape.Filters) + column;
        if (Constants.VectorOutput != 0)
        {
            new Float4(x, y, z, w).Store(output, at);
            winners.SubView(at, Float4.Count).Cast<uint>()[0] = codeX | (codeY << 8) | (codeZ << 16) | (codeW << 24);
            return;
        }
        new Float4(x, y, z, w).Store(output, at, count);
        winners[at] = (byte)codeX;
        if (count > 1) { winners[at + 1] = (byte)codeY; }
        if (count > 2) { winners[at + 2] = (byte)codeZ; }
        if (count > 3) { winners[at + 3] = (byte)codeW; }
    }

    /// <summary>The largest of a window's values with bias and ReLU, and its position.</summary>
    private static (float Value, uint Code) Pool(float c0, float c1, float c2, float c3, float bias)
    {
        float best = c0;
        uint winner = 0;
        if (Beats(c1, best)) { best = c1; winner = 1; }
        if (Beats(c2, best)) { best = c2; winner = 2; }
        if (Beats(c3, best)) { best = c3; winner = 3; }
        best += bias;
        return best <= 0f ? (0f, Conv2dOperands.Closed) : (best, winner);
    }

    private static bool Beats(float x, float best) => x > best || float.IsNaN(x);

    void IOp.Cpu(in CpuWorker worker)
    {
        if (Shape.IsPooled && Shape.HasShortLines && Shape.OutputWidth >= 2)
        {
            Direct(worker);
        }
        else
        {
            Tiled(worker);
        }
    }

    private unsafe void Tiled(in CpuWorker worker)
    {
        (int from, int to) = WindowProduct.Share(worker, Shape, batch);
        if (from >= to)
        {
            return;
        }
        int width = WindowProduct.Width(Shape);
        bool packed = !WindowProduct.IsFew(Shape, batch) || Shape.Filters % Tile.Columns != 0;
        nint weights = packed ? (nint)Shape.Depth * width : 0;
        float* packs = worker.Scratch(weights + width + WindowProduct.Scratch(Shape)), bias = packs + weights;
        if (packed)
        {
            PackWeight(packs, width);
        }
        PackBias(bias, width);
        WindowProduct.Run(worker, Shape, batch, CpuWorker.Pointer(input), packed ? packs : CpuWorker.Pointer(parameters), packed, bias, CpuWorker.Pointer(output), CpuWorker.Pointer(winners), bias + width);
    }

    /// <remarks>For few input channels, where copying windows would cost more than multiplying them: the four values of a pooling window for 32 filters at a time, straight
    /// from the image. Eight sums are as many as hide the latency of a multiply-add.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Direct(in CpuWorker worker)
    {
        Conv2dShape s = Shape;
        int depth = s.Depth, filters = s.Filters, width = (filters + Tile.Columns - 1) / Tile.Columns * Tile.Columns;
        int pitch = s.Width * s.Channels, right = s.Stride * s.Channels, down = s.Stride * pitch;
        (int from, int to) = worker.Share(batch * s.OutputHeight);
        float* packed = worker.Scratch(((nint)depth + 1) * width), bias = packed + ((nint)depth * width);
        PackWeight(packed, width);
        PackBias(bias, width);
        float* image = CpuWorker.Pointer(input), y = CpuWorker.Pointer(output);
        byte* codes = CpuWorker.Pointer(winners);
        bool wide = Vector512.IsHardwareAccelerated;
        for (int row = from; row < to; row++)
        {
            float* x = image + ((nint)(row / s.OutputHeight) * s.InputCount) + ((nint)(row % s.OutputHeight) * 2 * down);
            nint at = (nint)row * s.OutputWidth * filters;
            for (int column = 0; column < s.OutputWidth; column++, x += 2 * right, at += filters)
            {
                for (int f = 0; f < width; f += Tile.Columns)
                {
                    float* w = packed + ((nint)f * depth);
                    if (wide)
                    {
                        Window(s, x, w, bias + f, filters - f, y + at + f, codes + at + f);
                        continue;
                    }
                    // A loop, not two calls: what the JIT inlines into one method is limited, and a second copy of the body would be beyond it.
                    for (int half = f; half < Math.Min(f + Tile.Columns, filters); half += CpuWorker.Line)
                    {
                        HalfWindow(s, x, w + (half - f), bias + half, filters - half, y + at + half, codes + at + half);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Window(in Conv2dShape s, float* x, float* w, float* bias, int filters, float* y, byte* codes)
    {
        Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        int line = s.KernelWidth * s.Channels, pitch = s.Width * s.Channels, right = s.Stride * s.Channels;
        float* p = x, q = x + (s.Stride * pitch);
        for (int ky = 0; ky < s.KernelHeight; ky++, p += pitch, q += pitch)
        {
            for (int k = 0; k < line; k++, w += Tile.Columns)
            {
                Vector512<float> low = Vector512.Load(w), high = Vector512.Load(w + 16), pixel = Vector512.Create(p[k]);
                a0 = Vector512.FusedMultiplyAdd(pixel, low, a0);
                a1 = Vector512.FusedMultiplyAdd(pixel, high, a1);
                pixel = Vector512.Create(p[k + right]);
                b0 = Vector512.FusedMultiplyAdd(pixel, low, b0);
                b1 = Vector512.FusedMultiplyAdd(pixel, high, b1);
                pixel = Vector512.Create(q[k]);
                c0 = Vector512.FusedMultiplyAdd(pixel, low, c0);
                c1 = Vector512.FusedMultiplyAdd(pixel, high, c1);
                pixel = Vector512.Create(q[k + right]);
                d0 = Vector512.FusedMultiplyAdd(pixel, low, d0);
                d1 = Vector512.FusedMultiplyAdd(pixel, high, d1);
            }
        }
        PoolWindow.Store(a0, b0, c0, d0, bias, filters, y, codes);
        if (filters > CpuWorker.Line)
        {
            PoolWindow.Store(a1, b1, c1, d1, bias + 16, filters - 16, y + 16, codes + 16);
        }
    }

    /// <remarks>As <see cref="Window"/>, with 16 filters in the same eight sums.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void HalfWindow(in Conv2dShape s, float* x, float* w, float* bias, int filters, float* y, byte* codes)
    {
        Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        int line = s.KernelWidth * s.Channels, pitch = s.Width * s.Channels, right = s.Stride * s.Channels;
        float* p = x, q = x + (s.Stride * pitch);
        for (int ky = 0; ky < s.KernelHeight; ky++, p += pitch, q += pitch)
        {
            for (int k = 0; k < line; k++, w += Tile.Columns)
            {
                Vector256<float> low = Vector256.Load(w), high = Vector256.Load(w + 8), pixel = Vector256.Create(p[k]);
                a0 = Vector256.FusedMultiplyAdd(pixel, low, a0);
                a1 = Vector256.FusedMultiplyAdd(pixel, high, a1);
                pixel = Vector256.Create(p[k + right]);
                b0 = Vector256.FusedMultiplyAdd(pixel, low, b0);
                b1 = Vector256.FusedMultiplyAdd(pixel, high, b1);
                pixel = Vector256.Create(q[k]);
                c0 = Vector256.FusedMultiplyAdd(pixel, low, c0);
                c1 = Vector256.FusedMultiplyAdd(pixel, high, c1);
                pixel = Vector256.Create(q[k + right]);
                d0 = Vector256.FusedMultiplyAdd(pixel, low, d0);
                d1 = Vector256.FusedMultiplyAdd(pixel, high, d1);
            }
        }
        PoolWindow.Store(a0, b0, c0, d0, bias, filters, y, codes);
        if (filters > PoolWindow.HalfLine)
        {
            PoolWindow.Store(a1, b1, c1, d1, bias + 8, filters - 8, y + 8, codes + 8);
        }
    }

    /// <summary>Packs the weights as panels of 32 filters.</summary>
    private unsafe void PackWeight(float* packed, int width)
    {
        for (int f = 0; f < width; f += Tile.Columns)
        {
            Panel.Pack(CpuWorker.Pointer(parameters) + f, Shape.Filters, 1, Shape.Depth, Math.Min(Tile.Columns, Shape.Filters - f), packed + ((nint)f * Shape.Depth));
        }
    }

    /// <summary>Copies the bias, with zeros up to the width of all panels.</summary>
    private unsafe void PackBias(float* bias, int width)
    {
        new Span<float>(bias, width).Clear();
        int count = Shape.HasBias ? Shape.Filters : 0;
        new ReadOnlySpan<float>(CpuWorker.Pointer(parameters) + ((nint)Shape.Depth * Shape.Filters), count).CopyTo(new Span<float>(bias, Shape.Filters));
    }

    /// <summary>What a layer's launches have in common.</summary>
    /// <param name="Shape">The convolution.</param>
    /// <param name="VectorInput">1 when four input channels can be read at once.</param>
    /// <param name="VectorParameters">1 when four filters can.</param>
    /// <param name="VectorOutput">1 when four outputs can be written at once.</param>
    internal readonly record struct Sizes(Conv2dShape Shape, int VectorInput, int VectorParameters, int VectorOutput);
}
