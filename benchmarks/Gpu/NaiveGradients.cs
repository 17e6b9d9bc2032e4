using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn.Benchmarks.Gpu;

/// <summary>The textbook's gradient of a convolution, pooled or not, with respect to weight and bias: one thread an element, which looks at every output of every image.</summary>
internal readonly struct NaiveConv2dWeightGradient(
    Conv2dShape shape, ArrayView<float> input, ArrayView<float> gradOutput, ArrayView<byte> winners, ArrayView<float> gradParameters, int batch) : IOp
{
    /// <inheritdoc/>
    public KernelConfig GpuShape => ((shape.ParameterCount + 255) / 256, 256);

    /// <inheritdoc/>
    public void Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i >= shape.ParameterCount)
        {
            return;
        }
        int f = i % shape.Filters, depth = i / shape.Filters, c = depth % shape.Channels, tap = depth / shape.Channels, kx = tap % shape.KernelWidth, ky = tap / shape.KernelWidth;
        bool isBias = depth == shape.Depth;
        float sum = 0f;
        for (int pixel = 0; pixel < batch * shape.OutputHeight * shape.OutputWidth; pixel++)
        {
            int ox = pixel % shape.OutputWidth, line = pixel / shape.OutputWidth, oy = line % shape.OutputHeight, n = line / shape.OutputHeight, at = (pixel * shape.Filters) + f;
            int winner = shape.IsPooled ? winners[at] : 0, convY = shape.IsPooled ? (2 * oy) + (winner / 2) : oy, convX = shape.IsPooled ? (2 * ox) + (winner % 2) : ox;
            int y = (convY * shape.Stride) - shape.Padding + ky, x = (convX * shape.Stride) - shape.Padding + kx;
            if (winner < 4 && isBias)
            {
                sum += gradOutput[at];
            }
            else if (winner < 4 && y >= 0 && y < shape.Height && x >= 0 && x < shape.Width)
            {
                sum += gradOutput[at] * input[(((((n * shape.Height) + y) * shape.Width) + x) * shape.Channels) + c];
            }
        }
        gradParameters[i] = sum;
    }

    /// <inheritdoc/>
    public void Cpu(in CpuWorker worker) => throw new NotSupportedException();
}

/// <summary>The textbook's gradient of a convolution, pooled or not, with respect to its input: one thread an element, which looks at every tap and every filter.</summary>
internal readonly struct NaiveConv2dInputGradient(
    Conv2dShape shape, ArrayView<float> gradOutput, ArrayView<byte> winners, ArrayView<float> parameters, ArrayView<float> gradInput, int batch) : IOp
{
    /// <inheritdoc/>
    public KernelConfig GpuShape => ((batch * shape.InputCount + 255) / 256, 256);

    /// <inheritdoc/>
    public void Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i >= batch * shape.InputCount)
        {
            return;
        }
        int c = i % shape.Channels, pixel = i / shape.Channels, x = pixel % shape.Width, line = pixel / shape.Width, y = line % shape.Height, n = line / shape.Height;
        float sum = 0f;
        for (int ky = 0; ky < shape.KernelHeight; ky++)
        {
            for (int kx = 0; kx < shape.KernelWidth; kx++)
            {
                int convY = y + shape.Padding - ky, convX = x + shape.Padding - kx;
                if (convY < 0 || convX < 0 || convY % shape.Stride != 0 || convX % shape.Stride != 0)
                {
                    continue;
                }
                convY /= shape.Stride;
                convX /= shape.Stride;
                int outputY = shape.IsPooled ? convY / 2 : convY, outputX = shape.IsPooled ? convX / 2 : convX;
                if (outputY >= shape.OutputHeight || outputX >= shape.OutputWidth)
                {
                    continue;
                }
                int at = ((((n * shape.OutputHeight) + outputY) * shape.OutputWidth) + outputX) * shape.Filters;
                int weight = ((((ky * shape.KernelWidth) + kx) * shape.Channels) + c) * shape.Filters, corner = (2 * (convY % 2)) + (convX % 2);
                for (int f = 0; f < shape.Filters; f++)
                {
                    if (!shape.IsPooled || winners[at + f] == corner)
                    {
                        sum += gradOutput[at + f] * parameters[weight + f];
                    }
                }
            }
        }
        gradInput[i] = sum;
    }

    /// <inheritdoc/>
    public void Cpu(in CpuWorker worker) => throw new NotSupportedException();
}
