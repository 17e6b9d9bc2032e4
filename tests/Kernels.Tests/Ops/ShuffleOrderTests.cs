using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;
using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class ShuffleOrderCases : IOpCases
{
    private static readonly int[] Counts = [101, 1, 2, 3, 4, 5, 16, 17, 255, 256, 257, 1009, 48_000, 60_000];

    public static IEnumerable<OpCase> All => Counts.Select(n => new OpCase($"order of {n}", t =>
    {
        ulong seed = (ulong)t.Random.NextInt64();
        uint epoch = (uint)t.Random.Next(1, 1_000_000);
        Operand<int> order = t.Output<int>("order", n);
        ShuffleOrder.Run(t.Device, order, n, seed, epoch);
        t.Expect(order, [.. ShuffleReference.Order(n, seed, epoch).Select(i => (int?)i)], n);
    }));
}

/// <summary>The random order of an epoch. Statistical checks have fixed seeds; their bounds are those that chance exceeds once in a million times.</summary>
public abstract class ShuffleOrderTests<TDevice> : OpTests<TDevice, ShuffleOrderCases> where TDevice : ITestDevice
{
    private const double Rare = 1e-6;

    [DeviceTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(31)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(7919)]
    [InlineData(48_000)]
    [InlineData(60_000)]
    [InlineData(1_048_577)]
    public void Every_number_comes_once(int count)
    {
        for (uint epoch = 1; epoch <= 3; epoch++)
        {
            Assert.Equal(Enumerable.Range(0, count), Orders(count, [(ulong.MaxValue - 5, epoch)])[0].Order());
        }
    }

    [DeviceFact]
    public void The_order_is_a_function_of_seed_and_epoch()
    {
        int[][] orders = Orders(1000, [(7, 1), (7, 1), (8, 1), (7 + (1UL << 32), 1), (7, 2)]);
        Assert.Equal(orders[0], orders[1]);
        foreach (int[] other in orders[2..])
        {
            // Two random orders agree at one place on average.
            Assert.InRange(orders[0].Zip(other).Count(p => p.First == p.Second), 0, 9);
        }
    }

    /// <summary>Small counts, where a network is at its worst: all n! orders come equally often over epochs, and likewise over seeds.</summary>
    [DeviceTheory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void All_orders_are_equally_frequent(int count)
    {
        int orders = Enumerable.Range(1, count).Aggregate(1, (a, b) => a * b);
        foreach (IEnumerable<(ulong, uint)> keys in (IEnumerable<(ulong, uint)>[])[Epochs(20 * orders), Seeds(20 * orders)])
        {
            int[] seen = [.. Orders(count, [.. keys]).GroupBy(order => string.Join(' ', order)).Select(group => group.Count())];
            AssertUniform([.. seen, .. new int[orders - seen.Length]]);
        }
    }

    [DeviceTheory]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(37)]
    public void Every_number_is_at_every_place_equally_often(int count)
    {
        foreach (IEnumerable<(ulong, uint)> keys in (IEnumerable<(ulong, uint)>[])[Epochs(3000), Seeds(3000)])
        {
            var seen = new int[count * count];
            foreach (int[] order in Orders(count, [.. keys]))
            {
                for (int i = 0; i < count; i++)
                {
                    seen[(i * count) + order[i]]++;
                }
            }
            // Rows and columns have fixed sums.
            AssertUniform(seen, (count - 1) * (count - 1));
        }
    }

