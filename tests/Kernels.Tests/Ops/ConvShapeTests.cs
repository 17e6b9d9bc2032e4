using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Sizes of a convolution.</summary>
public sealed class ConvShapeTests
{
    [Fact]
    public void Output_sizes_equal_the_reference()
    {
        foreach (ConvCase c in ConvCase.Plain)
        {
            double[,,,] output = Conv2dReference.Forward(new double[1, 1, c.H, c.W], new double[1, 1, c.Kh, c.Kw], [0], c.S, c.P);
            Assert.Equal((output.GetLength(2), output.GetLength(3)), (c.Shape.OutputHeight, c.Shape.OutputWidth));
        }
    }

    [Theory]
    [InlineData(0, 5, 5, 1, 1, 1, 1, 0, false)]
    [InlineData(1, 0, 5, 1, 1, 1, 1, 0, false)]
    [InlineData(1, 5, 0, 1, 1, 1, 1, 0, false)]
    [InlineData(1, 5, 5, 0, 1, 1, 1, 0, false)]
    [InlineData(1, 5, 5, 1, 0, 1, 1, 0, false)]
    [InlineData(1, 5, 5, 1, 1, 0, 1, 0, false)]
    [InlineData(1, 5, 5, 1, 1, 1, 0, 0, false)]
    [InlineData(1, 5, 5, 1, 1, 1, 1, -1, false)]
    [InlineData(1, 5, 9, 1, 6, 1, 1, 0, false)]
    [InlineData(1, 9, 5, 1, 1, 8, 1, 1, false)]
    [InlineData(1, 5, 9, 1, 5, 1, 1, 0, true)]
    [InlineData(1, 9, 5, 1, 1, 4, 2, 0, true)]
    public void Sizes_that_make_no_sense_are_refused(int c, int h, int w, int f, int kh, int kw, int stride, int padding, bool pooled) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Conv2dShape(c, h, w, f, kh, kw, stride, padding, pooled));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(16, 16)]
    [InlineData(17, 9)]
    [InlineData(512, 16)]
    public void A_weight_gradient_has_at_most_sixteen_partial_sums(int batch, int expected) => Assert.Equal(expected, Conv2dWeightGradient.Chunks(batch));

    /// <remarks>A processor of this kind takes words wherever they start; a CUDA GPU does not.</remarks>
    [Theory]
    [InlineData(8, 0, 0, true, 1)]
    [InlineData(8, 4, 8, true, 1)]
    [InlineData(8, 0, 1, true, 0)]
    [InlineData(8, 0, 2, true, 0)]
    [InlineData(8, 2, 0, true, 0)]
    [InlineData(6, 0, 0, true, 0)]
    [InlineData(8, 0, 3, false, 1)]
    [InlineData(8, 1, 0, false, 0)]
    [InlineData(9, 0, 0, false, 0)]
    public void Gradients_and_winners_are_taken_in_fours_where_both_may_be(int filters, int gradientsFrom, int winnersFrom, bool pooled, int expected)
    {
        var shape = new Conv2dShape(1, 5, 6, filters, 2, 3, pooled: pooled);
        using DeviceBuffer<float> gradients = TestDevices.Cpu(1).Allocate<float>(shape.OutputCount + 4);
        using DeviceBuffer<byte> winners = TestDevices.Cpu(1).Allocate<byte>(shape.OutputCount + 8);
        Assert.Equal(expected, Conv2dOperands.Fits(shape, gradients.View.SubView(gradientsFrom, shape.OutputCount), winners.View.SubView(winnersFrom, shape.OutputCount)));
    }
}
