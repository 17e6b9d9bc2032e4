using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradient of <see cref="Conv2dForward"/> with respect to its input.</summary>
/// <remarks>gradOutput [N, output height, output width, F], parameters [Kh Kw C + 1, F] (the last row, the bias, is not read), gradInput [N, H, W, C], overwritten.
/// Gathered, not scattered: every element has one writer and a fixed order of terms.</remarks>
internal readonly struct Conv2dInputGradient : ILayerOp<Conv2dInputGradient, Conv2dInputGradient.Sizes>, ITiledProduct<Conv2dGradientWindows, Conv2dTaps>
{
    private readonly ArrayView<float> gradOutput, parameters, gradInput;
    private readonly ArrayView<byte> winners;
    private readonly int batch;

    private Conv2dInputGradient(in Conv2dShape shape, ArrayView<float> gradOutput, ArrayView<byte> winners, ArrayView<float> parameters, ArrayView<float> gradInput, int batch)
    {
        Constants = new Sizes(shape, new StridedSizes(shape), Conv2dOperands.Fits(shape, gradOutput, winners), Float4.Fits(parameters, shape.Filters), Float4.Fits(gradInput, shape.Channels));
        this.gradOutput = gradOutput;
        this.winners = winners;
        this.parameters = parameters;
        this.gradInput = gradInput;
        this.batch = batch;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="gradOutput">[batch, output height, output width, F].</param>
    /// <param name="winners">As <see cref="Conv2dForward"/> left them; unused unless pooled.</param>
    /// <param name="parameters">[Kh Kw C + 1, F], without a bias [Kh Kw C, F].</param>
    /// <param name="gradInput">[batch, H, W, C].</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, in Conv2dShape shape, ArrayView<float> gradOutput, ArrayView<byte> winners, ArrayView<float> parameters, ArrayView<float> gradInput, int batch)
    {
        Require.Positive(batch);
        Require.Length(gradOutput, (long)batch * shape.OutputCount);
        Require.Length(winners, shape.IsPooled ? (long)batch * shape.OutputCount : 0);
        Require.Length(parameters, shape.ParameterCount);
        Require.Length(gradInput, (long)batch * shape.InputCount);
        device.Run<Conv2dInputGradient, Sizes>(new Conv2dInputGradient(shape, gradOutput, winners, parameters, gradInput, batch));
    }

    private Sizes Constants { get; init; }

    Sizes ILayerOp<Conv2dInputGradient, Sizes>.Constants => Constants;

    Conv2dInputGradient ILayerOp<Conv2dInputGradient, Sizes>.With(Sizes constants) => this with { Constants = constants };

    private Conv2dShape Shape => Constants.Shape;

    /// <remarks>One product for each phase of the stride, side by side in the grid's third dimension; the first phase has the most pixels.</remarks>
    KernelConfig IOp.GpuShape => TiledProduct.Shape(batch * new Conv2dPhase(Constants.Strided, 0).Pixels, Shape.Channels, Shape.Stride * Shape.Stride);

    private Conv2dPhase Phase => new(Constants.Strided, Grid.IdxZ);

    void IOp.Gpu()
    {
        Conv2dPhase phase = Phase;
        TiledProduct.Run<Conv2dInputGradient, Conv2dGradientWindows, Conv2dTaps>(this, 0, phase.Lines * phase.Taps * Shape.Filters);
    }

    Conv2dGradientWindows ITiledProduct<Conv2dGradientWindows, Conv2dTaps>.Left(int row, int k, int endK)
    {
        Conv2dPhase phase = Phase;
        return new(Shape, phase, gradOutput, winners, Constants.VectorGradOutput, batch * phase.Pixels, row, k);
    }

    Conv2dTaps ITiledProduct<Conv2dGradientWindows, Conv2dTaps>.Right(int column, int k, int endK) => new(Shape, Phase, parameters, Constants.VectorParameters, column, k);

    int ITiledProduct<Conv2dGradientWindows, Conv2dTaps>.Chained => 0;

    void ITiledProduct<Conv2dGradientWindows, Conv2dTaps>.Store(int row, int column, Float4 c0, Float4 c1, Float4 c2, Float4 c3)
    {
        Conv2dPhase phase = Phase;
        // Rows without a pixel have no place, and a phase may be without pixels.
        int rows = column < Shape.Channels ? batch * phase.Pixels - row : 0;
        if (rows <= 0)
        {
            return;
        }
        // Compilers divide before they look at the number of rows: a processor, unlike a GPU, ends the process where it divides by zero.
        int width = Math.Max(1, phase.Width), height = Math.Max(1, phase.Height);
        int line = row / width, image = line / height, x = row - (line * width), y = line - (image * height);
        Store(phase, image, y, x, column, c0);
        Next(phase, ref image, ref y, ref x);
        if (rows > 1) { Store(phase, image, y, x, column, c1); }
        Next(phase, ref image, ref y, ref x);
        if (rows > 2) { Store(phase, image, y, x, column, c2); }
        Next(phase, ref image, ref y, ref x);
        if (rows > 3) { Store(phase, image, y, x, column, c3); }
    }

    /// <summary>The pixel of the next row: dividing takes some twenty instructions.</summary>
    private static void Next(in Conv2dPhase phase, ref int image, ref int y, ref int x)
    {
        x++;
        if (x == phase.Width)
        {
            x = 0;
            y++;
        }
        if (y == phase.Height)
        {
            y = 0;
            image++;
        }
    }

    private void Store(in Conv2dPhase phase, int image, int y, int x, int column, Float4 values)
    {
        long at = (((((long)image * Shape.Height) + phase.FirstY + (Shape.Stride * y)) * Shape.Width + phase.FirstX + (Shape.Stride * x)) * Shape.Channels) + column;
        if (Constants.VectorGradInput != 0)
        {
            values.Store(gradInput, at);
        }
        else
        {
            values.Store(gradInput, at, Shape.Channels - column);
        }
    }

    void IOp.Cpu(in CpuWorker worker)
    {
        if (WinnerLines.Fits(Shape))
        {
            Sparse(worker);
        }
        else if (IsConvolution(Shape))
        {
            Turned(worker);
        }
        else
        {
            Dense(worker);
        }
    }

    /// <summary>Whether the gradients are, with as many zeros around them as the kernel needs, the input of a convolution that gives the input's.</summary>
    private static bool IsConvolution(in Conv2dShape s) => s is { IsPooled: false, Stride: 1 } && s.KernelHeight == s.KernelWidth && s.Padding < s.KernelWidth;

    /// <remarks>A convolution of the gradients by the kernel turned around.</remarks>
    private unsafe void Turned(in CpuWorker worker)
    {
        int filters = Shape.Filters, channels = Shape.Channels, kernel = Shape.KernelWidth, taps = kernel * kernel;
        var turned = new Conv2dShape(filters, Shape.ConvHeight, Shape.ConvWidth, channels, kernel, kernel, 1, kernel - 1 - Shape.Padding, bias: false);
        (int from, int to) = WindowProduct.Share(worker, turned, batch);
        if (from >= to)
        {
            return;
        }
        int width = WindowProduct.Width(turned);
        nint weights = (nint)turned.Depth * width;
        float* packs = worker.Scratch(weights + WindowProduct.Scratch(turned)), weight = CpuWorker.Pointer(parameters);
        for (int j = 0; j < width; j += Tile.Columns)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                float* corner = weight + ((((nint)tap * channels) + j) * filters);
                Panel.Pack(corner, 1, filters, filters, Math.Min(Tile.Columns, channels - j), packs + ((nint)j * turned.Depth) + ((nint)(taps - 1 - tap) * filters * Tile.Columns));
            }
        }
        WindowProduct.Run(worker, turned, batch, CpuWorker.Pointer(gradOutput), packs, true, null, CpuWorker.Pointer(gradInput), null, packs + weights);
    }

    /// <remarks>Image by image, filter by filter: a line of the kernel stays in registers and is added, times the gradient, to what each winner saw.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Sparse(in CpuWorker worker)
    {
        Conv2dShape s = Shape;
        int depth = s.Depth, filters = s.Filters, channels = s.Channels, line = s.KernelWidth * channels, windows = s.OutputHeight * s.OutputWidth;
        (int height, int width) = WinnerLines.Padded(s);
        (int from, int to) = worker.Share(batch);
        if (from >= to)
        {
            return;
        }
        int imageLength = height * width * channels, winnersLength = filters * windows * sizeof(WinnerLines.Winner) / sizeof(float);
        float* image = worker.Scratch(imageLength + ((nint)filters * depth) + filters + winnersLength), weight = image + imageLength;
        int* counts = (int*)(weight + ((nint)filters * depth));
        var entries = (WinnerLines.Winner*)(counts + filters);
        Panel.Transpose(CpuWorker.Pointer(parameters), filters, depth, filters, weight, depth);
        for (int n = from; n < to; n++)
        {
            new Span<float>(image, imageLength).Clear();
            nint at = (nint)n * s.OutputCount;
            WinnerLines.Collect(s, CpuWorker.Pointer(gradOutput) + at, CpuWorker.Pointer(winners) + at, width, entries, counts);
            for (int f = 0; f < filters; f++)
            {
                for (int ky = 0; ky < s.KernelHeight; ky++)
                {
                    WinnerLines.Scatter(weight + ((nint)f * depth) + (ky * line), image + (ky * width * channels), entries + (f * windows), counts[f], line);
                }
            }
            float* result = CpuWorker.Pointer(gradInput) + ((nint)n * s.InputCount);
            for (int y = 0; y < s.Height; y++)
            {
                float* pixels = image + ((((nint)(y + s.Padding) * width) + s.Padding) * channels);
                new ReadOnlySpan<float>(pixels, s.Width * channels).CopyTo(new Span<float>(result + ((nint)y * s.Width * channels), s.Width * channels));
            }
        }
    }

    /// <remarks>Image by image into a copy with room for the padding, so that no tap needs a bounds check: twelve output pixels at a time, the product of their
    /// gradients with one tap's transposed weights is added to the pixels that tap reaches. Within a tap no two output pixels reach the same one.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Dense(in CpuWorker worker)
    {
        Conv2dShape s = Shape;
        int filters = s.Filters, channels = s.Channels, taps = s.KernelHeight * s.KernelWidth;
        int panels = (channels + Tile.Columns - 1) / Tile.Columns, width = ((panels - 1) * Tile.Columns) + Tile.WidthOf(channels - ((panels - 1) * Tile.Columns));
        (int paddedHeight, int paddedWidth) = WinnerLines.Padded(s);
        (int from, int to) = worker.Share(batch);
        if (from >= to)
        {
            return;
        }
        float* gradient = CpuWorker.Pointer(gradOutput), weight = CpuWorker.Pointer(parameters), result = CpuWorker.Pointer(gradInput);
        byte* codes = CpuWorker.Pointer(winners);
        nint panelLength = (nint)filters * Tile.Columns, paddedLength = (nint)paddedHeight * paddedWidth * width;
        float* packed = worker.Scratch((panelLength * taps * panels) + paddedLength + ((nint)Tile.Rows * filters));
        float* padded = packed + (panelLength * taps * panels), rows = padded + paddedLength;
        for (int tap = 0; tap < taps; tap++)
        {
            for (int j = 0; j < panels; j++)
            {
                float* corner = weight + ((((nint)tap * channels) + (j * Tile.Columns)) * filters);
                Panel.Pack(corner, 1, filters, filters, Math.Min(Tile.Columns, channels - (j * Tile.Columns)), packed + (((tap * panels) + j) * panelLength));
            }
        }
        int* offsets = stackalloc int[Tile.Rows];
        float** pointers = stackalloc float*[Tile.Rows];
        Tile.RowPointers(pointers, rows, filters);
        int perImage = s.RowsPerImage;
        for (int image = from; image < to; image++)
        {
            new Span<float>(padded, checked((int)paddedLength)).Clear();
            for (int first = 0; first < perImage; first += Tile.Rows)
            {
                int count = Math.Min(Tile.Rows, perImage - first);
                Unroll.Gradients(s, gradient, codes, (image * perImage) + first, count, filters, rows);
                for (int i = 0; i < count; i++)
                {
                    (int y, int x) = s.Corner(first + i);
                    offsets[i] = (((y + s.Padding) * paddedWidth) + x + s.Padding) * width;
                }
                for (int tap = 0; tap < taps; tap++)
                {
                    float* target = padded + ((((nint)(tap / s.KernelWidth) * paddedWidth) + (tap % s.KernelWidth)) * width);
                    for (int j = 0; j < panels; j++)
                    {
                        Tile.Multiply(count, Tile.WidthOf(channels - (j * Tile.Columns)), pointers, 1, packed + (((tap * panels) + j) * panelLength), Tile.Columns, filters, target + (j * Tile.Columns), offsets, true);
                    }
                }
            }
            for (int y = 0; y < s.Height; y++)
            {
                for (int x = 0; x < s.Width; x++)
                {
                    float* pixel = padded + ((((nint)(y + s.Padding) * paddedWidth) + x + s.Padding) * width);
                    new ReadOnlySpan<float>(pixel, channels).CopyTo(new Span<float>(result + ((((((nint)image * s.Height) + y) * s.Width) + x) * channels), channels));
                }
            }
        }
    }

    /// <summary>What a layer's launches have in common.</summary>
    /// <param name="Shape">The convolution.</param>
    /// <param name="Strided">Its sizes, divided by the stride.</param>
    /// <param name="VectorGradOutput">1 when gradients of four filters can be read at once.</param>
    /// <param name="VectorParameters">1 when four weights can.</param>
    /// <param name="VectorGradInput">1 when gradients of four channels can be written at once.</param>
    internal readonly record struct Sizes(Conv2dShape Shape, StridedSizes Strided, int VectorGradOutput, int VectorParameters, int VectorGradInput);
}