    /// <summary>As Fisher and Yates' shuffle, in distribution: fixed points (Poisson of mean 1), ascents, displacement, and the correlation of places a few apart.</summary>
    [DeviceTheory]
    [InlineData(1009)]
    [InlineData(48_000)]
    public void Looks_like_the_shuffle_of_Fisher_and_Yates(int count)
    {
        var random = new Random(5);
        int[][] ours = Orders(count, [.. Epochs(20), .. Seeds(20)]);
        int[][] theirs = [.. ours.Select(_ =>
        {
            int[] order = [.. Enumerable.Range(0, count)];
            random.Shuffle(order);
            return order;
        })];
        foreach (int[][] orders in (int[][][])[theirs, ours])
        {
            double n = count, draws = orders.Length, bound = Normal.InvCDF(0, 1, 1 - Rare);
            Assert.InRange(orders.Sum(order => order.Where((value, i) => value == i).Count()), Poisson(draws, Rare), Poisson(draws, 1 - Rare));
            double ascents = orders.Average(order => order.Zip(order.Skip(1)).Count(p => p.First < p.Second));
            Assert.InRange(ascents, ((n - 1) / 2) - (bound * Math.Sqrt((n + 1) / 12 / draws)), ((n - 1) / 2) + (bound * Math.Sqrt((n + 1) / 12 / draws)));
            foreach (int lag in (int[])[1, 2, 3, 16, 64, 219, 512])
            {
                double correlation = orders.Average(order => Correlation.Pearson(order[lag..].Select(x => (double)x), order[..^lag].Select(x => (double)x)));
                Assert.InRange(correlation * Math.Sqrt((n - lag) * draws), -bound - 1, bound + 1);
            }
            double place = orders.Average(order => Correlation.Pearson(order.Select(x => (double)x), Enumerable.Range(0, count).Select(x => (double)x)));
            Assert.InRange(place * Math.Sqrt(n * draws), -bound, bound);
        }
    }

    [DeviceFact]
    public void Orders_of_neighbouring_epochs_are_not_correlated()
    {
        const int Count = 4001;
        int[][] orders = Orders(Count, [.. Epochs(30)]);
        double correlation = orders.Zip(orders.Skip(1)).Average(pair => Correlation.Pearson(pair.First.Select(x => (double)x), pair.Second.Select(x => (double)x)));
        double bound = Normal.InvCDF(0, 1, 1 - Rare);
        Assert.InRange(correlation * Math.Sqrt(Count * 29.0), -bound, bound);
    }

    private static IEnumerable<(ulong Seed, uint Epoch)> Epochs(int count) => Enumerable.Range(1, count).Select(epoch => (1UL, (uint)epoch));

    private static IEnumerable<(ulong Seed, uint Epoch)> Seeds(int count) => Enumerable.Range(0, count).Select(seed => ((ulong)seed, 1u));

    /// <summary>The value that a Poisson variable does not exceed with the given probability.</summary>
    private static double Poisson(double mean, double probability)
    {
        var distribution = new Poisson(mean);
        int k = 0;
        while (distribution.CumulativeDistribution(k) < probability)
        {
            k++;
        }
        return k;
    }

    private static void AssertUniform(int[] seen, int? freedom = null)
    {
        double expected = seen.Average();
        double chiSquare = seen.Sum(x => (x - expected) * (x - expected) / expected);
        double limit = ChiSquared.InvCDF(freedom ?? (seen.Length - 1), 1 - Rare);
        Assert.True(chiSquare < limit, $"chi-square {chiSquare:0.0} of {seen.Length} counts, at most {limit:0.0}");
    }

    private static int[][] Orders(int count, IReadOnlyList<(ulong Seed, uint Epoch)> keys)
    {
        Device device = Device;
        using DeviceBuffer<int> order = device.Allocate<int>(count);
        return [.. keys.Select(key =>
        {
            ShuffleOrder.Run(device, order.View, count, key.Seed, key.Epoch);
            var read = new int[count];
            order.CopyTo(read);
            return read;
        })];
    }
}

public sealed class ShuffleOrderOnCpu : ShuffleOrderTests<Cpu>;

public sealed class ShuffleOrderOnOpenCL : ShuffleOrderTests<OpenCL>;

public sealed class ShuffleOrderOnCuda : ShuffleOrderTests<Cuda>;
