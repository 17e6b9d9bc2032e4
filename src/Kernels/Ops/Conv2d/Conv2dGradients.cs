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
        return shape.IsPooled ? Conv2dOperands.Won(gradOutput, winners, vector, k & 3, at, inside)
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

/// <summary>A length and its quotient by the stride, divided on the host: GPUs have no instruction for division.</summary>
internal readonly record struct StridedLength
{
    public readonly int Whole, Rest;

    public StridedLength(int length, int stride) => (Whole, Rest) = (length / stride, length % stride);

    /// <summary>How many of the places first, first + stride, first + 2 stride... lie inside; first is less than the stride.</summary>
    public int CountFrom(int first) => Whole + (first < Rest ? 1 : 0);
}

/// <summary>The sizes that <see cref="Conv2dPhase"/> divides by the stride.</summary>
internal readonly record struct StridedSizes
{
    public readonly StridedLength Height, Width, Padding, KernelHeight, KernelWidth;

    public readonly int Stride;

    public StridedSizes(in Conv2dShape s)
    {
        Height = new(s.Height, s.Stride);
        Width = new(s.Width, s.Stride);
        Padding = new(s.Padding, s.Stride);
        KernelHeight = new(s.KernelHeight, s.Stride);
        KernelWidth = new(s.KernelWidth, s.Stride);
        Stride = s.Stride;
    }
}

/// <summary>The input pixels that the stride treats alike: those with the same remainder of row and column. Each of their gradients has the same taps, every
/// stride-th of the kernel, so no product is computed only to meet a zero between two windows.</summary>
internal readonly struct Conv2dPhase
{
    public readonly int FirstY, FirstX, Height, Width, FirstLine, FirstTap, Lines, Taps, OutputY, OutputX;

    /// <param name="s">The sizes.</param>
    /// <param name="phase">0 to the square of the stride - 1.</param>
    public Conv2dPhase(in StridedSizes s, int phase)
    {
        // A stride is a small number; and what a loop has found is not computed again at each place that needs it.
        FirstX = phase;
        while (FirstX >= s.Stride)
        {
            FirstX -= s.Stride;
            FirstY++;
        }
        Height = s.Height.CountFrom(FirstY);
        Width = s.Width.CountFrom(FirstX);
        (OutputY, FirstLine) = FirstWindow(s, FirstY);
        (OutputX, FirstTap) = FirstWindow(s, FirstX);
        Lines = s.KernelHeight.CountFrom(FirstLine);
        Taps = s.KernelWidth.CountFrom(FirstTap);
    }

    /// <summary>Pixels of an image.</summary>
    public int Pixels => Height * Width;

    /// <summary>Of the windows that see a line or column: the last, and under which of its taps. Both are quotient and remainder of its place in the padded image.</summary>
    private static (int Output, int Tap) FirstWindow(in StridedSizes s, int first)
    {
        int tap = first + s.Padding.Rest;
        return tap < s.Stride ? (s.Padding.Whole, tap) : (s.Padding.Whole + 1, tap - s.Stride);
    }
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
