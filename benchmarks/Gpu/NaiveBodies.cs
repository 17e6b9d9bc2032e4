using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn.Benchmarks.Gpu;

/// <summary>The textbook's matrix product: one thread an output, everything from global memory. C [rows, columns] = A [rows, depth] B [depth, columns].</summary>
internal readonly struct NaiveProduct(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, int rows, int depth, int columns) : IOp
{
    /// <inheritdoc/>
    public KernelConfig GpuShape => ((rows * columns + 255) / 256, 256);

    /// <inheritdoc/>
    public void Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i >= rows * columns)
        {
            return;
        }
        int row = i / columns, column = i % columns;
        float sum = 0f;
        for (int k = 0; k < depth; k++)
        {
            sum += a[(row * depth) + k] * b[(k * columns) + column];
        }
        c[i] = sum;
    }

    /// <inheritdoc/>
    public void Cpu(in CpuWorker worker) => throw new NotSupportedException();
}

/// <summary>The textbook's convolution: one thread an output, which with ReLU and 2 x 2 pooling computes the four values of its window.</summary>
internal readonly struct NaiveConv2dForward(Conv2dShape shape, ArrayView<float> input, ArrayView<float> parameters, ArrayView<float> output, ArrayView<byte> winners, int batch) : IOp
{
    /// <inheritdoc/>
    public KernelConfig GpuShape => ((batch * shape.OutputCount + 255) / 256, 256);

    /// <inheritdoc/>
    public void Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i >= batch * shape.OutputCount)
        {
            return;
        }
        int f = i % shape.Filters, pixel = i / shape.Filters;
        int ox = pixel % shape.OutputWidth, line = pixel / shape.OutputWidth, oy = line % shape.OutputHeight, n = line / shape.OutputHeight;
        if (!shape.IsPooled)
        {
            output[i] = Value(n, oy, ox, f);
            return;
        }
        float best = 0f;
        int winner = 4;
        for (int corner = 0; corner < 4; corner++)
        {
            float value = Value(n, (2 * oy) + (corner / 2), (2 * ox) + (corner % 2), f);
            if (value > best)
            {
                best = value;
                winner = corner;
            }
        }
        output[i] = best;
        winners[i] = (byte)winner;
    }

    /// <inheritdoc/>
    public void Cpu(in CpuWorker worker) => throw new NotSupportedException();

    private float Value(int n, int convY, int convX, int f)
    {
        float sum = shape.HasBias ? parameters[(shape.Depth * shape.Filters) + f] : 0f;
        for (int ky = 0; ky < shape.KernelHeight; ky++)
        {
            int y = (convY * shape.Stride) - shape.Padding + ky;
            if (y < 0 || y >= shape.Height)
            {
                continue;
            }
            for (int kx = 0; kx < shape.KernelWidth; kx++)
            {
                int x = (convX * shape.Stride) - shape.Padding + kx;
                if (x < 0 || x >= shape.Width)
                {
                    continue;
                }
                int pixel = ((((n * shape.Height) + y) * shape.Width) + x) * shape.Channels, weight = (((ky * shape.KernelWidth) + kx) * shape.Channels * shape.Filters) + f;
                for (int c = 0; c < shape.Channels; c++)
                {
                    sum += input[pixel + c] * parameters[weight + (c * shape.Filters)];
                }
            }
        }
        return sum;
    }
}
