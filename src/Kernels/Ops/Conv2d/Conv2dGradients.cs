using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>Gradients before ReLU and pooling as the right side of the weight gradient's product: a column is a filter, the depth runs over output pixels.</summary>
internal struct Conv2dGradients : IQuads
{
    private readonly Conv2dShape shape;
    private readonly ArrayView<float> gradOutput;
    private readonly ArrayView<byte> winners;
    private readonly int vector, count, endK;
    private long at;
    private int k;

    public Conv2dGradients(in Conv2dShape shape, ArrayView<float> gradOutput, ArrayView<byte> winners, int vector, int filter, int k, int endK)
    {
        this.shape = shape;
        this.gradOutput = gradOutput;
        this.winners = winners;
        this.vector = vector;
        this.k = k;
        this.endK = endK;
        count = shape.Filters - filter;
        at = ((long)(shape.IsPooled ? k / 4 : k) * shape.Filters) + filter;
    }

    public readonly int AlongDepth => 0;

    public readonly Float4 Load()
    {
        int inside = k < endK ? count : 0;
        return shape.IsPooled ? Conv2dOperands.Won(gradOutput, winners, vector, k % 4, at, inside)
            : vector == 0 ? Float4.Load(gradOutput, at, inside)
            : inside > 0 ? Float4.Load(gradOutput, at) : default;
    }

    /// <remarks>Only left sides are asked.</remarks>
    public readonly Float4 LoadFurther() => default;

    public void Advance()
    {
        k += TiledProduct.Depth;
        at += (long)(shape.IsPooled ? TiledProduct.Depth / 4 : TiledProduct.Depth) * shape.Filters;
    }
}

/// <summary>The input pixels that the stride treats alike: those with the same remainder of row and column. Each of their gradients has the same taps, every
/// stride-th of the kernel, so no product is computed only to meet a zero between two windows.</summary>
internal readonly struct Conv2dPhase
{
    public readonly int FirstY, FirstX, Height, Width, FirstLine, FirstTap, Lines, Taps, OutputY, OutputX;

    /// <param name="s">The sizes.</param>
    /// <param name="phase">0 to the square of the stride - 1.</param>
    public Conv2dPhase(in Conv2dShape s, int phase)
    {
        FirstY = phase / s.Stride;
        FirstX = phase - (FirstY * s.Stride);
        Height = Math.Max(0, (s.Height - FirstY + s.Stride - 1) / s.Stride);
        Width = Math.Max(0, (s.Width - FirstX + s.Stride - 1) / s.Stride);
        OutputY = (FirstY + s.Padding) / s.Stride;
        OutputX = (FirstX + s.Padding) / s.Stride;
        FirstLine = FirstY + s.Padding - (OutputY * s.Stride);
        FirstTap = FirstX + s.Padding - (OutputX * s.Stride);
        Lines = Math.Max(0, (s.KernelHeight - FirstLine + s.Stride - 1) / s.Stride);
        Taps = Math.Max(0, (s.KernelWidth - FirstTap + s.Stride - 1) / s.Stride);
    }

    /// <summary>Pixels of an image.</summary>
    public int Pixels => Height * Width;
}

/// <summary>Gradients as the left side of the input gradient's product: a row is an input pixel of a phase, the depth runs over its taps and the filters.</summary>
internal struct Conv2dGradientWindows : IQuads
{
    private readonly Conv2dShape shape;
    private readonly ArrayView<float> gradOutput;
    private readonly ArrayView<byte> winners;
    private readonly Pixel near, far;
    private readonly int vector, lines;
    private TapWalk walk;

    public Conv2dGradientWindows(in Conv2dShape shape, in Conv2dPhase phase, ArrayView<float> gradOutput, ArrayView<byte> winners, int vector, int rows, int row, int k)
    {
        this.shape = shape;
        this.gradOutput = gradOutput;
        this.winners = winners;
        this.vector = vector;
        lines = phase.Taps > 0 ? phase.Lines : 0;
        near = new Pixel(shape, phase, rows, row);
        far = new Pixel(shape, phase, rows, row + TiledProduct.Further);
        walk = new TapWalk(phase.Taps, shape.Filters, k);
    }

    public readonly int AlongDepth => 1;

    public readonly Float4 Load() => Load(near);

    public readonly Float4 LoadFurther() => Load(far);

