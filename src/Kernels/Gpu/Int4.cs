using ILGPU;
using ILGPU.Runtime;

namespace GpuCnn.Kernels;

/// <summary>Four neighbouring integers, as <see cref="Float4"/>.</summary>
internal readonly struct Int4(int x, int y, int z, int w)
{
    private const int Bytes = 16;

    public readonly int X = x, Y = y, Z = z, W = w;

    /// <summary>The elements at <paramref name="at"/>, which must be a multiple of 4 in an aligned view.</summary>
    public static Int4 Load(ArrayView<int> view, long at) => view.SubView(at, Float4.Count).AsAligned(Bytes).Cast<Int4>()[0];

    /// <summary>Stores to <paramref name="at"/>, which must be a multiple of 4 in an aligned view.</summary>
    public void Store(ArrayView<int> view, long at) => view.SubView(at, Float4.Count).AsAligned(Bytes).Cast<Int4>()[0] = this;
}
