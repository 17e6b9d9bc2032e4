using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>Copies the windows that a convolution looks through into the rows of a matrix (im2col), and the gradients that come back.</summary>
internal static unsafe class Unroll
{
    /// <summary>Writes the windows of <paramref name="count"/> output pixels as rows of Kh Kw C floats, zeros where a window hangs over the edge.</summary>
    /// <param name="s">The sizes.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="first">The first row, counted through the batch.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="rows">count * Kh Kw C floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(in Conv2dShape s, float* input, int first, int count, float* rows)
    {
        int channels = s.Channels, line = s.KernelWidth * channels, perImage = s.RowsPerImage;
        int image = first / perImage, row = first - (image * perImage);
        for (int i = 0; i < count; i++, row++)
        {
            if (row == perImage)
            {
                row = 0;
                image++;
            }
            (int y, int x) = s.Corner(row);
            int skip = Math.Max(0, -x), end = Math.Min(s.KernelWidth, s.Width - x);
            float* pixels = input + ((nint)image * s.InputCount);
            for (int ky = 0; ky < s.KernelHeight; ky++, rows += line)
            {
                int iy = y + ky;
                if (iy < 0 || iy >= s.Height || skip >= end)
                {
                    new Span<float>(rows, line).Clear();
                    continue;
                }
                float* from = pixels + ((((nint)iy * s.Width) + x) * channels);
                if (line < CpuWorker.Line)
                {
                    // One channel: a call to copy three floats would cost more than the copy.
                    for (int k = 0; k < line; k++)
                    {
                        rows[k] = k >= skip * channels && k < end * channels ? from[k] : 0f;
                    }
                    continue;
                }
                new Span<float>(rows, skip * channels).Clear();
                new ReadOnlySpan<float>(from + (skip * channels), (end - skip) * channels).CopyTo(new Span<float>(rows + (skip * channels), (end - skip) * channels));
                new Span<float>(rows + (end * channels), (s.KernelWidth - end) * channels).Clear();
            }
        }
    }

    /// <summary>Copies an image into one with room for the padding, whose border is left alone.</summary>
    /// <param name="s">The sizes.</param>
    /// <param name="image">[H, W, C].</param>
    /// <param name="paddedWidth">Pixels of a line of the padded image.</param>
    /// <param name="padded">The padded image.</param>
    public static void Pad(in Conv2dShape s, float* image, int paddedWidth, float* padded)
    {
        int line = s.Width * s.Channels;
        for (int y = 0; y < s.Height; y++)
        {
            new ReadOnlySpan<float>(image + ((nint)y * line), line).CopyTo(new Span<float>(padded + ((((nint)(y + s.Padding) * paddedWidth) + s.Padding) * s.Channels), line));
        }
    }

    /// <summary>Writes the gradients before ReLU and pooling as rows of F floats.</summary>
    /// <param name="s">The sizes.</param>
    /// <param name="gradOutput">[N, output height, output width, F].</param>
    /// <param name="winners">As <see cref="Conv2dForward"/> left them; unused unless pooled.</param>
    /// <param name="first">The first row, counted through the batch; a multiple of 4 when pooled.</param>
    /// <param name="count">The number of rows; a multiple of 4 when pooled.</param>
    /// <param name="stride">Floats between the rows.</param>
    /// <param name="rows">The rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradients(in Conv2dShape s, float* gradOutput, byte* winners, int first, int count, int stride, float* rows)
    {
        int filters = s.Filters;
        if (!s.IsPooled)
        {
            for (int i = 0; i < count; i++)
            {
                new ReadOnlySpan<float>(gradOutput + ((nint)(first + i) * filters), filters).CopyTo(new Span<float>(rows + (i * stride), filters));
            }
            return;
        }
        for (int i = 0; i < count; i += 4)
        {
            float* gradient = gradOutput + ((nint)((first + i) / 4) * filters), r0 = rows + (i * stride), r1 = r0 + stride, r2 = r1 + stride, r3 = r2 + stride;
            byte* winner = winners + ((nint)((first + i) / 4) * filters);
            int f = 0;
            for (; f + CpuWorker.Line <= filters; f += CpuWorker.Line)
            {
                Vector512<float> g = Vector512.Load(gradient + f);
                Vector512<int> w = Widen(Vector128.Load(winner + f));
                Select(g, w, 0).Store(r0 + f);
                Select(g, w, 1).Store(r1 + f);
                Select(g, w, 2).Store(r2 + f);
                Select(g, w, 3).Store(r3 + f);
            }
            for (; f < filters; f++)
            {
                float g = gradient[f];
                int w = winner[f];
                r0[f] = w == 0 ? g : 0f;
                r1[f] = w == 1 ? g : 0f;
                r2[f] = w == 2 ? g : 0f;
                r3[f] = w == 3 ? g : 0f;
            }
        }
    }

    /// <summary>Writes the gradients before ReLU and pooling of one line of windows as panels of two lines of output pixels, 32 filters a panel.</summary>
    /// <param name="gradient">[windows, F], the line's pooled gradients.</param>
    /// <param name="winner">[windows, F].</param>
    /// <param name="windows">Windows in the line.</param>
    /// <param name="filters">F.</param>
    /// <param name="lines">[panels of 32 filters, 2, 2 * windows, 32]; lanes behind F are left alone.</param>
    /// <param name="bias">[F]; the gradients of open windows are added.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GradientLines(float* gradient, byte* winner, int windows, int filters, float* lines, float* bias)
    {
        nint line = 2 * (nint)windows * Tile.Columns;
        for (int window = 0; window < windows; window++, gradient += filters, winner += filters)
        {
            int f = 0;
            for (; f + CpuWorker.Line <= filters; f += CpuWorker.Line)
            {
                float* upper = lines + (f / Tile.Columns * 2 * line) + (2 * window * Tile.Columns) + (f % Tile.Columns), lower = upper + line;
                Vector512<float> g = Vector512.Load(gradient + f);
                Vector512<int> w = Widen(Vector128.Load(winner + f));
                Select(g, w, 0).Store(upper);
                Select(g, w, 1).Store(upper + Tile.Columns);
                Select(g, w, 2).Store(lower);
                Select(g, w, 3).Store(lower + Tile.Columns);
                Vector512<float> open = Vector512.ConditionalSelect(Vector512.Equals(w, Vector512.Create((int)Conv2dOperands.Closed)).AsSingle(), Vector512<float>.Zero, g);
                (Vector512.Load(bias + f) + open).Store(bias + f);
            }
            for (; f < filters; f++)
            {
                float* upper = lines + (f / Tile.Columns * 2 * line) + (2 * window * Tile.Columns) + (f % Tile.Columns), lower = upper + line;
                float g = gradient[f];
                int w = winner[f];
                upper[0] = w == 0 ? g : 0f;
                upper[Tile.Columns] = w == 1 ? g : 0f;
                lower[0] = w == 2 ? g : 0f;
                lower[Tile.Columns] = w == 3 ? g : 0f;
                bias[f] += w == Conv2dOperands.Closed ? 0f : g;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Select(Vector512<float> gradient, Vector512<int> winner, int position) =>
        Vector512.ConditionalSelect(Vector512.Equals(winner, Vector512.Create(position)).AsSingle(), gradient, Vector512<float>.Zero);

    /// <summary>Sixteen bytes as integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector128<byte> bytes)
    {
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(bytes);
        return Vector512.Create(Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)), Vector256.Create(Vector128.WidenLower(high), Vector128.WidenUpper(high))).AsInt32();
    }
}
