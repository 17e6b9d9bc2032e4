using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>What a curve of losses suggests.</summary>
public sealed class LearningRateFindingsTests
{
    /// <summary>100 steps from 1e-7 to 10: rate i is 1e-7 · 10^(8i/99).</summary>
    private static LearningRateFindings Curve(Func<int, double> loss, int steps = 100, int wanted = 100) =>
        new([.. Enumerable.Range(0, steps).Select(i => new LearningRatePoint(i + 1, Rate(i), double.NaN, loss(i)))], wanted);

    private static double Rate(int step) => 1e-7 * Math.Pow(10, 8 * step / 99.0);

    /// <remarks>Flat, then down from 41 to 70, then up. The descent has a flat step and 30 more; by fastai's count it starts 31 steps before its last, and is half done 10 and 5 steps later.</remarks>
    [Fact]
    public void The_suggestions_of_a_valley_are_where_they_are_known_to_be()
    {
        LearningRateFindings found = Curve(i => i <= 40 ? 2.3 : i <= 70 ? 2.3 - (0.05 * (i - 40)) - (i > 55 ? 0.2 : 0) : 0.6 + (0.1 * (i - 70)));
        Assert.False(found.Diverged);
        Assert.Equal(Rate(70 - 31 + 10 + 5), found.Valley!.Value, 1e-15);
        Assert.Equal(Rate(55), found.Steepest!.Value, 1e-15);
        Assert.Equal(Rate(70) / 10, found.Minimum!.Value, 1e-15);
    }

    [Fact]
    public void A_bump_in_the_descent_does_not_end_it()
    {
        LearningRateFindings smooth = Curve(i => 100 - i), bumpy = Curve(i => i == 50 ? 200 : 100 - i);
        // 85 steps count; the descent is all of them, or all but one.
        Assert.Equal(Rate(10 - 1 + 28 + 14), smooth.Valley!.Value, 1e-15);
        Assert.Equal(Rate(10 + 28 + 14), bumpy.Valley!.Value, 1e-15);
    }

    [Fact]
    public void The_first_tenth_and_the_last_five_steps_do_not_count()
    {
        LearningRateFindings found = Curve(i => i == 3 || i == 97 ? -50 : i is > 20 and < 60 ? 3 - (0.01 * i) : 3);
        Assert.Equal(Rate(59) / 10, found.Minimum!.Value, 1e-15);
        Assert.Equal(Rate(20), found.Steepest!.Value, 1e-15);
    }

    [Fact]
    public void Random_curves_have_the_suggestions_of_a_separate_count()
    {
        var random = new Random(5);
        for (int trial = 0; trial < 200; trial++)
        {
            int steps = random.Next(30, 101);
            double[] losses = [.. Enumerable.Range(0, steps).Select(i => Math.Round(3 - (2.0 * i / steps) + (1.5 * random.NextDouble()), 2))];
            LearningRateFindings found = Curve(i => losses[i], steps);
            double[] judged = losses[10..^5];
            Assert.Equal(steps < 100, found.Diverged);
            Assert.Equal(Rate(10 + Valley(judged)), found.Valley!.Value, 1e-15);
            Assert.Equal(Rate(10 + Array.IndexOf(judged, judged.Min())) / 10, found.Minimum!.Value, 1e-15);
            double[] falls = [.. judged.Zip(judged.Skip(1), (a, b) => b - a)];
            Assert.Equal(Rate(10 + Array.IndexOf(falls, falls.Min())), found.Steepest!.Value, 1e-15);
        }
    }

    [Fact]
    public void A_loss_that_does_not_fall_or_too_few_steps_suggest_nothing()
    {
        foreach (LearningRateFindings found in (LearningRateFindings[])[Curve(i => i), Curve(_ => 1), Curve(i => -i, 17), Curve(i => -i, 3), Curve(_ => 0, 0)])
        {
            Assert.Equal((null, null, null), (found.Valley, found.Steepest, found.Minimum));
        }
        Assert.NotNull(Curve(i => -i, 18).Valley);
    }

    /// <summary>Patience sorting: each pile's top is the largest last loss of a descent of that length; the first time that a pile is begun is where the longest so far ends.</summary>
    private static int Valley(double[] losses)
    {
        var piles = new List<double>();
        int end = 0;
        for (int i = 0; i < losses.Length; i++)
        {
            int pile = piles.FindIndex(top => top <= losses[i]);
            if (pile < 0)
            {
                piles.Add(losses[i]);
                end = i;
            }
            else
            {
                piles[pile] = losses[i];
            }
        }
        return Math.Max(0, end - piles.Count + (piles.Count / 3) + (piles.Count / 6));
    }
}

/// <summary>The search on a network.</summary>
public abstract class LearningRateFinderTests<TDevice> where TDevice : ITestDevice
{
    private static readonly TrainingOptions Options = new() { Epochs = 3, BatchSize = 64, TrainSamples = 1600, ValidationSplit = 0.2, Seed = 3 };

