using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.Intrinsics.Vector512;

namespace GpuCnn.Kernels;

/// <summary>The gradients of a pooled convolution without the zeros: of a window's four positions only the winner has a gradient, and none where ReLU closed the
/// window, so a quarter of the products is left, or an eighth.</summary>
/// <remarks>Winners differ from filter to filter, so filters cannot share a register as they do in a <see cref="Tile"/>; input channels do. For one filter
/// and one line of its kernel, the line's Kw C weights are neighbours in memory, and so are the inputs under them wherever the winner is.</remarks>
internal static unsafe class WinnerLines
{
    /// <summary>Vectors of a line that are worked on at once: what fits the registers.</summary>
    private const int MostVectors = 12;

    /// <summary>As <see cref="MostVectors"/>, where a sum's order of terms does not depend on it.</summary>
    private static int MostSums => Vector512.IsHardwareAccelerated ? MostVectors : MostVectors / 2;

    /// <summary>An output with a gradient: where the input that its winner sees starts, and the gradient.</summary>
    public struct Winner
    {
        public int Offset;
        public float Gradient;
    }

    /// <summary>Whether lines are whole vectors.</summary>
    public static bool Fits(in Conv2dShape s) => s.IsPooled && s.Channels % CpuWorker.Line == 0;

    /// <summary>The size of an image with room for every tap of every window.</summary>
    public static (int Height, int Width) Padded(in Conv2dShape s) =>
        (Math.Max(((s.ConvHeight - 1) * s.Stride) + s.KernelHeight, s.Padding + s.Height), Math.Max(((s.ConvWidth - 1) * s.Stride) + s.KernelWidth, s.Padding + s.Width));

    /// <summary>Collects, filter by filter, one image's outputs that have a gradient.</summary>
    /// <param name="s">The sizes.</param>
    /// <param name="gradient">[windows, F].</param>
    /// <param name="codes">[windows, F].</param>
    /// <param name="paddedWidth">Pixels of a line of the padded image.</param>
    /// <param name="winners">[F, windows].</param>
    /// <param name="counts">[F].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Collect(in Conv2dShape s, float* gradient, byte* codes, int paddedWidth, Winner* winners, int* counts)
    {
        int filters = s.Filters, windows = s.OutputHeight * s.OutputWidth;
        int* offsets = stackalloc int[Conv2dOperands.Closed + 1];
        new Span<int>(counts, filters).Clear();
        for (int window = 0; window < windows; window++, gradient += filters, codes += filters)
        {
            for (int position = 0; position < Conv2dOperands.Closed; position++)
            {
                (int y, int x) = s.Corner((4 * window) + position);
                offsets[position] = (((y + s.Padding) * paddedWidth) + x + s.Padding) * s.Channels;
            }
            for (int f = 0; f < filters; f++)
            {
                // Without a branch, which would be mispredicted every other time: a closed window's entry is overwritten by the next.
                Winner* next = winners + (f * windows) + counts[f];
                next->Offset = offsets[codes[f]];
                next->Gradient = gradient[f];
                counts[f] += codes[f] < Conv2dOperands.Closed ? 1 : 0;
            }
        }
    }

    /// <summary>sums[0..length) += gradient * x[offset..offset + length) for every winner.</summary>
    public static void Gather(float* sums, float* x, Winner* winners, int count, int length)
    {
        for (int done = 0, most = MostSums; done < length; done += most * CpuWorker.Line)
        {
            int vectors = Math.Min(most, (length - done) / CpuWorker.Line);
            switch (vectors)
            {
                case 2: Gather<R2>(sums + done, x + done, winners, count); break;
                case 3: Gather<R3>(sums + done, x + done, winners, count); break;
                case 4: Gather<R4>(sums + done, x + done, winners, count); break;
                case 6: Gather<R6>(sums + done, x + done, winners, count); break;
                case 8: Gather<R8>(sums + done, x + done, winners, count); break;
                case 9: Gather<R9>(sums + done, x + done, winners, count); break;
                case 12: Gather<R12>(sums + done, x + done, winners, count); break;
                default:
                    for (int i = 0; i < vectors; i++)
                    {
                        Gather<R1>(sums + done + (i * CpuWorker.Line), x + done + (i * CpuWorker.Line), winners, count);
                    }
                    break;
            }
        }
    }

