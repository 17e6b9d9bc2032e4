using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>The GPU body of the weight gradient of a pooled convolution with few taps, such as the first of a network: its matrix would fill a tenth of a tile. Of each window
/// only the winner counts, so a thread has one filter and goes through windows: for each, the winner's inputs times its gradient are added to the sums of all taps.</summary>
/// <remarks>The threads of a warp are neighbouring filters: they read neighbouring gradients, and inputs at no more than four places. A group is eight warps, each with every eighth window
/// of the slice; their sums are added up in that order.</remarks>
internal static class Conv2dWinnerSums
{
    private const int Lanes = 32, Walkers = 8, Threads = Lanes * Walkers, MostTaps = 4 * Float4.Count;

    /// <summary>Floats of one quad of each thread.</summary>
    private const int Part = Threads * Float4.Count;

    /// <summary>Windows of a thread: with fewer, adding up would take longer than the sums.</summary>
    private const int LeastWindows = 32;

    /// <summary>Whether the sums of all taps fit into the registers of a thread, and no window hangs over the edge.</summary>
    public static bool Fits(in Conv2dShape shape) => shape.IsPooled && shape.Padding == 0 && shape.Depth <= MostTaps;

    /// <summary>The launch.</summary>
    /// <param name="filters">F.</param>
    /// <param name="slices">Slices of all chunks.</param>
    public static KernelConfig Shape(int filters, int slices) => new(new Index3D((filters + Lanes - 1) / Lanes, 1, slices), new Index3D(Threads, 1, 1));

    /// <summary>Rows of a slice, four a window.</summary>
    /// <param name="filters">F.</param>
    /// <param name="depth">Rows of a chunk.</param>
    /// <param name="chunks">How many chunks there are.</param>
    public static int SliceDepth(int filters, int depth, int chunks)
    {
        int windows = depth / 4, groups = (filters + Lanes - 1) / Lanes * chunks;
        int slices = Math.Max(1, Math.Min(TiledProduct.BusyGroups / groups, windows / (Walkers * LeastWindows)));
        return 4 * ((windows + slices - 1) / slices);
    }

    /// <summary>What one thread does.</summary>
    /// <param name="s">The sizes.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="gradOutput">[N, output height, output width, F].</param>
    /// <param name="winners">As many bytes.</param>
    /// <param name="shared">4,096 floats of shared memory: four quads a thread.</param>
    /// <param name="sums">[Kh Kw C + 1, F], without a bias [Kh Kw C, F], overwritten.</param>
    /// <param name="window">The slice's first window, counted through the batch.</param>
    /// <param name="end">The window behind its last.</param>
    public static void Run(in Conv2dShape s, ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<byte> winners, ArrayView<float> shared, ArrayView<float> sums, int window, int end)
    {
        int thread = Group.IdxX, walker = thread >> 5;
        // Lanes without a filter go along with the last one: nobody may miss a barrier.
        int filter = Math.Min((Grid.IdxX * Lanes) + (thread & 31), s.Filters - 1);
        var walk = new TapWalk(s.KernelWidth, s.Channels, 0);
        Four t0 = Next(s, ref walk), t1 = Next(s, ref walk), t2 = Next(s, ref walk), t3 = Next(s, ref walk);
        Float4 s0 = default, s1 = default, s2 = default, s3 = default;
        float bias = 0f;
        window += walker;
        int line = window / s.OutputWidth, x = window - (line * s.OutputWidth), image = line / s.OutputHeight, y = line - (image * s.OutputHeight);
        long at = ((long)window * s.Filters) + filter;
        for (; window < end; window += Walkers)
        {
            int code = winners[at];
            float gradient = code < Conv2dOperands.Closed ? gradOutput[at] : 0f;
            int row = ((2 * y) + ((code >> 1) & 1)) * s.Stride, column = ((2 * x) + (code & 1)) * s.Stride;
            long place = ((long)image * s.InputCount) + (((row * s.Width) + column) * s.Channels);
            s0 = Add(s0, gradient, input, place, t0);
            if (s.Depth > 4) { s1 = Add(s1, gradient, input, place, t1); }
            if (s.Depth > 8) { s2 = Add(s2, gradient, input, place, t2); }
            if (s.Depth > 12) { s3 = Add(s3, gradient, input, place, t3); }
            bias += gradient;
            at += (long)Walkers * s.Filters;
            x += Walkers;
            while (x >= s.OutputWidth)
            {
                x -= s.OutputWidth;
                y++;
                if (y == s.OutputHeight)
                {
                    y = 0;
                    image++;
                }
            }
        }
        int quad = thread * Float4.Count;
        s0.Store(shared, quad);
        s1.Store(shared, quad + Part);
        s2.Store(shared, quad + (2 * Part));
        s3.Store(shared, quad + (3 * Part));
        Group.Barrier();
        // 16 taps of 32 filters: two for each thread.
        Store(s, sums, walker, s.Depth, Reduce(shared, thread));
        Store(s, sums, walker + Walkers, s.Depth, Reduce(shared, thread + Threads));
        Group.Barrier();
        shared[quad] = bias;
        Group.Barrier();
        // The first warp's threads have the first tap's place.
        Store(s, sums, s.Depth + walker, s.ParameterRows, Reduce(shared, thread));
    }

    private static Four Next(in Conv2dShape s, ref TapWalk walk) => new(Offset(s, ref walk), Offset(s, ref walk), Offset(s, ref walk), Offset(s, ref walk));

    /// <summary>Where the next tap lies behind a window's first; for taps that there are not, a place that there is.</summary>
    private static int Offset(in Conv2dShape s, ref TapWalk walk)
    {
        int offset = walk.Line < s.KernelHeight ? (((walk.Line * s.Width) + walk.Tap) * s.Channels) + walk.Channel : 0;
        walk.Next();
        return offset;
    }

    private static Float4 Add(Float4 sum, float gradient, ArrayView<float> input, long place, Four taps) =>
        sum.Plus(gradient, new Float4(input[place + taps.A], input[place + taps.B], input[place + taps.C], input[place + taps.D]));

    /// <summary>Adds up the eight sums of one filter and tap: the lane, and behind it which of 16.</summary>
    private static float Reduce(ArrayView<float> shared, int which)
    {
        int tap = which >> 5, at = ((tap >> 2) * Part) + ((which & 31) * Float4.Count) + (tap & 3);
        float sum = shared[at];
        for (int walker = 1; walker < Walkers; walker++)
        {
            sum += shared[at + (walker * Lanes * Float4.Count)];
        }
        return sum;
    }

    /// <summary>Stores a sum of the thread's filter in one of the first rows.</summary>
    private static void Store(in Conv2dShape s, ArrayView<float> sums, int row, int rows, float sum)
    {
        int filter = (Grid.IdxX * Lanes) + (Group.IdxX & 31);
        if (filter < s.Filters && row < rows)
        {
            sums[((long)row * s.Filters) + filter] = sum;
        }
    }

    private readonly struct Four(int a, int b, int c, int d)
    {
        public readonly int A = a, B = b, C = c, D = d;
    }
}
