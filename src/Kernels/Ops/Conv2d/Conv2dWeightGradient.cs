using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradient of <see cref="Conv2dForward"/> with respect to weight and bias, as partial sums that <see cref="SumRows"/> adds up.</summary>
/// <remarks>input [N, H, W, C], gradOutput [N, output height, output width, F], partials [chunks, Kh Kw C + 1, F], overwritten (the last row is the
/// bias's; without a bias there is no such row). A chunk is a fixed share of the batch's images, so that the sums are the same whatever the number of workers.</remarks>
internal readonly struct Conv2dWeightGradient : ILayerOp<Conv2dWeightGradient, Conv2dWeightGradient.Sizes>, ITiledProduct<Conv2dPixels, Conv2dGradients>
{
    /// <summary>Output pixels whose windows are unrolled at once: with 3 x 3 x 64 weights 216 KiB of the second-level cache. A multiple of 12.</summary>
    private const int Block = 96;

    private readonly ArrayView<float> input, gradOutput, partials;
    private readonly ArrayView<byte> winners;
    private readonly int batch, sliceDepth, slices;

    private Conv2dWeightGradient(in Conv2dShape shape, ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<byte> winners, ArrayView<float> partials, int batch, int sliceDepth)
    {
        Constants = new Sizes(shape, Conv2dWinnerSums.Fits(shape) ? 1 : 0, Float4.Fits(input, shape.Channels), Conv2dOperands.Fits(shape, gradOutput, winners), Float4.Fits(partials, shape.Filters));
        this.input = input;
        this.gradOutput = gradOutput;
        this.winners = winners;
        this.partials = partials;
        this.batch = batch;
        this.sliceDepth = sliceDepth;
        slices = (RowsPerChunk + sliceDepth - 1) / sliceDepth;
    }

    /// <summary>The partial sums that a batch gives.</summary>
    /// <param name="batch">N.</param>
    /// <returns>The number of chunks: at most 16, at most N.</returns>
    public static int Chunks(int batch) => Conv2dShape.Chunks(batch);

    /// <summary>The most partial sums that any batch up to a size gives; a smaller batch may give more than a larger one.</summary>
    /// <param name="maxBatch">The largest N.</param>
    /// <returns>The number of chunks.</returns>
    public static int MostChunks(int maxBatch) => Math.Min(Conv2dShape.MaxChunks, maxBatch);

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="input">[batch, H, W, C].</param>
    /// <param name="gradOutput">[batch, output height, output width, F].</param>
    /// <param name="winners">As <see cref="Conv2dForward"/> left them; unused unless pooled.</param>
    /// <param name="partials">[<see cref="Chunks"/>, Kh Kw C + 1, F], without a bias [<see cref="Chunks"/>, Kh Kw C, F].</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, in Conv2dShape shape, ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<byte> winners, ArrayView<float> partials, int batch)
    {
        Require.Positive(batch);
        Require.Length(input, (long)batch * shape.InputCount);
        Require.Length(gradOutput, (long)batch * shape.OutputCount);
        Require.Length(winners, shape.IsPooled ? (long)batch * shape.OutputCount : 0);
        Require.Length(partials, (long)Chunks(batch) * shape.ParameterCount);
        int chunkDepth = Conv2dShape.ImagesPerChunk(batch) * shape.RowsPerImage, chunks = Chunks(batch);
        int sliceDepth = Conv2dWinnerSums.Fits(shape) ? Conv2dWinnerSums.SliceDepth(shape.Filters, chunkDepth, chunks)
            : TiledProduct.SliceDepth(shape.ParameterRows, shape.Filters, chunkDepth, chunks);
        int slices = (chunkDepth + sliceDepth - 1) / sliceDepth;
        if (slices == 1 || !device.RunsGpuBodies)
        {
            device.Run<Conv2dWeightGradient, Sizes>(new Conv2dWeightGradient(shape, input, gradOutput, winners, partials, batch, chunkDepth));
            return;
        }
        // The slices of all chunks first, so that adding them up is one sum of rows.
        ArrayView<float> parts = device.Scratch((long)slices * chunks * shape.ParameterCount);
        device.Run<Conv2dWeightGradient, Sizes>(new Conv2dWeightGradient(shape, input, gradOutput, winners, parts, batch, sliceDepth));
        SumRows.Run(device, parts, partials, slices, chunks * shape.ParameterCount);
    }

    private Sizes Constants { get; init; }

    Sizes ILayerOp<Conv2dWeightGradient, Sizes>.Constants => Constants;

    Conv2dWeightGradient ILayerOp<Conv2dWeightGradient, Sizes>.With(Sizes constants) => this with { Constants = constants };

    private Conv2dShape Shape => Constants.Shape;

    private int RowsPerChunk => Conv2dShape.ImagesPerChunk(batch) * Shape.RowsPerImage;

    KernelConfig IOp.GpuShape => Constants.FewTaps != 0 ? Conv2dWinnerSums.Shape(Shape.Filters, Chunks(batch) * slices)
        : TiledProduct.Shape(Shape.ParameterRows, Shape.Filters, Chunks(batch) * slices);

    void IOp.Gpu()
    {
        int chunk = Grid.IdxZ % Chunks(batch), slice = Grid.IdxZ / Chunks(batch), depth = RowsPerChunk;
        int first = (chunk * depth) + (slice * sliceDepth), end = Math.Min((chunk * depth) + Math.Min((slice + 1) * sliceDepth, depth), batch * Shape.RowsPerImage);
        ArrayView<float> left = TiledProduct.AllocateLeft(), right = TiledProduct.AllocateRight();
        if (Constants.FewTaps != 0)
        {
            Conv2dWinnerSums.Run(Shape, input, gradOutput, winners, left, Partial, first / 4, end / 4);
        }
        else
        {
            TiledProduct.Run<Conv2dWeightGradient, Conv2dPixels, Conv2dGradients>(this, left, right, first, end);
        }
    }

    private ArrayView<float> Partial => partials.SubView((long)Grid.IdxZ * Shape.ParameterCount, Shape.ParameterCount);

    Conv2dPixels ITiledProduct<Conv2dPixels, Conv2dGradients>.Left(int row, int k, int endK) => new(Shape, input, Constants.VectorInput, row, k, endK);

    Conv2dGradients ITiledProduct<Conv2dPixels, Conv2dGradients>.Right(int column, int k, int endK) => new(Shape, gradOutput, winners, Constants.VectorGradOutput, column, k, endK);

    int ITiledProduct<Conv2dPixels, Conv2dGradients>.Chained => 0;

    void ITiledProduct<Conv2dPixels, Conv2dGradients>.Store(int row, int column, Float4 c0, Float4 c1, Float4 c2, Float4 c3) =>
        TiledProduct.StoreRows(Partial, Constants.VectorPartials, Shape.ParameterRows, Shape.Filters, row, column, c0, c1, c2, c3);

    void IOp.Cpu(in CpuWorker worker)
    {
        if (Shape.IsPooled && Shape.HasShortLines)
        {
            Direct(worker);
        }
        else if (WinnerLines.Fits(Shape))
        {
            Sparse(worker);
        }
        else
        {
            Unrolled(worker);
        }
    }

    /// <remarks>For few channels: a line of output pixels at a time, whose taps are read from the image itself.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Direct(in CpuWorker worker)
    {
        Conv2dShape s = Shape;
        int depth = s.Depth, filters = s.Filters, panels = (filters + Tile.Columns - 1) / Tile.Columns, width = panels * Tile.Columns;
        int pixels = 2 * s.OutputWidth, line = s.KernelWidth * s.Channels, pitch = s.Width * s.Channels;
        nint panel = (nint)pixels * Tile.Columns;
        (int from, int to) = worker.Share(Chunks(batch));
        float* x = CpuWorker.Pointer(input), gradient = CpuWorker.Pointer(gradOutput);
        byte* codes = CpuWorker.Pointer(winners);
        float* lines = worker.Scratch((2 * panel * panels) + ((depth + 1) * (nint)width)), sums = lines + (2 * panel * panels);
        int* offsets = stackalloc int[Tile.Rows];
        Tile.RowOffsets(offsets, width);
        float** taps = stackalloc float*[Tile.Rows];
        new Span<float>(lines, checked((int)(2 * panel * panels))).Clear();
        for (int chunk = from; chunk < to; chunk++)
        {
            new Span<float>(sums, (depth + 1) * width).Clear();
            int end = Math.Min((chunk + 1) * Conv2dShape.ImagesPerChunk(batch), batch) * s.OutputHeight;
            for (int row = chunk * Conv2dShape.ImagesPerChunk(batch) * s.OutputHeight; row < end; row++)
            {
                nint at = (nint)row * s.OutputWidth * filters;
                Unroll.GradientLines(gradient + at, codes + at, s.OutputWidth, filters, lines, sums + ((nint)depth * width));
                float* image = x + ((nint)(row / s.OutputHeight) * s.InputCount) + ((nint)(row % s.OutputHeight) * 2 * s.Stride * pitch);
                for (int lower = 0; lower < 2; lower++, image += s.Stride * pitch)
                {
                    for (int first = 0; first < depth; first += Tile.Rows)
                    {
                        int count = Math.Min(Tile.Rows, depth - first);
                        for (int i = 0; i < count; i++)
                        {
                            taps[i] = image + ((first + i) / line * pitch) + ((first + i) % line);
                        }
                        for (int j = 0; j < panels; j++)
                        {
                            Tile.Multiply(count, Tile.WidthOf(filters - (j * Tile.Columns)), taps, s.Stride * s.Channels, lines + (((j * 2) + lower) * panel), Tile.Columns, pixels, sums + (first * width) + (j * Tile.Columns), offsets, true);
                        }
                    }
                }
            }
            StoreSums(sums, width, chunk);
        }
    }

    /// <remarks>Image by image, filter by filter: the inputs that the filter's winners saw, a line of the kernel at a time, with that line's sums in registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Sparse(in CpuWorker worker)
    {
        Conv2dShape s = Shape;
        int depth = s.Depth, filters = s.Filters, line = s.KernelWidth * s.Channels, windows = s.OutputHeight * s.OutputWidth;
        (int height, int width) = WinnerLines.Padded(s);
        (int from, int to) = worker.Share(Chunks(batch));
        int imageLength = height * width * s.Channels, winnersLength = filters * windows * sizeof(WinnerLines.Winner) / sizeof(float);
        float* image = worker.Scratch(imageLength + ((nint)filters * depth) + (2 * filters) + winnersLength), sums = image + imageLength;
        float* bias = sums + ((nint)filters * depth);
        int* counts = (int*)(bias + filters);
        var entries = (WinnerLines.Winner*)(counts + filters);
        new Span<float>(image, imageLength).Clear();
        for (int chunk = from; chunk < to; chunk++)
        {
            new Span<float>(sums, (filters * depth) + filters).Clear();
            int end = Math.Min((chunk + 1) * Conv2dShape.ImagesPerChunk(batch), batch);
            for (int n = chunk * Conv2dShape.ImagesPerChunk(batch); n < end; n++)
            {
                Unroll.Pad(s, CpuWorker.Pointer(input) + ((nint)n * s.InputCount), width, image);
                nint at = (nint)n * s.OutputCount;
                WinnerLines.Collect(s, CpuWorker.Pointer(gradOutput) + at, CpuWorker.Pointer(winners) + at, width, entries, counts);
                for (int f = 0; f < filters; f++)
                {
                    WinnerLines.Winner* own = entries + (f * windows);
                    for (int i = 0; i < counts[f]; i++)
                    {
                        bias[f] += own[i].Gradient;
                    }
                    for (int ky = 0; ky < s.KernelHeight; ky++)
                    {
                        WinnerLines.Gather(sums + ((nint)f * depth) + (ky * line), image + (ky * width * s.Channels), own, counts[f], line);
                    }
                }
            }
            float* partial = CpuWorker.Pointer(partials) + ((nint)chunk * s.ParameterCount);
            Panel.Transpose(sums, depth, filters, depth, partial, filters);
            new ReadOnlySpan<float>(bias, s.HasBias ? filters : 0).CopyTo(new Span<float>(partial + ((nint)depth * filters), filters));
        }
    }

    private unsafe void StoreSums(float* sums, int width, int chunk)
    {
        float* partial = CpuWorker.Pointer(partials) + ((nint)chunk * Shape.ParameterCount);
        for (int i = 0; i < Shape.ParameterRows; i++)
        {
            new ReadOnlySpan<float>(sums + ((nint)i * width), Shape.Filters).CopyTo(new Span<float>(partial + ((nint)i * Shape.Filters), Shape.Filters));
        }
    }

    /// <remarks>A block of output pixels at a time: their unrolled windows, transposed by the way they are read, times their gradients, added to the chunk's sums.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Unrolled(in CpuWorker worker)
    {
        Conv2dShape s = Shape;
        int depth = s.Depth, filters = s.Filters, panels = (filters + Tile.Columns - 1) / Tile.Columns, width = panels * Tile.Columns;
        (int from, int to) = worker.Share(Chunks(batch));
        if (from >= to)
        {
            return;
        }
        float* x = CpuWorker.Pointer(input), gradient = CpuWorker.Pointer(gradOutput);
        byte* codes = CpuWorker.Pointer(winners);
        float* packed = worker.Scratch((2 * (nint)Block * width) + ((nint)Block * depth) + ((depth + 1) * (nint)width));
        float* rows = packed + (Block * width), sums = rows + (Block * width), windows = sums + ((depth + 1) * (nint)width);
        int* offsets = stackalloc int[Tile.Rows];
        Tile.RowOffsets(offsets, width);
        float** taps = stackalloc float*[Tile.Rows];
        new Span<float>(rows, Block * width).Clear();
        for (int chunk = from; chunk < to; chunk++)
        {
            new Span<float>(sums, checked((depth + 1) * width)).Clear();
            int end = Math.Min((chunk + 1) * RowsPerChunk, batch * s.RowsPerImage);
            for (int first = chunk * RowsPerChunk; first < end; first += Block)
            {
                int count = Math.Min(Block, end - first);
                Unroll.Rows(s, x, first, count, windows);
                Unroll.Gradients(s, gradient, codes, first, count, width, rows);
                for (int i = 0; i < count && s.HasBias; i++)
                {
                    Elements.Add(sums + ((nint)depth * width), rows + (i * width), width);
                }
                for (int j = 0; j < panels; j++)
                {
                    Panel.Pack(rows + (j * Tile.Columns), width, 1, count, Tile.Columns, packed + (j * count * Tile.Columns));
                }
                for (int i = 0; i < depth; i += Tile.Rows)
                {
                    Tile.RowPointers(taps, windows + i, 1);
                    for (int j = 0; j < panels; j++)
                    {
                        Tile.Multiply(Math.Min(Tile.Rows, depth - i), Tile.WidthOf(filters - (j * Tile.Columns)), taps, depth, packed + (j * count * Tile.Columns), Tile.Columns, count, sums + ((nint)i * width) + (j * Tile.Columns), offsets, true);
                    }
                }
            }
            StoreSums(sums, width, chunk);
        }
    }

    /// <summary>What a layer's launches have in common.</summary>
    /// <param name="Shape">The convolution.</param>
    /// <param name="FewTaps">1 when a thread has the sums of all taps of a filter.</param>
    /// <param name="VectorInput">1 when four input channels can be read at once.</param>
    /// <param name="VectorGradOutput">1 when gradients of four filters can.</param>
    /// <param name="VectorPartials">1 when sums of four filters can be written at once.</param>
    internal readonly record struct Sizes(Conv2dShape Shape, int FewTaps, int VectorInput, int VectorGradOutput, int VectorPartials);
}
