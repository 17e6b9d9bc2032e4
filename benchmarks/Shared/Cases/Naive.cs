using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks;

/// <summary>The textbook's loops of every product and convolution, one thread, no vectors: what an operation is compared with, in speed and in numbers.</summary>
internal static class Naive
{
    /// <summary>The winner of a window that ReLU closed.</summary>
    public const byte Closed = 4;

    /// <summary>Convolution and bias; pooled shapes also ReLU and 2 x 2 max-pooling.</summary>
    public static void Conv2dForward(in Conv2dShape s, float[] input, float[] parameters, float[] output, byte[] winners, int batch)
    {
        int at = 0;
        for (int n = 0; n < batch; n++)
        {
            for (int oy = 0; oy < s.OutputHeight; oy++)
            {
                for (int ox = 0; ox < s.OutputWidth; ox++)
                {
                    for (int f = 0; f < s.Filters; f++, at++)
                    {
                        if (!s.IsPooled)
                        {
                            output[at] = Conv2dValue(s, input, parameters, n, oy, ox, f);
                            continue;
                        }
                        float best = float.NegativeInfinity;
                        for (int corner = 0; corner < 4; corner++)
                        {
                            float value = Conv2dValue(s, input, parameters, n, (2 * oy) + (corner / 2), (2 * ox) + (corner % 2), f);
                            if (value > best)
                            {
                                best = value;
                                winners[at] = (byte)corner;
                            }
                        }
                        output[at] = Math.Max(0f, best);
                        winners[at] = best > 0f ? winners[at] : Closed;
                    }
                }
            }
        }
    }

    /// <summary>Gradient of a convolution with respect to its input.</summary>
    public static void Conv2dInputGradient(in Conv2dShape s, float[] gradOutput, byte[] winners, float[] parameters, float[] gradInput, int batch)
    {
        Array.Clear(gradInput);
        int at = 0;
        for (int n = 0; n < batch; n++)
        {
            for (int oy = 0; oy < s.OutputHeight; oy++)
            {
                for (int ox = 0; ox < s.OutputWidth; ox++)
                {
                    for (int f = 0; f < s.Filters; f++, at++)
                    {
                        if (!Source(s, winners, at, oy, ox, out int y0, out int x0))
                        {
                            continue;
                        }
                        for (int ky = 0; ky < s.KernelHeight; ky++)
                        {
                            for (int kx = 0; kx < s.KernelWidth; kx++)
                            {
                                int y = y0 + ky, x = x0 + kx;
                                if (y < 0 || y >= s.Height || x < 0 || x >= s.Width)
                                {
                                    continue;
                                }
                                for (int c = 0; c < s.Channels; c++)
                                {
                                    gradInput[(((((n * s.Height) + y) * s.Width) + x) * s.Channels) + c] +=
                                        gradOutput[at] * parameters[(((((ky * s.KernelWidth) + kx) * s.Channels) + c) * s.Filters) + f];
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// <summary>Gradient of a convolution with respect to weight and bias.</summary>
    public static void Conv2dWeightGradient(in Conv2dShape s, float[] input, float[] gradOutput, byte[] winners, float[] gradParameters, int batch)
    {
        Array.Clear(gradParameters);
        int at = 0;
        for (int n = 0; n < batch; n++)
        {
            for (int oy = 0; oy < s.OutputHeight; oy++)
            {
                for (int ox = 0; ox < s.OutputWidth; ox++)
                {
                    for (int f = 0; f < s.Filters; f++, at++)
                    {
                        if (!Source(s, winners, at, oy, ox, out int y0, out int x0))
                        {
                            continue;
                        }
                        for (int ky = 0; ky < s.KernelHeight; ky++)
                        {
                            for (int kx = 0; kx < s.KernelWidth; kx++)
                            {
                                int y = y0 + ky, x = x0 + kx;
                                if (y < 0 || y >= s.Height || x < 0 || x >= s.Width)
                                {
                                    continue;
                                }
                                for (int c = 0; c < s.Channels; c++)
                                {
                                    gradParameters[(((((ky * s.KernelWidth) + kx) * s.Channels) + c) * s.Filters) + f] +=
                                        gradOutput[at] * input[(((((n * s.Height) + y) * s.Width) + x) * s.Channels) + c];
                                }
                            }
                        }
                        gradParameters[(s.Depth * s.Filters) + f] += gradOutput[at];
                    }
                }
            }
        }
    }

    /// <summary>Dense layer with bias, and ReLU if asked for.</summary>
    public static void DenseForward(float[] input, float[] parameters, float[] output, int batch, int inputs, int units, bool relu)
    {
        for (int n = 0; n < batch; n++)
        {
            for (int u = 0; u < units; u++)
            {
                float sum = parameters[(inputs * units) + u];
                for (int k = 0; k < inputs; k++)
                {
                    sum += input[(n * inputs) + k] * parameters[(k * units) + u];
                }
                output[(n * units) + u] = relu ? Math.Max(0f, sum) : sum;
            }
        }
    }

    /// <summary>Gradient of a dense layer with respect to its input.</summary>
    public static void DenseInputGradient(float[] gradOutput, float[] parameters, float[] gradInput, int batch, int inputs, int units)
    {
        for (int n = 0; n < batch; n++)
        {
            for (int k = 0; k < inputs; k++)
            {
                float sum = 0f;
                for (int u = 0; u < units; u++)
                {
                    sum += gradOutput[(n * units) + u] * parameters[(k * units) + u];
                }
                gradInput[(n * inputs) + k] = sum;
            }
        }
    }

    /// <summary>Gradient of a dense layer with respect to weight and bias.</summary>
    public static void DenseWeightGradient(float[] input, float[] gradOutput, float[] gradParameters, int batch, int inputs, int units)
    {
        for (int k = 0; k <= inputs; k++)
        {
            for (int u = 0; u < units; u++)
            {
                float sum = 0f;
                for (int n = 0; n < batch; n++)
                {
                    sum += (k < inputs ? input[(n * inputs) + k] : 1f) * gradOutput[(n * units) + u];
                }
                gradParameters[(k * units) + u] = sum;
            }
        }
    }

    private static float Conv2dValue(in Conv2dShape s, float[] input, float[] parameters, int n, int convY, int convX, int f)
    {
        float sum = parameters[(s.Depth * s.Filters) + f];
        for (int ky = 0; ky < s.KernelHeight; ky++)
        {
            for (int kx = 0; kx < s.KernelWidth; kx++)
            {
                int y = (convY * s.Stride) - s.Padding + ky, x = (convX * s.Stride) - s.Padding + kx;
                if (y < 0 || y >= s.Height || x < 0 || x >= s.Width)
                {
                    continue;
                }
                for (int c = 0; c < s.Channels; c++)
                {
                    sum += input[(((((n * s.Height) + y) * s.Width) + x) * s.Channels) + c] * parameters[(((((ky * s.KernelWidth) + kx) * s.Channels) + c) * s.Filters) + f];
                }
            }
        }
        return sum;
    }

    /// <summary>The upper left corner of what an output's value was computed from; false where no gradient goes back.</summary>
    private static bool Source(in Conv2dShape s, byte[] winners, int at, int oy, int ox, out int y0, out int x0)
    {
        int code = s.IsPooled ? winners[at] : 0, scale = s.IsPooled ? 2 : 1;
        y0 = (((scale * oy) + (code / 2)) * s.Stride) - s.Padding;
        x0 = (((scale * ox) + (code % 2)) * s.Stride) - s.Padding;
        return code != Closed;
    }
}
