using GpuCnn.Runner.CommandLine;
using Xunit;

namespace GpuCnn.Runner.Tests;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("epohcs", "epochs", 1)]
    [InlineData("JSON", "json", 0)]
    public void Distance_counts_letters_to_change(string from, string to, int distance)
    {
        Assert.Equal(distance, NearestName.Distance(from, to));
        Assert.Equal(distance, NearestName.Distance(to, from));
    }

    [Theory]
    [InlineData("--epoch", "--epochs")]
    [InlineData("--sed", "--seed")]
    [InlineData("--batch", "--batch-size")]
    [InlineData("--zebra", null)]
    [InlineData("-x", null)]
    public void The_nearest_name_is_near(string word, string? expected) =>
        Assert.Equal(expected, NearestName.Of(word, ["-h", "--epochs", "--seed", "--batch-size"]));
}
