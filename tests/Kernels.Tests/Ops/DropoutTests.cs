using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class DropoutCases : IOpCases
{
    private static readonly double[] Rates = [0.5, 0.25, 0.1, 0.9];

    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double rate = Rates[n % 4];
        ulong seed = (ulong)t.Random.NextInt64();
        uint step = (uint)t.Random.Next(), layer = (uint)t.Random.Next(9);
        double[] x = Values.Vector(t.Random, n);
        Operand<float> values = t.InOut("values", Values.Floats(x));
        Dropout.Run(t.Device, values, n, rate, seed, step, layer);
        t.Expect(values, [.. x.Select((v, i) => PhiloxReference.Keeps(i, rate, seed, step, layer) ? v / (1 - rate) : 0)], new Tolerance(0, 4 * Tolerance.Epsilon), n);
    });
}

/// <summary>Dropout.</summary>
public abstract class DropoutTests<TDevice> : OpTests<TDevice, DropoutCases> where TDevice : ITestDevice
{
    private const int Count = 100_000;

    [DeviceTheory]
    [InlineData(0.1)]
    [InlineData(0.25)]
    [InlineData(0.5)]
    [InlineData(0.8)]
    public void Drops_the_rate_within_four_standard_deviations_and_keeps_the_mean(double rate)
    {
        float[] mask = Mask(rate, 7, 3, 1);
        int dropped = mask.Count(x => x == 0);
        Assert.InRange(dropped, (Count * rate) - (4 * Math.Sqrt(Count * rate * (1 - rate))), (Count * rate) + (4 * Math.Sqrt(Count * rate * (1 - rate))));
        Assert.All(mask, x => Assert.True(x == 0 || Math.Abs(x - (1 / (1 - rate))) < 1e-6));
        // Neighbours are independent: as many pairs are dropped together as chance would have it.
        double pairs = mask.Zip(mask.Skip(1)).Count(p => p.First == 0 && p.Second == 0), expected = Count * rate * rate;
        Assert.InRange(pairs, expected - (6 * Math.Sqrt(expected)), expected + (6 * Math.Sqrt(expected)));
    }

    [DeviceFact]
    public void The_mask_is_a_function_of_seed_step_and_layer()
    {
        float[] mask = Mask(0.5, 7, 3, 1);
        Assert.Equal(mask, Mask(0.5, 7, 3, 1));
        foreach (float[] other in (float[][])[Mask(0.5, 8, 3, 1), Mask(0.5, 7 + (1UL << 32), 3, 1), Mask(0.5, 7, 4, 1), Mask(0.5, 7, 3, 2)])
        {
            Assert.InRange(mask.Zip(other).Count(p => p.First == p.Second), 0.48 * Count, 0.52 * Count);
        }
    }

    [DeviceFact]
    public void Rate_zero_changes_nothing_and_rates_outside_are_refused()
    {
        Assert.All(Mask(0, 1, 1, 1), x => Assert.Equal(1f, x));
        foreach (double rate in (double[])[-0.1, 1, 1.5, double.NaN])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Mask(rate, 1, 1, 1));
        }
    }

    private static float[] Mask(double rate, ulong seed, uint step, uint layer)
    {
        using var t = new Trial(Device, new OpCase("mask", _ => { }));
        Operand<float> values = t.InOut("values", [.. Enumerable.Repeat(1f, Count)]);
        Dropout.Run(Device, values, Count, rate, seed, step, layer);
        return values.Read();
    }
}

public sealed class DropoutOnCpu : DropoutTests<Cpu>;

public sealed class DropoutOnOpenCL : DropoutTests<OpenCL>;

public sealed class DropoutOnCuda : DropoutTests<Cuda>;