    public void Advance() => walk.Advance(TiledProduct.Depth);

    private readonly Float4 Load(Pixel pixel)
    {
        TapWalk at = walk;
        if (vector != 0)
        {
            Place place = Find(pixel, at);
            return shape.IsPooled ? Conv2dOperands.Won(gradOutput, winners, 1, place.Position, place.At, place.Count)
                : place.Count > 0 ? Float4.Load(gradOutput, place.At) : default;
        }
        float x = Element(pixel, at);
        at.Next();
        float y = Element(pixel, at);
        at.Next();
        float z = Element(pixel, at);
        at.Next();
        return new(x, y, z, Element(pixel, at));
    }

    private readonly float Element(Pixel pixel, TapWalk at)
    {
        Place place = Find(pixel, at);
        return place.Count > 0 && (!shape.IsPooled || winners[place.At] == place.Position) ? gradOutput[place.At] : 0f;
    }

    /// <summary>The output pixel whose window has this input pixel under this tap; no elements when there is none.</summary>
    private readonly Place Find(Pixel pixel, TapWalk at)
    {
        int pooling = shape.IsPooled ? 1 : 0, y = pixel.Y - at.Line, x = pixel.X - at.Tap;
        bool inside = at.Line < lines && (uint)y < (uint)(shape.OutputHeight << pooling) && (uint)x < (uint)(shape.OutputWidth << pooling);
        int place = ((pixel.FirstLine + (y >> pooling)) * shape.OutputWidth) + (x >> pooling);
        return new Place(((long)place * shape.Filters) + at.Channel, (2 * (y & 1)) + (x & 1), inside ? Float4.Count : 0);
    }

    private readonly struct Place(long at, int position, int count)
    {
        public readonly long At = at;
        public readonly int Position = position, Count = count;
    }

    /// <summary>The output pixel that an input pixel's first tap meets; one above the image when there is no such input pixel.</summary>
    internal readonly struct Pixel
    {
        public readonly int Y, X, FirstLine;

        public Pixel(in Conv2dShape shape, in Conv2dPhase phase, int rows, int row)
        {
            int width = Math.Max(1, phase.Width), line = row / width, height = Math.Max(1, phase.Height);
            int image = line / height;
            X = phase.OutputX + row - (line * width);
            Y = row < rows ? phase.OutputY + line - (image * height) : -1;
            FirstLine = image * shape.OutputHeight;
        }
    }
}

/// <summary>Weights as the right side of the input gradient's product: a column is an input channel, the depth runs over the taps of a phase and the filters.</summary>
internal struct Conv2dTaps : IQuads
{
    private readonly Conv2dShape shape;
    private readonly ArrayView<float> parameters;
    private readonly int vector, channel, firstLine, firstTap, lines;
    private TapWalk walk;

    public Conv2dTaps(in Conv2dShape shape, in Conv2dPhase phase, ArrayView<float> parameters, int vector, int channel, int k)
    {
        this.shape = shape;
        this.parameters = parameters;
        this.vector = vector;
        this.channel = channel;
        lines = channel < shape.Channels && phase.Taps > 0 ? phase.Lines : 0;
        firstLine = phase.FirstLine;
        firstTap = phase.FirstTap;
        walk = new TapWalk(phase.Taps, shape.Filters, k);
    }

    public readonly int AlongDepth => 1;

    public readonly Float4 Load()
    {
        TapWalk at = walk;
        if (vector != 0)
        {
            return at.Line < lines ? Float4.Load(parameters, Place(at)) : default;
        }
        float x = Element(at);
        at.Next();
        float y = Element(at);
        at.Next();
        float z = Element(at);
        at.Next();
        return new(x, y, z, Element(at));
    }

    /// <remarks>Only left sides are asked.</remarks>
    public readonly Float4 LoadFurther() => default;

    public void Advance() => walk.Advance(TiledProduct.Depth);

    private readonly float Element(TapWalk at) => at.Line < lines ? parameters[Place(at)] : 0f;

    private readonly int Place(TapWalk at)
    {
        int line = firstLine + (at.Line * shape.Stride), tap = firstTap + (at.Tap * shape.Stride);
        return (((((line * shape.KernelWidth) + tap) * shape.Channels) + channel) * shape.Filters) + at.Channel;
    }
}
