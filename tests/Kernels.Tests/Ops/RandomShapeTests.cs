using CsCheck;

namespace GpuCnn.Kernels.Tests;

/// <summary>Random sizes, so that no list of ours decides what is tested. CsCheck names the failing sizes, shrunk, and the seed that brings them back.</summary>
public abstract class RandomShapeTests<TDevice> where TDevice : ITestDevice
{
    private const int Iterations = 60;

    private static readonly Gen<ConvCase> Convolutions =
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 6], Gen.Int[1, 40], Gen.Int[1, 9], Gen.Int[1, 9],
                Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[0, 2], Gen.Bool))
            .Select((n, c, f, h, w, k) => new ConvCase(n, c, f, h, w, k.Item1, k.Item2, k.Item3, k.Item4, k.Item5))
            .Where(Fits);

    /// <summary>First layers, which the CPU bodies treat apart.</summary>
    private static readonly Gen<ConvCase> FirstLayers =
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 2], Gen.Int[1, 70], Gen.Int[1, 14], Gen.Int[1, 14], Gen.Select(Gen.Int[1, 5], Gen.Int[1, 3]))
            .Select((n, c, f, h, w, k) => new ConvCase(n, c, f, h, w, k.Item1, 3, k.Item2, 0, true))
            .Where(Fits);

    private static readonly Gen<PoolCase> Poolings =
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 40], Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 4],
                Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Bool, Gen.Int[0, 3]))
            .Select((n, c, h, w, kh, k) => new PoolCase(n, c, h, w, kh, k.Item1, k.Item2, k.Item3, k.Item4))
            .Where(p => p.Ceil || (p.Kh <= p.H && p.Kw <= p.W));

    [DeviceFact]
    public void Convolutions_of_random_sizes_match_the_reference() => Sample(Convolutions, Conv2dForwardCases.Run);

    [DeviceFact]
    public void Input_gradients_of_random_sizes_match_the_reference() => Sample(Convolutions, Conv2dInputGradientCases.Run);

    [DeviceFact]
    public void Weight_gradients_of_random_sizes_match_the_reference() => Sample(Convolutions, Conv2dWeightGradientCases.Run);

    [DeviceFact]
    public void Pooled_convolutions_of_few_channels_match_the_reference() => Sample(FirstLayers, Conv2dForwardCases.Run);

    [DeviceFact]
    public void Weight_gradients_of_few_channels_match_the_reference() => Sample(FirstLayers, Conv2dWeightGradientCases.Run);

    [DeviceFact]
    public void Max_poolings_of_random_sizes_match_the_reference() => Sample(Poolings, MaxPool2dCases.Run);

    [DeviceFact]
    public void Max_pooling_gradients_of_random_sizes_match_the_reference() => Sample(Poolings, MaxPool2dGradientCases.Run);

    private static void Sample<TCase>(Gen<TCase> sizes, Action<Trial, TCase> run) where TCase : notnull
    {
        Device device = TDevice.Open();
        sizes.Sample(c =>
        {
            using var t = new Trial(device, new OpCase(c.ToString()!, _ => { }));
            run(t, c);
            t.CheckMemory();
        }, iter: Iterations, threads: 1);
    }

    private static bool Fits(ConvCase c)
    {
        int height = c.H + (2 * c.P) - c.Kh, width = c.W + (2 * c.P) - c.Kw;
        return height >= 0 && width >= 0 && (!c.Pooled || (height / c.S >= 1 && width / c.S >= 1));
    }
}

public sealed class RandomShapesOnCpu : RandomShapeTests<Cpu>;

public sealed class RandomShapesOnOpenCL : RandomShapeTests<OpenCL>;

public sealed class RandomShapesOnCuda : RandomShapeTests<Cuda>;