    [DeviceFact]
    public void It_leaves_the_trainer_as_it_was()
    {
        float[] plain = Finish(false), searched = Finish(true);
        Assert.Equal(plain, searched);

        static float[] Finish(bool search)
        {
            using var network = new Network(ModelZoo.Cnn2, TDevice.Open(), Options.BatchSize);
            network.Initialize(4);
            using var trainer = new Trainer(network, Options with { Epochs = 2 }, Oracle.Train);
            trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
            if (search)
            {
                // More steps than an epoch has.
                Assert.Equal(20, trainer.StepsPerEpoch);
                Assert.InRange(LearningRateFinder.Run(trainer, new LearningRateSearch { Steps = 45 }).Points.Count, 30, 45);
            }
            trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
            return [.. network.ExportWeights().SelectMany(tensor => tensor.Values), .. trainer.StepLosses, (float)trainer.LearningRate];
        }
    }

    [DeviceFact]
    public void Rates_rise_evenly_and_losses_are_smoothed_until_four_times_the_best()
    {
        LearningRateFindings found = Search(new LearningRateSearch { Steps = 60, To = 1000 }, out List<LearningRatePoint> told);
        Assert.Equal(found.Points, told);
        Assert.True(found.Diverged);
        double sum = 0, weights = 0;
        for (int i = 0; i < found.Points.Count; i++)
        {
            LearningRatePoint point = found.Points[i];
            Assert.Equal(i + 1, point.Step);
            Assert.Equal(-7 + (10 * i / 59.0), Math.Log10(point.LearningRate), 1e-9);
            (sum, weights) = ((0.98 * sum) + point.Loss, (0.98 * weights) + 1);
            Assert.Equal(sum / weights, point.SmoothedLoss, 1e-9 * point.SmoothedLoss);
            double best = found.Points.Take(i + 1).Min(each => each.SmoothedLoss);
            Assert.True(i == found.Points.Count - 1 || point.SmoothedLoss <= 4 * best, $"step {point.Step} should have been the last");
        }
        // The first loss is the one that training begins with.
        using var network = new Network(ModelZoo.Cnn1, TDevice.Open(), Options.BatchSize);
        network.Initialize(3);
        using var trainer = new Trainer(network, Options, Oracle.Train);
        trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        Assert.Equal(trainer.StepLosses[0], found.Points[0].Loss);
    }

    [DeviceFact]
    public void A_stop_and_options_out_of_range_end_it()
    {
        using var network = new Network(ModelZoo.Cnn1, TDevice.Open(), Options.BatchSize);
        network.Initialize(3);
        using var trainer = new Trainer(network, Options, Oracle.Train);
        float[] before = [.. network.ExportWeights().SelectMany(tensor => tensor.Values)];
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => LearningRateFinder.Run(trainer, new LearningRateSearch(), point => { if (point.Step == 3) { stop.Cancel(); } }, stop.Token));
        Assert.Equal(before, network.ExportWeights().SelectMany(tensor => tensor.Values));
        Assert.Equal((0, 0), (trainer.StepLosses.Count, trainer.EpochsDone));
        foreach ((string property, LearningRateSearch wrong) in ((string, LearningRateSearch)[])[("Steps", new() { Steps = 19 }), ("From", new() { From = 0 }), ("To", new() { To = double.NaN }), ("To", new() { From = 1e-2, To = 0.09 })])
        {
            Assert.Equal(property, Assert.ThrowsAny<ArgumentException>(() => LearningRateFinder.Run(trainer, wrong)).ParamName);
        }
    }

    internal static LearningRateFindings Search(LearningRateSearch search, out List<LearningRatePoint> told)
    {
        using var network = new Network(ModelZoo.Cnn1, TDevice.Open(), Options.BatchSize);
        network.Initialize(3);
        using var trainer = new Trainer(network, Options, Oracle.Train);
        List<LearningRatePoint> points = [];
        LearningRateFindings found = LearningRateFinder.Run(trainer, search, points.Add);
        told = points;
        return found;
    }
}

public sealed class LearningRateFinderOnCpu : LearningRateFinderTests<Cpu>
{
    [Fact]
    public void The_recommended_rate_trains_well()
    {
        var options = new TrainingOptions { Epochs = 3, BatchSize = 64, TrainSamples = 6000, ValidationSplit = 0.2, Seed = 3 };
        using var network = new Network(ModelZoo.Cnn1, TestDevices.Cpu(2), options.BatchSize);
        network.Initialize(3);
        double rate;
        using (var trainer = new Trainer(network, options, Oracle.Train))
        {
            LearningRateFindings found = LearningRateFinder.Run(trainer, new LearningRateSearch(), stop: TestContext.Current.CancellationToken);
            rate = found.Valley!.Value;
            Assert.All((double[])[rate, found.Steepest!.Value, found.Minimum!.Value], each => Assert.InRange(each, 1e-5, 1e-1));
        }
        using var chosen = new Trainer(network, options with { LearningRate = rate }, Oracle.Train);
        EpochResult last = chosen.RunEpoch(stop: TestContext.Current.CancellationToken);
        while (chosen.EpochsDone < options.Epochs)
        {
            last = chosen.RunEpoch(stop: TestContext.Current.CancellationToken);
        }
        Assert.True(last.ValAccuracy > 0.75, $"with a learning rate of {rate} the validation accuracy is {last.ValAccuracy}");
    }
}

public sealed class LearningRateFinderOnOpenCL : LearningRateFinderTests<OpenCL>;

public sealed class LearningRateFinderOnCuda : LearningRateFinderTests<Cuda>;
