using GpuCnn.Kernels;

namespace GpuCnn.Benchmarks.Gpu;

/// <summary>A kernel of ours beside the textbook's: same numbers, same device, one after the other.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Batch">N.</param>
/// <param name="Tiled">Ours.</param>
/// <param name="General">Ours, compiled for all sizes, where <paramref name="Tiled"/> is compiled for these; else null.</param>
/// <param name="Naive">One thread an output.</param>
/// <param name="Flops">Arithmetic operations.</param>
internal sealed record Ratio(string Op, string Shape, int Batch, Timing Tiled, Timing? General, Timing Naive, double Flops)
{
    /// <summary>How many times as fast ours is.</summary>
    public double Times => Naive.Median / Tiled.Median;
}

/// <summary>What tiling brings: matrix product, convolutions and their gradients beside one thread an output.</summary>
internal static class TiledBesideNaive
{
    /// <summary>Measures all.</summary>
    /// <param name="timer">The device.</param>
    /// <param name="size">Rows and columns of the matrices.</param>
    /// <param name="batch">Images of the convolutions.</param>
    public static IEnumerable<Ratio> Measure(DeviceTimer timer, int size, int batch)
    {
        yield return Product(timer, size);
        foreach (CaseEntry entry in CaseTable.OfOp(nameof(Conv2dForward)))
        {
            yield return Convolution(timer, (Conv2dForwardCase)entry.Create(batch));
        }
        foreach (CaseEntry entry in CaseTable.OfOp(nameof(Conv2dWeightGradient)))
        {
            yield return WeightGradient(timer, (Conv2dWeightGradientCase)entry.Create(batch));
        }
        foreach (CaseEntry entry in CaseTable.OfOp(nameof(Conv2dInputGradient)))
        {
            yield return InputGradient(timer, (Conv2dInputGradientCase)entry.Create(batch));
        }
    }

    private static Ratio Product(DeviceTimer timer, int n)
    {
        Device device = timer.Device;
        using var ours = new DenseForwardCase(n, n, n, relu: false);
        ours.Open(device);
        ours.Check();
        Timing tiled = timer.Measure(ours.Launch);
        using DeviceBuffer<float> output = device.Allocate<float>((long)n * n);
        var naive = new NaiveProduct(ours.Input.View, ours.Parameters.View, output.View, n, n, n);
        Timing textbook = timer.Measure(() => device.Run(naive));
        // Its sums lack the bias.
        var values = new float[n * n];
        output.CopyTo(values);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] += ours.Parameters.Host[(n * n) + (i % n)];
        }
        ours.Check(() => { }, () => [ours.Output.Difference(values)]);
        return new Ratio("Matrix product", $"{n}x{n}x{n}", n, tiled, null, textbook, ours.Flops);
    }

    private static Ratio Convolution(DeviceTimer timer, Conv2dForwardCase ours)
    {
        using (ours)
        {
            Device device = timer.Device;
            ours.Open(device);
            var naive = new NaiveConv2dForward(ours.Sizes, ours.Input.View, ours.Parameters.View, ours.Output.View, ours.Winners.View, ours.Batch);
            return Beside(timer, ours, () => device.Run(naive), () => [ours.Output.Difference(), ours.Winners.Difference()]);
        }
    }

    private static Ratio WeightGradient(DeviceTimer timer, Conv2dWeightGradientCase ours)
    {
        using (ours)
        {
            Device device = timer.Device;
            ours.Open(device);
            var naive = new NaiveConv2dWeightGradient(ours.Sizes, ours.Input.View, ours.GradOutput.View, ours.Winners.View, ours.GradParameters.View, ours.Batch);
            return Beside(timer, ours, () => device.Run(naive), () => [ours.GradParameters.Difference()]);
        }
    }

    private static Ratio InputGradient(DeviceTimer timer, Conv2dInputGradientCase ours)
    {
        using (ours)
        {
            Device device = timer.Device;
            ours.Open(device);
            var naive = new NaiveConv2dInputGradient(ours.Sizes, ours.GradOutput.View, ours.Winners.View, ours.Parameters.View, ours.GradInput.View, ours.Batch);
            return Beside(timer, ours, () => device.Run(naive), () => [ours.GradInput.Difference()]);
        }
    }

    private static Ratio Beside(DeviceTimer timer, KernelCase ours, Action naive, Func<IEnumerable<string?>> differences)
    {
        ours.Check();
        Timing general = timer.Measure(ours.Launch);
        timer.Device.CompilesForSizes = true;
        ours.Check();
        Timing tiled = timer.Measure(ours.Launch);
        timer.Device.CompilesForSizes = false;
        ours.Check(naive, differences);
        return new Ratio(ours.Op, ours.Shape, ours.Batch, tiled, general, timer.Measure(naive), ours.Flops);
    }
}
