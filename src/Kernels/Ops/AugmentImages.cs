using System.Runtime.CompilerServices;
using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>How images are changed at random, and what of it lies on the device.</summary>
/// <param name="Height">Rows of an image.</param>
/// <param name="Width">Pixels of a row.</param>
/// <param name="Channels">Bytes of a pixel.</param>
/// <param name="Shift">The most pixels that an image is moved in each direction, 0 or more.</param>
/// <param name="Flip">Whether every second image is mirrored, left for right.</param>
/// <param name="Erase">The probability that a rectangle is erased, 0 to 1.</param>
/// <param name="Rectangles">[R, 2]: rows and columns of the rectangles to choose from, none larger than an image; may be empty where nothing is erased.</param>
/// <param name="Fill">[channels]: what an erased pixel becomes; may be empty where nothing is erased.</param>
internal readonly record struct AugmentationDraw(int Height, int Width, int Channels, int Shift, bool Flip, double Erase, ArrayView<int> Rectangles, ArrayView<byte> Fill);

/// <summary><see cref="GatherImages"/> with images shifted, mirrored and partly erased at random on their way.</summary>
/// <remarks>images [M, H, W, C] and labels [M] as bytes, order [.] of image numbers, batchImages [N, H, W, C] in [0, 1] and batchLabels [N], overwritten.
/// What happens to an image is a function of seed, step and the image's number, in integers alone: the same bits on every accelerator and for any number of
/// threads, with no state. What is moved in from outside has the value of the nearest pixel of the image.</remarks>
internal readonly struct AugmentImages : IOp
{
    /// <summary>The stream that sets these random numbers apart from those of dropout, initial weights, shuffling and samples.</summary>
    private const uint Stream = 5;

    private readonly ArrayView<byte> images, labels, fill;
    private readonly ArrayView<int> order, batchLabels, rectangles;
    private readonly ArrayView<float> batchImages;
    private readonly int height, width, channels, shift, flip, first, batch, vector;
    private readonly uint step;
    private readonly ulong eraseBelow, seed;

    private AugmentImages(ArrayView<byte> images, ArrayView<byte> labels, ArrayView<int> order, ArrayView<float> batchImages, ArrayView<int> batchLabels, in AugmentationDraw draw,
        int first, int batch, ulong seed, uint step)
    {
        this.images = images;
        this.labels = labels;
        this.order = order;
        this.batchImages = batchImages;
        this.batchLabels = batchLabels;
        (height, width, channels) = (draw.Height, draw.Width, draw.Channels);
        shift = draw.Shift;
        flip = draw.Flip ? 1 : 0;
        rectangles = draw.Rectangles;
        fill = draw.Fill;
        eraseBelow = (ulong)Math.Round(draw.Erase * 4294967296.0);
        this.first = first;
        this.batch = batch;
        this.seed = seed;
        this.step = step;
        vector = Pixels % Float4.Count == 0 ? Float4.Fits(batchImages) : 0;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="images">[M, H, W, C].</param>
    /// <param name="labels">[M].</param>
    /// <param name="order">Image numbers, each 0 to M - 1.</param>
    /// <param name="batchImages">[batch, H, W, C].</param>
    /// <param name="batchLabels">[batch].</param>
    /// <param name="draw">What is done to images.</param>
    /// <param name="first">Where in <paramref name="order"/> the batch starts.</param>
    /// <param name="batch">N.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="step">The training step: another step, other changes.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need, the shift is negative, or the probability is outside [0, 1].</exception>
    public static void Run(Device device, ArrayView<byte> images, ArrayView<byte> labels, ArrayView<int> order, ArrayView<float> batchImages, ArrayView<int> batchLabels, in AugmentationDraw draw,
        int first, int batch, ulong seed, uint step)
    {
        Require.Positive(draw.Height);
        Require.Positive(draw.Width);
        Require.Positive(draw.Channels);
        Require.Positive(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(draw.Shift);
        if (!(draw.Erase >= 0 && draw.Erase <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(draw), draw.Erase, "a probability lies in [0, 1]");
        }
        long pixels = (long)draw.Height * draw.Width * draw.Channels;
        Require.Length(images, labels.Length * pixels);
        Require.Length(order, (long)first + batch);
        Require.Length(batchImages, batch * pixels);
        Require.Length(batchLabels, batch);
        if (draw.Erase > 0)
        {
            Require.Length(draw.Rectangles, 2, nameof(draw.Rectangles));
            Require.Length(draw.Fill, draw.Channels, nameof(draw.Fill));
        }
        device.Run(new AugmentImages(images, labels, order, batchImages, batchLabels, draw, first, batch, seed, step));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(batch * Pixels, vector);

    private int Pixels => height * width * channels;

    /// <remarks>A thread takes one value, or four, and decides for itself what happens to the image: two draws cost less than memory to share them through.</remarks>
    void IOp.Gpu()
    {
        int pixels = Pixels, i = vector != 0 ? Float4.Count * Grid.GlobalIndex.X : Grid.GlobalIndex.X;
        if (i >= batch * pixels)
        {
            return;
        }
        int row = i / pixels, value = i % pixels, image = order[first + row];
        Change change = Draw((uint)image);
        long from = (long)image * pixels;
        int channel = value % channels, pixel = value / channels, x = pixel % width, y = pixel / width;
        float one = Value(change, from, y, x, channel) / 255f;
        if (vector != 0)
        {
            Next(ref y, ref x, ref channel);
            float two = Value(change, from, y, x, channel) / 255f;
            Next(ref y, ref x, ref channel);
            float three = Value(change, from, y, x, channel) / 255f;
            Next(ref y, ref x, ref channel);
            new Float4(one, two, three, Value(change, from, y, x, channel) / 255f).Store(batchImages, i);
        }
        else
        {
            batchImages[i] = one;
        }
        if (value == 0)
        {
            batchLabels[row] = labels[image];
        }
    }

    /// <remarks>An image is put together as bytes, which stay in the cache, then scaled as a whole.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        int pixels = Pixels;
        byte* changed = (byte*)worker.Scratch((pixels + sizeof(float) - 1) / sizeof(float));
        (int from, int to) = worker.Share(batch);
        for (int row = from; row < to; row++)
        {
            int image = order[first + row];
            Apply(Draw((uint)image), CpuWorker.Pointer(images) + ((nint)image * pixels), changed);
            GatherImages.Scale(changed, CpuWorker.Pointer(batchImages) + ((nint)row * pixels), pixels);
            batchLabels[row] = labels[image];
        }
    }

    /// <summary>Decides what happens to an image. Each decision has random words of its own, so that none depends on which others there are.</summary>
    private Change Draw(uint image)
    {
        Philox random = Philox.At(image, step, 0, Stream, seed);
        int right = Below(random.X0, (2 * shift) + 1) - shift, down = Below(random.X1, (2 * shift) + 1) - shift, mirrored = flip & (int)(random.X2 >> 31);
        int top = 0, left = 0, rows = 0, columns = 0;
        if (random.X3 < eraseBelow)
        {
            Philox place = Philox.At(image, step, 1, Stream, seed);
            int rectangle = 2 * Below(place.X0, (int)(rectangles.Length / 2));
            rows = rectangles[rectangle];
            columns = rectangles[rectangle + 1];
            top = Below(place.X1, height - rows + 1);
            left = Below(place.X2, width - columns + 1);
        }
        return new Change(right, down, mirrored, top, left, rows, columns);
    }

    /// <summary>A number from 0 to <paramref name="count"/> - 1.</summary>
    private static int Below(uint word, int count) => (int)(((ulong)word * (ulong)count) >> 32);

    /// <summary>A byte of the changed image.</summary>
    private byte Value(in Change change, long image, int y, int x, int channel)
    {
        // One comparison an axis: what is before the rectangle becomes a large number.
        if ((uint)(y - change.Top) < (uint)change.Rows && (uint)(x - change.Left) < (uint)change.Columns)
        {
            return fill[channel];
        }
        int column = (change.Mirrored != 0 ? width - 1 - x : x) - change.Right, line = y - change.Down;
        column = Math.Min(Math.Max(column, 0), width - 1);
        line = Math.Min(Math.Max(line, 0), height - 1);
        return images[image + (((line * width) + column) * channels) + channel];
    }

    private void Next(ref int y, ref int x, ref int channel)
    {
        channel++;
        if (channel == channels)
        {
            channel = 0;
            x++;
        }
        if (x == width)
        {
            x = 0;
            y++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Apply(in Change change, byte* source, byte* target)
    {
        int rowBytes = width * channels;
        // Pixels at the left that repeat the first, or at the right that repeat the last.
        int before = Math.Clamp(change.Right, 0, width), behind = Math.Clamp(-change.Right, 0, width), kept = width - before - behind;
        for (int y = 0; y < height; y++)
        {
            byte* from = source + ((nint)Math.Clamp(y - change.Down, 0, height - 1) * rowBytes), to = target + ((nint)y * rowBytes);
            Repeat(from, to, before);
            Unsafe.CopyBlockUnaligned(to + (before * channels), from + (behind * channels), (uint)(kept * channels));
            Repeat(from + rowBytes - channels, to + ((before + kept) * channels), behind);
            if (change.Mirrored != 0)
            {
                Mirror(to);
            }
        }
        byte* colour = CpuWorker.Pointer(fill);
        for (int y = change.Top; y < change.Top + change.Rows; y++)
        {
            Repeat(colour, target + ((nint)y * rowBytes) + (change.Left * channels), change.Columns);
        }
    }

    private unsafe void Repeat(byte* pixel, byte* target, int count)
    {
        for (int i = 0; i < count * channels; i += channels)
        {
            for (int c = 0; c < channels; c++)
            {
                target[i + c] = pixel[c];
            }
        }
    }

    private unsafe void Mirror(byte* row)
    {
        if (channels == 1)
        {
            new Span<byte>(row, width).Reverse();
            return;
        }
        for (int left = 0, right = (width - 1) * channels; left < right; left += channels, right -= channels)
        {
            for (int c = 0; c < channels; c++)
            {
                (row[left + c], row[right + c]) = (row[right + c], row[left + c]);
            }
        }
    }

    /// <summary>What happens to an image: moved, then mirrored, then a rectangle of the result erased.</summary>
    private readonly struct Change(int right, int down, int mirrored, int top, int left, int rows, int columns)
    {
        public readonly int Right = right, Down = down, Mirrored = mirrored, Top = top, Left = left, Rows = rows, Columns = columns;
    }
}
