using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ILGPU;
using ILGPU.Runtime;

namespace GpuCnn.Kernels;

/// <summary>Takes a batch out of images that the device keeps as bytes: pixels become floats in [0, 1], labels become integers.</summary>
/// <remarks>images [M, pixels] and labels [M] as bytes, order [.] of image numbers, batchImages [N, pixels] = images / 255 and batchLabels [N], overwritten.</remarks>
internal readonly struct GatherImages : IOp
{
    private readonly ArrayView<byte> images, labels;
    private readonly ArrayView<int> order, batchLabels;
    private readonly ArrayView<float> batchImages;
    private readonly int pixels, first, batch, vector;

    private GatherImages(ArrayView<byte> images, ArrayView<byte> labels, ArrayView<int> order, ArrayView<float> batchImages, ArrayView<int> batchLabels, int pixels, int first, int batch)
    {
        this.images = images;
        this.labels = labels;
        this.order = order;
        this.batchImages = batchImages;
        this.batchLabels = batchLabels;
        this.pixels = pixels;
        this.first = first;
        this.batch = batch;
        vector = pixels % Float4.Count == 0 ? Float4.Fits(batchImages) & Float4.Fits(images) : 0;
    }

    /// <summary>Runs the operation.</summary>
    /// <param name="device">The device that holds the operands.</param>
    /// <param name="images">[M, pixels].</param>
    /// <param name="labels">[M].</param>
    /// <param name="order">Image numbers, each 0 to M - 1.</param>
    /// <param name="batchImages">[batch, pixels].</param>
    /// <param name="batchLabels">[batch].</param>
    /// <param name="pixels">Bytes of an image.</param>
    /// <param name="first">Where in <paramref name="order"/> the batch starts.</param>
    /// <param name="batch">N.</param>
    /// <exception cref="ArgumentException">An operand is shorter than the shapes need.</exception>
    public static void Run(Device device, ArrayView<byte> images, ArrayView<byte> labels, ArrayView<int> order, ArrayView<float> batchImages, ArrayView<int> batchLabels, int pixels, int first, int batch)
    {
        Require.Positive(pixels);
        Require.Positive(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        Require.Length(images, labels.Length * pixels);
        Require.Length(order, (long)first + batch);
        Require.Length(batchImages, (long)batch * pixels);
        Require.Length(batchLabels, batch);
        device.Run(new GatherImages(images, labels, order, batchImages, batchLabels, pixels, first, batch));
    }

    KernelConfig IOp.GpuShape => ElementWise.Shape(batch * pixels, vector);

    /// <remarks>A thread takes one pixel, or four as one word: the first in its lowest byte, as on every GPU.</remarks>
    void IOp.Gpu()
    {
        int i = vector != 0 ? Float4.Count * Grid.GlobalIndex.X : Grid.GlobalIndex.X;
        if (i >= batch * pixels)
        {
            return;
        }
        int row = i / pixels, pixel = i % pixels, image = order[first + row];
        long from = ((long)image * pixels) + pixel;
        if (vector != 0)
        {
            int four = images.SubView(from, Float4.Count).AsAligned(Float4.Count).Cast<int>()[0];
            new Float4((four & 255) / 255f, ((four >> 8) & 255) / 255f, ((four >> 16) & 255) / 255f, ((four >> 24) & 255) / 255f).Store(batchImages, i);
        }
        else
        {
            batchImages[i] = images[from] / 255f;
        }
        if (pixel == 0)
        {
            batchLabels[row] = labels[image];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void IOp.Cpu(in CpuWorker worker)
    {
        (int from, int to) = worker.Share(batch);
        for (int row = from; row < to; row++)
        {
            int image = order[first + row];
            byte* x = CpuWorker.Pointer(images) + ((nint)image * pixels);
            float* y = CpuWorker.Pointer(batchImages) + ((nint)row * pixels);
            Scale(x, y, pixels);
            batchLabels[row] = labels[image];
        }
    }

    /// <summary>target[i] = source[i] / 255.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static unsafe void Scale(byte* source, float* target, int count)
    {
        int i = 0;
        for (; i + CpuWorker.Line <= count; i += CpuWorker.Line)
        {
            (Vector512.ConvertToSingle(Unroll.Widen(Vector128.Load(source + i))) / 255f).Store(target + i);
        }
        for (; i < count; i++)
        {
            target[i] = source[i] / 255f;
        }
    }
}
