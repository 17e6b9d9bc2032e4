using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>The unrolled input as the left side of the forward product: a row is an output pixel, the depth runs over the taps that its window has.</summary>
internal struct Conv2dWindows : IQuads
{
    private readonly Conv2dShape shape;
    private readonly ArrayView<float> input;
    private readonly Corner near, far;
    private readonly int vector;
    private TapWalk walk;

    public Conv2dWindows(in Conv2dShape shape, ArrayView<float> input, int vector, int rows, int row, int k)
    {
        this.shape = shape;
        this.input = input;
        this.vector = vector;
        near = new Corner(shape, rows, row);
        far = new Corner(shape, rows, row + TiledProduct.Further);
        walk = new TapWalk(shape.KernelWidth, shape.Channels, k);
    }

    public readonly int AlongDepth => 1;

    public readonly Float4 Load() => Load(near);

    public readonly Float4 LoadFurther() => Load(far);

    public void Advance() => walk.Advance(TiledProduct.Depth);

    private readonly Float4 Load(Corner corner)
    {
        TapWalk at = walk;
        if (vector != 0)
        {
            return corner.Sees(shape, at) ? Float4.Load(input, corner.At(shape, at)) : default;
        }
        float x = Element(corner, at);
        at.Next();
        float y = Element(corner, at);
        at.Next();
        float z = Element(corner, at);
        at.Next();
        return new(x, y, z, Element(corner, at));
    }

    private readonly float Element(Corner corner, TapWalk at) =>
        corner.Sees(shape, at) ? input[corner.At(shape, at)] : 0f;

    /// <summary>Where the window of an output pixel starts; below every line of the image when there is no such pixel.</summary>
    internal readonly struct Corner
    {
        private readonly int y, x, image;

        public Corner(in Conv2dShape shape, int rows, int row)
        {
            image = row / shape.RowsPerImage;
            (y, x) = shape.Corner(row - (image * shape.RowsPerImage));
            y = row < rows ? y : int.MinValue / 2;
        }

        public bool Sees(in Conv2dShape shape, in TapWalk tap) =>
            tap.Line < shape.KernelHeight && (uint)(y + tap.Line) < (uint)shape.Height && (uint)(x + tap.Tap) < (uint)shape.Width;

        public long At(in Conv2dShape shape, in TapWalk tap) =>
            ((long)image * shape.InputCount) + ((((y + tap.Line) * shape.Width) + x + tap.Tap) * shape.Channels) + tap.Channel;
    }
}

/// <summary>The unrolled input as the left side of the weight gradient's product: a row is a tap, the depth runs over output pixels.</summary>
internal struct Conv2dPixels : IQuads
{
    private readonly Conv2dShape shape;
    private readonly ArrayView<float> input;
    private readonly TapWalk near, far;
    private readonly int vector, row, endK, scale, offsetY, offsetX, lines, width;
    private int k, y, x, image;

    public Conv2dPixels(in Conv2dShape shape, ArrayView<float> input, int vector, int row, int k, int endK)
    {
        this.shape = shape;
        this.input = input;
        this.vector = vector;
        this.row = row;
        this.k = k;
        this.endK = endK;
        near = new TapWalk(shape.KernelWidth, shape.Channels, row);
        far = new TapWalk(shape.KernelWidth, shape.Channels, row + TiledProduct.Further);
        // Of pooled pixels the depth runs over windows; a thread's position in the window stays, as tiles are four windows deep.
        scale = shape.IsPooled ? 2 : 1;
        int position = shape.IsPooled ? k % 4 : 0, pixel = shape.IsPooled ? k / 4 : k;
        width = shape.OutputWidth;
        lines = shape.OutputHeight;
        offsetY = (position / 2 * shape.Stride) - shape.Padding;
        offsetX = (position % 2 * shape.Stride) - shape.Padding;
        int line = pixel / width;
        x = pixel - (line * width);
        image = line / lines;
        y = line - (image * lines);
    }

    public readonly int AlongDepth => 0;

    public readonly Float4 Load() => Load(near, 0);

    public readonly Float4 LoadFurther() => Load(far, TiledProduct.Further);

    public void Advance()
    {
        k += TiledProduct.Depth;
        x += shape.IsPooled ? TiledProduct.Depth / 4 : TiledProduct.Depth;
        while (x >= width)
        {
            x -= width;
            y++;
            if (y == lines)
            {
                y = 0;
                image++;
            }
        }
    }

    private readonly Float4 Load(TapWalk tap, int offset)
    {
        int count = k < endK ? shape.Depth - row - offset : -Float4.Count;
        Float4 values;
        if (vector != 0)
        {
            values = Vector(tap, count);
        }
        else
        {
            float a = Element(tap, count, 0);
            tap.Next();
            float b = Element(tap, count, 1);
            tap.Next();
            float c = Element(tap, count, 2);
            tap.Next();
            values = new(a, b, c, Element(tap, count, 3));
        }
        // A bias is the weight of an input that is always one.
        return WideQuads.OneAt(count, values);
    }

    private readonly Float4 Vector(TapWalk tap, int count)
    {
        int line = (scale * y * shape.Stride) + offsetY + tap.Line, column = (scale * x * shape.Stride) + offsetX + tap.Tap;
        return count > 0 && (uint)line < (uint)shape.Height && (uint)column < (uint)shape.Width ? Float4.Load(input, Place(line, column, tap)) : default;
    }

    private readonly float Element(TapWalk tap, int count, int offset)
    {
        int line = (scale * y * shape.Stride) + offsetY + tap.Line, column = (scale * x * shape.Stride) + offsetX + tap.Tap;
        return count > offset && (uint)line < (uint)shape.Height && (uint)column < (uint)shape.Width ? input[Place(line, column, tap)] : 0f;
    }

    private readonly long Place(int line, int column, TapWalk tap) => ((long)image * shape.InputCount) + (((line * shape.Width) + column) * shape.Channels) + tap.Channel;
}
