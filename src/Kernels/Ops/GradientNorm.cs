using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;
using ILGPU.Algorithms;

namespace GpuCnn.Kernels;

/// <summary>How many elements a sum of squares is cut into. It depends on their number alone, so that the norm is the same for any number of threads.</summary>
internal static class NormChunks
{
    /// <summary>Elements of a chunk, at least: enough for the 256 threads of a group to have 16 each.</summary>
    private const int LeastElements = 4096;

    /// <summary>The most chunks that there are: what one group adds up with one element a thread.</summary>
    public const int Most = GroupSum.Threads;

    /// <summary>The number of chunks.</summary>
    /// <param name="count">The number of elements, at least 1.</param>
    /// <returns>At least 1, at most <see cref="Most"/>.</returns>
    public static int Count(int count) => ((count - 1) / Size(count)) + 1;

    /// <summary>Elements of every chunk but the last, which may have fewer: a multiple of <see cref="LeastElements"/>.</summary>
    internal static int Size(int count) => (((count - 1) / LeastElements / Most) + 1) * LeastElements;
}

/// <summary>The first half of a gradient's norm: the sum of squares of each chunk of elements.</summary>
/// <remarks>gradients [count]; partials [chunks], overwritten.</remarks>
internal readonly struct SumOfSquares : IOp
{
    private readonly ArrayView<float> gradients, partials;
    private readonly int count, size, chunks, vector;

    private SumOfSquares(ArrayView<float> gradients, ArrayView<float> partials, int count)
    {
        this.gradients = gradients;
        this.partials = partials;
        this.count = count;
        size = NormChunks.Size(count);
        chunks = NormChunks.Count(count);
        vector = Float4.Fits(gradients);
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="gradients">[count].</param>
    /// <param name="partials">[<see cref="NormChunks.Count"/>].</param>
    /// <param name="count">The number of elements.</param>
    /// <exception cref="ArgumentException">An operand is shorter.</exception>
    public static void Run(Device device, ArrayView<float> gradients, ArrayView<float> partials, int count)
    {
        Require.Positive(count);
        Require.Length(gradients, count);
        Require.Length(partials, NormChunks.Count(count));
        device.Run(new SumOfSquares(gradients, partials, count));
    }

    KernelConfig IOp.GpuShape => (chunks, GroupSum.Threads);

    /// <remarks>A group for each chunk; neighbouring threads take neighbouring fours where they can.</remarks>
    void IOp.Gpu()
    {
        ArrayView<float> room = SharedMemory.Allocate<float>(GroupSum.Threads);
        long from = (long)Grid.IdxX * size, to = Math.Min(count, from + size), i = from;
        float sum = 0f;
        if (vector != 0)
        {
            // Chunks start at multiples of four.
            for (i += Group.IdxX * Float4.Count; i + Float4.Count <= to; i += GroupSum.Threads * Float4.Count)
            {
                Float4 g = Float4.Load(gradients, i);
                sum = Fused.MultiplyAdd(g.X, g.X, Fused.MultiplyAdd(g.Y, g.Y, Fused.MultiplyAdd(g.Z, g.Z, Fused.MultiplyAdd(g.W, g.W, sum))));
            }
            i = to - ((to - from) % Float4.Count);
        }
        for (i += Group.IdxX; i < to; i += GroupSum.Threads)
        {
            sum = Fused.MultiplyAdd(gradients[i], gradients[i], sum);
        }
        sum = GroupSum.Of(room, sum, GroupSum.Threads);
        if (Group.IdxX == 0)
        {
            partials[Grid.IdxX] = sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        (int chunk, int end) = worker.Share(chunks);
        for (; chunk < end; chunk++)
        {
            int length = Math.Min(size, count - (chunk * size)), i = 0;
            float* g = CpuWorker.Pointer(gradients) + ((nint)chunk * size);
            // Four sums that need not wait for one another.
            Vector512<float> a = Vector512<float>.Zero, b = a, c = a, d = a;
            for (; i + (4 * CpuWorker.Line) <= length; i += 4 * CpuWorker.Line)
            {
                Vector512<float> first = Vector512.Load(g + i), second = Vector512.Load(g + i + CpuWorker.Line);
                Vector512<float> third = Vector512.Load(g + i + (2 * CpuWorker.Line)), fourth = Vector512.Load(g + i + (3 * CpuWorker.Line));
                a = Vector512.FusedMultiplyAdd(first, first, a);
                b = Vector512.FusedMultiplyAdd(second, second, b);
                c = Vector512.FusedMultiplyAdd(third, third, c);
                d = Vector512.FusedMultiplyAdd(fourth, fourth, d);
            }
            float sum = Vector512.Sum((a + b) + (c + d));
            for (; i < length; i++)
            {
                sum = MathF.FusedMultiplyAdd(g[i], g[i], sum);
            }
            partials[chunk] = sum;
        }
    }
}

/// <summary>The second half of a gradient's norm: adds the sums of squares up, and says by how much the gradient must be multiplied so that its norm is no larger than a bound.</summary>
/// <remarks>norm [2], overwritten: the norm, and min(1, bound / (norm + 1e-6)), which is PyTorch's. Where the norm is NaN or infinite, so that no gradient is left to be scaled, the factor is NaN:
/// infinity would make it 0, and the step, which does nothing then, would hide what happened.</remarks>
internal readonly struct ClipScale : IOp
{
    private readonly ArrayView<float> partials, norm;
    private readonly int chunks;
    private readonly float bound;

    private ClipScale(ArrayView<float> partials, ArrayView<float> norm, int chunks, double bound)
    {
        this.partials = partials;
        this.norm = norm;
        this.chunks = chunks;
        this.bound = (float)bound;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="partials">[<see cref="NormChunks.Count"/>], of <see cref="SumOfSquares"/>.</param>
    /// <param name="norm">[2].</param>
    /// <param name="count">The number of elements of the gradient.</param>
    /// <param name="bound">The greatest norm, above 0.</param>
    /// <exception cref="ArgumentException">An operand is shorter, or the bound is not above 0.</exception>
    public static void Run(Device device, ArrayView<float> partials, ArrayView<float> norm, int count, double bound)
    {
        Require.Positive(count);
        if (!(bound > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(bound), bound, "it must be above 0");
        }
        Require.Length(partials, NormChunks.Count(count));
        Require.Length(norm, 2);
        device.Run(new ClipScale(partials, norm, NormChunks.Count(count), bound));
    }

    KernelConfig IOp.GpuShape => (1, GroupSum.Threads);

    void IOp.Gpu()
    {
        ArrayView<float> room = SharedMemory.Allocate<float>(GroupSum.Threads);
        float sum = GroupSum.Of(room, Group.IdxX < chunks ? partials[Group.IdxX] : 0f, GroupSum.Threads);
        if (Group.IdxX == 0)
        {
            Write(sum);
        }
    }

    void IOp.Cpu(in CpuWorker worker)
    {
        if (worker.Index != 0)
        {
            return;
        }
        double sum = 0;
        for (int i = 0; i < chunks; i++)
        {
            sum += partials[i];
        }
        Write((float)sum);
    }

    private void Write(float sum)
    {
        float length = XMath.Sqrt(sum), scale = bound / (length + 1e-6f);
        norm[0] = length;
        // Infinity minus itself is NaN, as is NaN; ILGPU 1.5.3 may take NaN for greater, so it is asked for first.
        norm[1] = float.IsNaN(length - length) ? float.NaN : scale < 1f ? scale : 1f;
    }
}
