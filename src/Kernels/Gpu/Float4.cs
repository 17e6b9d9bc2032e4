using ILGPU;
using ILGPU.Runtime;

namespace GpuCnn.Kernels;

/// <summary>Four neighbouring floats, which a GPU thread loads and stores with one 128-bit instruction.</summary>
internal readonly struct Float4(float x, float y, float z, float w)
{
    /// <summary>The number of floats.</summary>
    public const int Count = 4;

    /// <remarks>ILGPU splits an access that it does not know to be aligned into four.</remarks>
    private const int Bytes = 16;

    public readonly float X = x, Y = y, Z = z, W = w;

    /// <summary>The elements at <paramref name="at"/>, which must be a multiple of 4 in an aligned view.</summary>
    public static Float4 Load(ArrayView<float> view, long at) => view.SubView(at, Count).AsAligned(Bytes).Cast<Float4>()[0];

    /// <summary>The elements at <paramref name="at"/>, wherever that is; zeros from element <paramref name="count"/> on.</summary>
    public static Float4 Load(ArrayView<float> view, long at, int count) =>
        new(count > 0 ? view[at] : 0f, count > 1 ? view[at + 1] : 0f, count > 2 ? view[at + 2] : 0f, count > 3 ? view[at + 3] : 0f);

    /// <summary>Stores to <paramref name="at"/>, which must be a multiple of 4 in an aligned view.</summary>
    public void Store(ArrayView<float> view, long at) => view.SubView(at, Count).AsAligned(Bytes).Cast<Float4>()[0] = this;

    /// <summary>Stores the first elements wherever <paramref name="at"/> is.</summary>
    public void Store(ArrayView<float> view, long at, int count)
    {
        if (count > 0) { view[at] = X; }
        if (count > 1) { view[at + 1] = Y; }
        if (count > 2) { view[at + 2] = Z; }
        if (count > 3) { view[at + 3] = W; }
    }

    /// <summary>This + factor times other.</summary>
    public Float4 Plus(float factor, Float4 other) =>
        new(Fused.MultiplyAdd(factor, other.X, X), Fused.MultiplyAdd(factor, other.Y, Y), Fused.MultiplyAdd(factor, other.Z, Z), Fused.MultiplyAdd(factor, other.W, W));

    /// <summary>a b + c, rounded once.</summary>
    public static Float4 MultiplyAdd(Float4 a, Float4 b, Float4 c) =>
        new(Fused.MultiplyAdd(a.X, b.X, c.X), Fused.MultiplyAdd(a.Y, b.Y, c.Y), Fused.MultiplyAdd(a.Z, b.Z, c.Z), Fused.MultiplyAdd(a.W, b.W, c.W));

    public static Float4 operator +(Float4 a, Float4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    public static Float4 operator -(Float4 a, Float4 b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z, a.W - b.W);

    public static Float4 operator *(Float4 a, Float4 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    public static Float4 operator /(Float4 a, float b) => new(a.X / b, a.Y / b, a.Z / b, a.W / b);

    /// <summary>1 when rows of a matrix can be read and written four elements at a time: the view starts at a multiple of 16 bytes, as buffers do, and so does
    /// each row; else 0: kernels take no <see cref="bool"/>.</summary>
    public static int Fits(ArrayView<float> view, int rowLength) => rowLength % Count == 0 && StartsAligned(view) ? 1 : 0;

    /// <summary>1 when a view can be read and written four elements at a time up to its last multiple of four; else 0.</summary>
    public static int Fits<T>(ArrayView<T> view) where T : unmanaged => StartsAligned(view) ? 1 : 0;

    /// <summary>Whether a view starts at a multiple of four elements of its buffer.</summary>
    public static bool StartsAligned<T>(ArrayView<T> view) where T : unmanaged => view.Length > 0 && IndexOf(view) % Count == 0;

    /// <remarks>Only the interface shows a view's place; a type argument saves the box.</remarks>
    private static long IndexOf<TView>(in TView view) where TView : struct, IContiguousArrayView => view.Index;
}
