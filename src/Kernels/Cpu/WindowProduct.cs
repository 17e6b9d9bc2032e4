using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>The windows of images times a matrix: a convolution on the CPU, and where the stride is 1 the gradient of its input, which is a convolution too.</summary>
/// <remarks>
/// Images are copied into ones with room for the padding, so that a line of a window, Kw C floats, lies in one piece wherever the window is; the tile then reads twelve output pixels where they
/// lie, a line of the kernel at a time. Lines shorter than a vector are copied into the rows of a small matrix first. What comes out is finished while it is in the first-level cache.
/// Every value is a sum, in the order ky, kx, c, of chains of at most <see cref="TiledProduct.ChainLength"/> terms, which no number of images or workers changes.
/// </remarks>
internal static unsafe class WindowProduct
{
    /// <summary>Up to so many output pixels the weights are read where they lie: packing them would take longer than it saves.</summary>
    private const int FewRows = 256;

    /// <summary>Floats behind an image that may be read, and behind a row that may be written, with the last line of a window: copies are made in whole vectors.</summary>
    private const int Slack = CpuWorker.Line;

    /// <summary>Whether there are so few output pixels that workers share the columns too.</summary>
    public static bool IsFew(in Conv2dShape s, int batch) => batch * s.RowsPerImage <= FewRows;

    /// <summary>Columns of all panels, a multiple of 32.</summary>
    public static int Width(in Conv2dShape s) => (s.Filters + Tile.Columns - 1) / Tile.Columns * Tile.Columns;

    /// <summary>Floats of the scratch memory that <see cref="Run"/> needs.</summary>
    public static nint Scratch(in Conv2dShape s) =>
        (Tile.Rows * (nint)Width(s)) + (Tile.Rows * ((nint)s.Depth + Slack)) + (Ring(s) * PaddedCount(s)) + s.RowsPerImage;

    /// <summary>This worker's part of the units, of twelve output pixels and all columns, or where there are few pixels of 32 columns.</summary>
    public static (int From, int To) Share(in CpuWorker worker, in Conv2dShape s, int batch) =>
        worker.Share(((batch * s.RowsPerImage) + Tile.Rows - 1) / Tile.Rows * (IsFew(s, batch) ? Width(s) / Tile.Columns : 1));

    /// <summary>Computes the worker's part.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="s">The sizes.</param>
    /// <param name="batch">N.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="matrix">[panels of 32 columns, Kh Kw C, 32] when packed, else [Kh Kw C, F].</param>
    /// <param name="packed">Whether the matrix is packed.</param>
    /// <param name="bias">[width], or null for none; a pooled shape needs one.</param>
    /// <param name="output">[N, output height, output width, F].</param>
    /// <param name="codes">For a pooled shape the winners.</param>
    /// <param name="scratch">As many floats as <see cref="Scratch"/> says.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in CpuWorker worker, in Conv2dShape s, int batch, float* input, float* matrix, bool packed, float* bias, float* output, byte* codes, float* scratch)
    {
        int filters = s.Filters, panels = Width(s) / Tile.Columns, perImage = s.RowsPerImage, rows = batch * perImage, ring = Ring(s);
        bool copied = IsCopied(s);
        int lines = copied ? 1 : s.KernelHeight, line = s.Depth / lines, pitch = PaddedWidth(s) * s.Channels, group = IsFew(s, batch) ? 1 : panels, groups = panels / group;
        (int from, int to) = Share(worker, s, batch);
        nint padded = PaddedCount(s), copy = (nint)s.Depth + Slack;
        float* conv = scratch, copies = conv + (Tile.Rows * (nint)Width(s)), images = copies + (Tile.Rows * copy);
        int* starts = (int*)(images + (ring * padded));
        Starts(s, starts);
        new Span<float>(images, checked((int)(ring * padded))).Clear();
        int tile = group * Tile.Columns;
        int* offsets = stackalloc int[Tile.Rows];
        Tile.RowOffsets(offsets, tile);
        float** windows = stackalloc float*[Tile.Rows];
        for (int unit = from, first = -1, count = 0, ready = -1; unit < to; unit++)
        {
            int j0 = unit % groups * tile;
            if (first != unit / groups * Tile.Rows)
            {
                first = unit / groups * Tile.Rows;
                count = Math.Min(Tile.Rows, rows - first);
                for (int next = Math.Max(ready + 1, first / perImage), last = (first + count - 1) / perImage; next <= last; next++)
                {
                    Pad(s, input + ((nint)next * s.InputCount), images + (next % ring * padded));
                    ready = next;
                }
                for (int i = 0, image = first / perImage, number = first % perImage; i < count; i++, number++)
                {
                    if (number == perImage)
                    {
                        number = 0;
                        image++;
                    }
                    windows[i] = images + (image % ring * padded) + starts[number];
                    if (copied)
                    {
                        Copy(windows[i], pitch, s.KernelHeight, s.KernelWidth * s.Channels, copies + (i * copy));
                        windows[i] = copies + (i * copy);
                    }
                }
            }
            for (int y = 0, k = 0; y < lines; y++)
            {
                for (int at = 0, chain; at < line; at += chain, k += chain)
                {
                    chain = Math.Min(TiledProduct.ChainLength, line - at);
                    for (int j = j0; j < j0 + tile; j += Tile.Columns)
                    {
                        float* panel = packed ? matrix + ((nint)j * s.Depth) + (k * Tile.Columns) : matrix + ((nint)k * filters) + j;
                        Tile.Multiply(count, Tile.WidthOf(filters - j), windows, 1, panel, packed ? Tile.Columns : filters, chain, conv + j - j0, offsets, k > 0, (y * pitch) + at);
                    }
                }
            }
            Store(s, conv, tile, bias, j0, first, count, output, codes);
        }
    }