    /// <summary>y[offset..offset + length) += gradient * weight[0..length) for every winner.</summary>
    public static void Scatter(float* weight, float* y, Winner* winners, int count, int length)
    {
        for (int done = 0; done < length; done += MostVectors * CpuWorker.Line)
        {
            int vectors = Math.Min(MostVectors, (length - done) / CpuWorker.Line);
            switch (vectors)
            {
                case 2: Scatter<R2>(weight + done, y + done, winners, count); break;
                case 3: Scatter<R3>(weight + done, y + done, winners, count); break;
                case 4: Scatter<R4>(weight + done, y + done, winners, count); break;
                case 6: Scatter<R6>(weight + done, y + done, winners, count); break;
                case 8: Scatter<R8>(weight + done, y + done, winners, count); break;
                case 9: Scatter<R9>(weight + done, y + done, winners, count); break;
                case 12: Scatter<R12>(weight + done, y + done, winners, count); break;
                default:
                    for (int i = 0; i < vectors; i++)
                    {
                        Scatter<R1>(weight + done + (i * CpuWorker.Line), y + done + (i * CpuWorker.Line), winners, count);
                    }
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather<R>(float* sums, float* x, Winner* winners, int count) where R : struct, IRowCount
    {
        Vector512<float> s0 = Load(sums), s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
        Vector512<float> s6 = default, s7 = default, s8 = default, s9 = default, s10 = default, s11 = default;
        if (R.Count > 1) { s1 = Load(sums + 16); }
        if (R.Count > 2) { s2 = Load(sums + 32); }
        if (R.Count > 3) { s3 = Load(sums + 48); }
        if (R.Count > 4) { s4 = Load(sums + 64); }
        if (R.Count > 5) { s5 = Load(sums + 80); }
        if (R.Count > 6) { s6 = Load(sums + 96); }
        if (R.Count > 7) { s7 = Load(sums + 112); }
        if (R.Count > 8) { s8 = Load(sums + 128); }
        if (R.Count > 9) { s9 = Load(sums + 144); }
        if (R.Count > 10) { s10 = Load(sums + 160); }
        if (R.Count > 11) { s11 = Load(sums + 176); }
        for (; count > 0; count--, winners++)
        {
            Vector512<float> g = Create(winners->Gradient);
            float* p = x + winners->Offset;
            s0 = FusedMultiplyAdd(g, Load(p), s0);
            if (R.Count > 1) { s1 = FusedMultiplyAdd(g, Load(p + 16), s1); }
            if (R.Count > 2) { s2 = FusedMultiplyAdd(g, Load(p + 32), s2); }
            if (R.Count > 3) { s3 = FusedMultiplyAdd(g, Load(p + 48), s3); }
            if (R.Count > 4) { s4 = FusedMultiplyAdd(g, Load(p + 64), s4); }
            if (R.Count > 5) { s5 = FusedMultiplyAdd(g, Load(p + 80), s5); }
            if (R.Count > 6) { s6 = FusedMultiplyAdd(g, Load(p + 96), s6); }
            if (R.Count > 7) { s7 = FusedMultiplyAdd(g, Load(p + 112), s7); }
            if (R.Count > 8) { s8 = FusedMultiplyAdd(g, Load(p + 128), s8); }
            if (R.Count > 9) { s9 = FusedMultiplyAdd(g, Load(p + 144), s9); }
            if (R.Count > 10) { s10 = FusedMultiplyAdd(g, Load(p + 160), s10); }
            if (R.Count > 11) { s11 = FusedMultiplyAdd(g, Load(p + 176), s11); }
        }
        s0.Store(sums);
        if (R.Count > 1) { s1.Store(sums + 16); }
        if (R.Count > 2) { s2.Store(sums + 32); }
        if (R.Count > 3) { s3.Store(sums + 48); }
        if (R.Count > 4) { s4.Store(sums + 64); }
        if (R.Count > 5) { s5.Store(sums + 80); }
        if (R.Count > 6) { s6.Store(sums + 96); }
        if (R.Count > 7) { s7.Store(sums + 112); }
        if (R.Count > 8) { s8.Store(sums + 128); }
        if (R.Count > 9) { s9.Store(sums + 144); }
        if (R.Count > 10) { s10.Store(sums + 160); }
        if (R.Count > 11) { s11.Store(sums + 176); }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter<R>(float* weight, float* y, Winner* winners, int count) where R : struct, IRowCount
    {
        Vector512<float> w0 = Load(weight), w1 = default, w2 = default, w3 = default, w4 = default, w5 = default;
        Vector512<float> w6 = default, w7 = default, w8 = default, w9 = default, w10 = default, w11 = default;
        if (R.Count > 1) { w1 = Load(weight + 16); }
        if (R.Count > 2) { w2 = Load(weight + 32); }
        if (R.Count > 3) { w3 = Load(weight + 48); }
        if (R.Count > 4) { w4 = Load(weight + 64); }
        if (R.Count > 5) { w5 = Load(weight + 80); }
        if (R.Count > 6) { w6 = Load(weight + 96); }
        if (R.Count > 7) { w7 = Load(weight + 112); }
        if (R.Count > 8) { w8 = Load(weight + 128); }
        if (R.Count > 9) { w9 = Load(weight + 144); }
        if (R.Count > 10) { w10 = Load(weight + 160); }
        if (R.Count > 11) { w11 = Load(weight + 176); }
        for (; count > 0; count--, winners++)
        {
            Vector512<float> g = Create(winners->Gradient);
            float* p = y + winners->Offset;
            FusedMultiplyAdd(g, w0, Load(p)).Store(p);
            if (R.Count > 1) { FusedMultiplyAdd(g, w1, Load(p + 16)).Store(p + 16); }
            if (R.Count > 2) { FusedMultiplyAdd(g, w2, Load(p + 32)).Store(p + 32); }
            if (R.Count > 3) { FusedMultiplyAdd(g, w3, Load(p + 48)).Store(p + 48); }
            if (R.Count > 4) { FusedMultiplyAdd(g, w4, Load(p + 64)).Store(p + 64); }
            if (R.Count > 5) { FusedMultiplyAdd(g, w5, Load(p + 80)).Store(p + 80); }
            if (R.Count > 6) { FusedMultiplyAdd(g, w6, Load(p + 96)).Store(p + 96); }
            if (R.Count > 7) { FusedMultiplyAdd(g, w7, Load(p + 112)).Store(p + 112); }
            if (R.Count > 8) { FusedMultiplyAdd(g, w8, Load(p + 128)).Store(p + 128); }
            if (R.Count > 9) { FusedMultiplyAdd(g, w9, Load(p + 144)).Store(p + 144); }
            if (R.Count > 10) { FusedMultiplyAdd(g, w10, Load(p + 160)).Store(p + 160); }
            if (R.Count > 11) { FusedMultiplyAdd(g, w11, Load(p + 176)).Store(p + 176); }
        }
    }
}
