using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn.Benchmarks.Gpu;

/// <summary>Multiply-adds and nothing else: eight sums a thread that do not wait for one another.</summary>
internal readonly struct MultiplyAdds(ArrayView<float> output, int groups, int rounds, float factor) : IOp
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>Multiply-adds of a thread in a round.</summary>
    public const int ARound = 32;

    /// <inheritdoc/>
    public KernelConfig GpuShape => (groups, Threads);

    /// <inheritdoc/>
    public void Gpu()
    {
        int i = Grid.GlobalIndex.X;
        float x = factor, y = i;
        float a = y, b = y + 1f, c = y + 2f, d = y + 3f, e = y + 4f, f = y + 5f, g = y + 6f, h = y + 7f;
        for (int round = 0; round < rounds; round++)
        {
            a = (a * x) + y; b = (b * x) + y; c = (c * x) + y; d = (d * x) + y; e = (e * x) + y; f = (f * x) + y; g = (g * x) + y; h = (h * x) + y;
            a = (a * x) + y; b = (b * x) + y; c = (c * x) + y; d = (d * x) + y; e = (e * x) + y; f = (f * x) + y; g = (g * x) + y; h = (h * x) + y;
            a = (a * x) + y; b = (b * x) + y; c = (c * x) + y; d = (d * x) + y; e = (e * x) + y; f = (f * x) + y; g = (g * x) + y; h = (h * x) + y;
            a = (a * x) + y; b = (b * x) + y; c = (c * x) + y; d = (d * x) + y; e = (e * x) + y; f = (f * x) + y; g = (g * x) + y; h = (h * x) + y;
        }
        output[i] = a + b + c + d + e + f + g + h;
    }

    /// <inheritdoc/>
    public void Cpu(in CpuWorker worker) => throw new NotSupportedException();
}

/// <summary>A copy from device memory to device memory, neighbours by neighbours.</summary>
internal readonly struct Copy(ArrayView<float> from, ArrayView<float> to) : IOp
{
    /// <inheritdoc/>
    public KernelConfig GpuShape => ((int)((from.Length + 255) / 256), 256);

    /// <inheritdoc/>
    public void Gpu()
    {
        int i = Grid.GlobalIndex.X;
        if (i < from.Length)
        {
            to[i] = from[i];
        }
    }

    /// <inheritdoc/>
    public void Cpu(in CpuWorker worker) => throw new NotSupportedException();
}

/// <summary>What the device can do at best, as measured: FP32 multiply-adds and memory traffic.</summary>
/// <param name="GigaFlops">GFLOP/s.</param>
/// <param name="GigaBytes">GB/s, read and written.</param>
internal sealed record Peak(double GigaFlops, double GigaBytes)
{
    /// <summary>Bytes of an array that is copied: beyond any cache.</summary>
    private const long Bytes = 256L << 20;

    /// <summary>Measures both.</summary>
    public static Peak Measure(DeviceTimer timer)
    {
        Device device = timer.Device;
        // A GPU wants a hundred thousand threads and more; a CPU that plays one is busy with fewer.
        int groups = device.Info.IsGpu ? 4096 : 64, rounds = 2048;
        using DeviceBuffer<float> output = device.Allocate<float>((long)groups * MultiplyAdds.Threads), from = device.Allocate<float>(Bytes / sizeof(float)), to = device.Allocate<float>(Bytes / sizeof(float));
        var adds = new MultiplyAdds(output.View, groups, rounds, 0.999f);
        var copy = new Copy(from.View, to.View);
        double flops = 2.0 * MultiplyAdds.ARound * rounds * groups * MultiplyAdds.Threads;
        return new Peak(flops / timer.Measure(() => device.Run(adds)).Fastest / 1e9, 2.0 * Bytes / timer.Measure(() => device.Run(copy)).Fastest / 1e9);
    }
}