    private static void Store(in Conv2dShape s, float* conv, int tile, float* bias, int j0, int first, int count, float* output, byte* codes)
    {
        int filters = s.Filters, stored = Math.Min(tile, filters - j0);
        for (int i = 0; i < count; i += s.IsPooled ? 4 : 1)
        {
            float* row = conv + (i * tile);
            nint at = ((nint)(first + i) / (s.IsPooled ? 4 : 1) * filters) + j0;
            if (s.IsPooled)
            {
                PoolWindow.Store(row, tile, bias + j0, stored, output + at, codes + at);
                continue;
            }
            if (bias is not null)
            {
                Elements.AddBias(row, bias + j0, stored, 0);
            }
            new ReadOnlySpan<float>(row, stored).CopyTo(new Span<float>(output + at, stored));
        }
    }

    private static bool IsCopied(in Conv2dShape s) => s.KernelWidth * s.Channels < CpuWorker.Line;

    /// <summary>Images that are there at once: those that twelve output pixels may belong to.</summary>
    private static int Ring(in Conv2dShape s) => ((Tile.Rows - 1) / s.RowsPerImage) + 2;

    private static int PaddedWidth(in Conv2dShape s) => s.Width + (2 * s.Padding);

    private static nint PaddedCount(in Conv2dShape s) => ((nint)(s.Height + (2 * s.Padding)) * PaddedWidth(s) * s.Channels) + Slack;

    /// <summary>Where each window starts in the padded image.</summary>
    private static void Starts(in Conv2dShape s, int* starts)
    {
        for (int row = 0; row < s.RowsPerImage; row++)
        {
            (int y, int x) = s.Corner(row);
            starts[row] = (((y + s.Padding) * PaddedWidth(s)) + x + s.Padding) * s.Channels;
        }
    }

    /// <summary>Copies an image into one with room for the padding, whose border stays zero.</summary>
    private static void Pad(in Conv2dShape s, float* image, float* padded)
    {
        if (s.Padding == 0)
        {
            new ReadOnlySpan<float>(image, s.InputCount).CopyTo(new Span<float>(padded, s.InputCount));
            return;
        }
        Unroll.Pad(s, image, PaddedWidth(s), padded);
    }

    /// <summary>Copies the lines of a window, each shorter than a vector, one behind the other; up to a vector behind the last is written too.</summary>
    private static void Copy(float* window, int pitch, int lines, int line, float* row)
    {
        for (; lines > 0; lines--, window += pitch, row += line)
        {
            Vector512.Load(window).Store(row);
        }
    }
}
