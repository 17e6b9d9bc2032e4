using System.Globalization;
using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>The worked X/O example: every printed table, through the kernels of every accelerator.</summary>
public abstract class WorkedExampleTests<TDevice> where TDevice : ITestDevice
{
    private readonly Lazy<WorkedExample> example = new(() => WorkedExample.Run(TDevice.Open()));

    [DeviceFact]
    public void The_map_of_the_first_feature() => Equal(
        """
         0.77 -0.11  0.11  0.33  0.55 -0.11  0.33
        -0.11  1.00 -0.11  0.33 -0.11  0.11 -0.11
         0.11 -0.11  1.00 -0.33  0.11 -0.11  0.55
         0.33  0.33 -0.33  0.55 -0.33  0.33  0.33
         0.55 -0.11  0.11 -0.33  1.00 -0.11  0.11
        -0.11  0.11 -0.11  0.33 -0.11  1.00 -0.11
         0.33 -0.11  0.55  0.33  0.11 -0.11  0.77
        """, example.Value.X.Maps.Map(0));

    [DeviceFact]
    public void ReLU_leaves_what_is_positive() => Equal(
        """
        0.77 0.00 0.11 0.33 0.55 0.00 0.33
        0.00 1.00 0.00 0.33 0.00 0.11 0.00
        0.11 0.00 1.00 0.00 0.11 0.00 0.55
        0.33 0.33 0.00 0.55 0.00 0.33 0.33
        0.55 0.00 0.11 0.00 1.00 0.00 0.11
        0.00 0.11 0.00 0.33 0.00 1.00 0.00
        0.33 0.00 0.55 0.33 0.11 0.00 0.77
        """, example.Value.X.Rectified.Map(0));

    [DeviceTheory]
    [InlineData(0, "1.00 0.33 0.55 0.33\n0.33 1.00 0.33 0.55\n0.55 0.33 1.00 0.11\n0.33 0.55 0.11 0.77", "1.00 0.55\n0.55 1.00")]
    [InlineData(1, "0.55 0.33 0.55 0.33\n0.33 1.00 0.55 0.11\n0.55 0.55 0.55 0.11\n0.33 0.11 0.11 0.33", "1.00 0.55\n0.55 0.55")]
    [InlineData(2, "0.33 0.55 1.00 0.77\n0.55 0.55 1.00 0.33\n1.00 1.00 0.11 0.55\n0.77 0.33 0.55 0.33", "0.55 1.00\n1.00 0.55")]
    public void The_pooled_maps(int feature, string once, string twice)
    {
        Equal(once, example.Value.X.Pooled.Map(feature));
        Equal(twice, example.Value.X.PooledTwice.Map(feature));
    }

    [DeviceFact]
    public void The_vector_and_where_it_is_high()
    {
        Equal("1.00 0.55 0.55 1.00 1.00 0.55 0.55 0.55 0.55 1.00 1.00 0.55", [example.Value.X.Vector]);
        Assert.Equal([1, 4, 5, 10, 11], example.Value.XPositions);
        Assert.Equal([2, 3, 9, 12], example.Value.OPositions);
        Assert.Equal("5.00 1.00", Text([example.Value.XVote.XSum, example.Value.XVote.XMean]));
        Assert.Equal("X", example.Value.XVote.Winner);
        Assert.Equal("O", example.Value.OVote.Winner);
    }

    [DeviceFact]
    public void The_vote_on_the_test_vector()
    {
        ExampleVote vote = example.Value.TestVote;
        Assert.Equal("0.90 0.65 0.45 0.87 0.96 0.73 0.23 0.63 0.44 0.89 0.94 0.53", Text(vote.Vector.Select(value => (double)value)));
        Assert.Equal("4.56 0.91 2.07 0.51", Text([vote.XSum, vote.XMean, vote.OSum, vote.OMean]));
        Assert.Equal("X", vote.Winner);
    }

    [DeviceFact]
    public void The_deformed_X_is_another_picture_but_votes_as_an_X()
    {
        Assert.Equal([(1, 6), (2, 1), (2, 5), (3, 2), (3, 3), (3, 5), (4, 4), (5, 3), (5, 5), (5, 6), (6, 3), (7, 2)],
            Enumerable.Range(0, 81).Where(i => CrossesAndNoughts.DeformedX.Values[i] > 0).Select(i => (i / 9, i % 9)));
        Assert.Equal((66, 65), (CrossesAndNoughts.DeformedX.PixelsEqualTo(CrossesAndNoughts.X), CrossesAndNoughts.DeformedX.PixelsEqualTo(CrossesAndNoughts.O)));
        Assert.Equal("0.77 0.50", Text([example.Value.DeformedVote.XMean, example.Value.DeformedVote.OMean]));
        Assert.Equal("X", example.Value.DeformedVote.Winner);
    }

