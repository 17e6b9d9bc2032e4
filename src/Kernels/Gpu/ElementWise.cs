using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>An operation whose elements have nothing to do with one another. On a GPU a thread does four neighbours, which it loads and stores with 128-bit instructions.</summary>
internal interface IElementWise
{
    /// <summary>Does one element.</summary>
    void One(long i);

    /// <summary>Does four elements, the first at a multiple of 4 of aligned views.</summary>
    void Four(long i);
}

/// <summary>The launch of operations with one GPU thread for each element or for four.</summary>
internal static class ElementWise
{
    private const int Threads = 256;

    /// <summary>At least <paramref name="count"/> threads; the body checks its index.</summary>
    public static KernelConfig Shape(int count) => (((count - 1) / Threads) + 1, Threads);

    /// <summary>A thread for each element; for four neighbours where <paramref name="vector"/> is 1.</summary>
    public static KernelConfig Shape(int count, int vector) => Shape(vector != 0 ? ((count - 1) / Float4.Count) + 1 : count);

    /// <summary>What one thread does. Neighbouring threads have neighbouring elements, or neighbouring fours; of the last four those that there are.</summary>
    /// <param name="op">The operation.</param>
    /// <param name="count">Elements.</param>
    /// <param name="vector">1 when all views are aligned.</param>
    public static void Run<T>(T op, int count, int vector) where T : struct, IElementWise
    {
        long i = Grid.GlobalIndex.X;
        if (vector == 0)
        {
            if (i < count)
            {
                op.One(i);
            }
            return;
        }
        i *= Float4.Count;
        if (i + Float4.Count <= count)
        {
            op.Four(i);
            return;
        }
        for (; i < count; i++)
        {
            op.One(i);
        }
    }
}
