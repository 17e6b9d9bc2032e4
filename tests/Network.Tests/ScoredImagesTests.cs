using MathNet.Numerics.Distributions;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>What is kept of each image, and the figures made of it.</summary>
public sealed class ScoredImagesTests
{
    private static readonly float[] Logits = [2, 1, 0, 0, 0, 0, -1, 3, 3, 100, 0, -100];

    private static readonly ScoredImages Images = new([1, 2, 2, 2], [.. Logits]);

    [Fact]
    public void Each_image_has_class_probabilities_and_loss()
    {
        double sum = Math.Exp(2) + Math.Exp(1) + 1;
        ScoredImage first = Images[0];
        Assert.Equal((0, 1, 0), (first.Index, first.Label, first.Predicted));
        Assert.Equal(Math.Exp(2) / sum, first.Probability, 1e-7);
        Assert.Equal(Math.Exp(1) / sum, first.TrueProbability, 1e-7);
        Assert.Equal(-Math.Log(Math.Exp(1) / sum), first.Loss, 1e-12);
        // Of equal ones the lowest.
        Assert.Equal((0, 1), (Images[1].Predicted, Images[2].Predicted));
        Assert.Equal(Math.Log(3), Images[1].Loss, 1e-12);
        // A probability that is too small for a float still has a loss.
        Assert.Equal((0d, 200d), (Images[3].TrueProbability, Images[3].Loss));
        Assert.Equal(Enumerable.Range(0, 4).Average(i => Images[i].Loss), Images.MeanLoss, 1e-12);
    }

    [Fact]
    public void Top_accuracy_takes_the_lowest_of_equals_as_the_class_does()
    {
        Assert.Equal(0, Images.TopAccuracy(1));
        // Image 0: the second. Image 1: all equal, label 2 is third. Image 2: equal to class 1, so second. Image 3: third.
        Assert.Equal(0.5, Images.TopAccuracy(2));
        Assert.Equal(1, Images.TopAccuracy(3));
    }

    [Fact]
    public void The_highest_losses_come_first_and_nan_before_all()
    {
        Assert.Equal([3, 0, 1, 2], Images.TopLosses(4).Select(image => image.Index));
        Assert.Equal([3, 0], Images.TopLosses(2).Select(image => image.Index));
        var nan = new ScoredImages([0, 0], [1, 0, float.NaN, 0]);
        Assert.Equal([1, 0], nan.TopLosses(9).Select(image => image.Index));
    }

    [Fact]
    public void Confused_pairs_are_sorted_by_count_and_hits_are_none()
    {
        EvaluationResult result = EvaluationResult.Create([[50, 3, 0], [7, 1, 2], [0, 3, 9]], 0, ["a", "b", "c"], 1);
        Assert.Equal([new(1, 0, 7, 0.7), new(0, 1, 3, 3 / 53.0), new(2, 1, 3, 0.25), new(1, 2, 2, 0.2)], result.MostConfused(9));
        Assert.Equal(2, result.MostConfused(2).Count);
        Assert.Empty(EvaluationResult.Create([[5, 0], [0, 0]], 0, ["a", "b"], 1).MostConfused(5));
    }

    /// <summary>Method 3 in R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I.</summary>
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void The_interval_is_the_published_one(int hits, int samples, double low, double high)
    {
        ConfidenceInterval interval = ConfidenceInterval.Wilson(hits, samples);
        Assert.Equal((low, high), (Math.Round(interval.Low, 4), Math.Round(interval.High, 4)));
        ConfidenceInterval mirrored = ConfidenceInterval.Wilson(samples - hits, samples);
        Assert.Equal(1 - interval.Low, mirrored.High, 1e-12);
        Assert.Equal(1 - interval.High, mirrored.Low, 1e-12);
    }

    [Theory]
    [InlineData(9043, 10_000)]
    [InlineData(1, 3)]
    [InlineData(299, 300)]
    public void At_its_bounds_the_share_lies_on_the_edge_of_the_normal_distribution(int hits, int samples)
    {
        double z = Normal.InvCDF(0, 1, 0.975), share = (double)hits / samples;
        ConfidenceInterval interval = ConfidenceInterval.Wilson(hits, samples);
        foreach (double bound in (double[])[interval.Low, interval.High])
        {
            Assert.Equal(z, Math.Abs(share - bound) / Math.Sqrt(bound * (1 - bound) / samples), 1e-9);
        }
        Assert.InRange(share, interval.Low, interval.High);
    }

    [Fact]
    public void The_ends_are_exact_and_nothing_is_known_of_nothing()
    {
        Assert.Equal(0, ConfidenceInterval.Wilson(0, 7).Low);
        Assert.Equal(1, ConfidenceInterval.Wilson(7, 7).High);
        Assert.Equal(new ConfidenceInterval(0, 1), ConfidenceInterval.Wilson(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ConfidenceInterval.Wilson(8, 7));
    }
}