    [DeviceFact]
    public void A_feature_lined_up()
    {
        LineUp whole = example.Value.LineUps[0], part = example.Value.LineUps[1];
        Assert.All(whole.Products, product => Assert.Equal(1, product));
        Assert.Equal("9.00 1.00", Text([whole.Sum, whole.Mean]));
        Equal("1.00 -1.00 1.00\n-1.00 1.00 -1.00\n1.00 -1.00 1.00", part.Patch.Chunk(3));
        Equal("1.00 1.00 -1.00\n1.00 1.00 1.00\n-1.00 1.00 1.00", part.Products.Chunk(3));
        Assert.Equal("5.00 0.55", Text([part.Sum, part.Mean]));
        Assert.All(example.Value.LineUps, lineUp => Assert.Equal(example.Value.X.Maps.Map(0)[lineUp.Row][lineUp.Column], lineUp.Mean, 1e-6));
    }

    [DeviceFact]
    public void Every_map_of_every_image_is_what_the_definition_says()
    {
        foreach (ExampleWalk walk in (ExampleWalk[])[example.Value.X, example.Value.O, example.Value.DeformedX])
        {
            var image = new double[1, 1, 9, 9];
            Conv2dReference.ForEach(image, (_, _, y, x) => image[0, 0, y, x] = walk.Image.Values[(9 * y) + x]);
            var features = new double[3, 1, 3, 3];
            Conv2dReference.ForEach(features, (f, _, y, x) => features[f, 0, y, x] = CrossesAndNoughts.Features[f].Values[(3 * y) + x] / 9.0);
            double[,,,] maps = Conv2dReference.Forward(image, features, new double[3], 1, 0), rectified = PoolReference.Relu(maps);
            double[,,,] pooled = PoolReference.MaxPool(rectified, 2, 2, 2, ceil: true).Output, twice = PoolReference.MaxPool(pooled, 2, 2, 2, ceil: true).Output;
            foreach ((double[,,,] expected, LayerOutput actual) in (ReadOnlySpan<(double[,,,], LayerOutput)>)[(maps, walk.Maps), (rectified, walk.Rectified), (pooled, walk.Pooled), (twice, walk.PooledTwice)])
            {
                Assert.Equal(expected.Cast<double>().Select(value => (float)value), actual.Values, (a, b) => Math.Abs(a - b) <= 1e-6);
            }
            Assert.Equal(twice.Cast<double>().Select(value => (float)value), walk.Vector, (a, b) => Math.Abs(a - b) <= 1e-6);
        }
    }

    private static void Equal(string table, IEnumerable<IReadOnlyList<float>> map)
    {
        string[] lines = [.. table.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
        Assert.Equal(lines, map.Select(row => Text(row.Select(value => (double)value))));
    }

    private static string Text(IEnumerable<double> values) => string.Join(' ', values.Select(value => WorkedExample.Cut(value).ToString("0.00", CultureInfo.InvariantCulture)));
}

public sealed class WorkedExampleOnCpu : WorkedExampleTests<Cpu>
{
    [Theory]
    [InlineData(0.99999994, 1)]
    [InlineData(1.0000001, 1)]
    [InlineData(-0.99999994, -1)]
    [InlineData(7 / 9.0, 0.77)]
    [InlineData(-1 / 9.0, -0.11)]
    [InlineData(5 / 9.0, 0.55)]
    [InlineData(0.5175, 0.51)]
    [InlineData(0.912, 0.91)]
    [InlineData(4.5599999, 4.56)]
    public void Cut_drops_decimals_but_not_what_rounding_took(double value, double expected) => Assert.Equal(expected, WorkedExample.Cut(value), 1e-12);

    [Fact]
    public void Cut_agrees_with_whole_numbers_for_every_ninth_however_it_was_rounded()
    {
        for (int k = -9; k <= 9; k++)
        {
            for (int error = -14; error <= 14; error++)
            {
                double cut = WorkedExample.Cut((k / 9.0) + (error * Math.Pow(2, -24)));
                // Division of whole numbers cuts towards zero.
                Assert.Equal(k * 100 / 9, (int)Math.Round(cut * 100));
                Assert.False(double.IsNegative(cut) && cut == 0);
            }
        }
    }
}

public sealed class WorkedExampleOnOpenCL : WorkedExampleTests<OpenCL>;

public sealed class WorkedExampleOnCuda : WorkedExampleTests<Cuda>;
