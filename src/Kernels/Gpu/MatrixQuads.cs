using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>A row-major matrix whose rows run along the depth: element (i, k) at i * pitch + k.</summary>
internal struct DeepQuads : IQuads
{
    private readonly ArrayView<float> data;
    private readonly long further;
    private readonly int vector, inside, insideFurther, endK;
    private long at;
    private int k;

    /// <param name="data">The matrix.</param>
    /// <param name="vector">1 when 128-bit loads are aligned at every fourth k, and the depth ends at one.</param>
    /// <param name="pitch">Elements from one i to the next.</param>
    /// <param name="count">How many i there are.</param>
    /// <param name="i">This thread's.</param>
    /// <param name="k">The first depth.</param>
    /// <param name="endK">Where the depth ends.</param>
    public DeepQuads(ArrayView<float> data, int vector, int pitch, int count, int i, int k, int endK)
    {
        this.data = data;
        this.vector = vector;
        this.endK = endK;
        this.k = k;
        inside = i < count ? 1 : 0;
        insideFurther = i + TiledProduct.Further < count ? 1 : 0;
        further = (long)TiledProduct.Further * pitch;
        at = ((long)i * pitch) + k;
    }

    public readonly int AlongDepth => 1;

    public readonly Float4 Load() => Load(inside, at);

    public readonly Float4 LoadFurther() => Load(insideFurther, at + further);

    public void Advance()
    {
        k += TiledProduct.Depth;
        at += TiledProduct.Depth;
    }

    private readonly Float4 Load(int isInside, long place)
    {
        int count = isInside != 0 ? endK - k : 0;
        return vector == 0 ? Float4.Load(data, place, count) : count > 0 ? Float4.Load(data, place) : default;
    }
}

/// <summary>A row-major matrix whose rows run across the depth: element (k, i) at k * count + i.</summary>
internal struct WideQuads : IQuads
{
    private readonly ArrayView<float> data;
    private readonly int vector, count, ones, endK, i;
    private long at;
    private int k;

    /// <param name="data">The matrix.</param>
    /// <param name="vector">1 when 128-bit loads are aligned at every fourth i, and rows end at one.</param>
    /// <param name="count">How many i there are.</param>
    /// <param name="ones">1 when element <paramref name="count"/> of each row is taken for 1: a bias is the weight of an input that is always one.</param>
    /// <param name="i">This thread's first.</param>
    /// <param name="k">The first depth.</param>
    /// <param name="endK">Where the depth ends.</param>
    public WideQuads(ArrayView<float> data, int vector, int count, int ones, int i, int k, int endK)
    {
        this.data = data;
        this.vector = vector;
        this.count = count;
        this.ones = ones;
        this.endK = endK;
        this.i = i;
        this.k = k;
        at = ((long)k * count) + i;
    }

    public readonly int AlongDepth => 0;

    public readonly Float4 Load() => Load(0);

    public readonly Float4 LoadFurther() => Load(TiledProduct.Further);

    public void Advance()
    {
        k += TiledProduct.Depth;
        at += (long)TiledProduct.Depth * count;
    }

    private readonly Float4 Load(int offset)
    {
        int left = k < endK ? count - i - offset : -4;
        Float4 values = vector == 0 ? Float4.Load(data, at + offset, left) : left > 0 ? Float4.Load(data, at + offset) : default;
        return ones != 0 ? OneAt(left, values) : values;
    }

    /// <summary>Sets the element behind the last one to 1.</summary>
    internal static Float4 OneAt(int place, Float4 values) =>
        new(place == 0 ? 1f : values.X, place == 1 ? 1f : values.Y, place == 2 ? 1f : values.Z, place == 3 ? 1f : values.W);
}
