using System.Runtime.InteropServices;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>The references are themselves tested: gradients by central differences of sum(r f(x)) with random r.</summary>
public sealed class ReferenceTests
{
    public static IEnumerable<TheoryDataRow<int, int>> StridesAndPaddings => from s in (int[])[1, 2, 3] from p in (int[])[0, 1, 2] select new TheoryDataRow<int, int>(s, p);

    [Theory]
    [MemberData(nameof(StridesAndPaddings))]
    public void Convolution(int stride, int padding)
    {
        var random = new Random(stride + (10 * padding));
        double[,,,] input = Values.Tensor(random, 2, 3, 6, 7), weight = Values.Tensor(random, 4, 3, 3, 2);
        double[] bias = Values.Vector(random, 4);
        double[,,,] output = Conv2dReference.Forward(input, weight, bias, stride, padding);
        Assert.Equal((((6 + (2 * padding) - 3) / stride) + 1, ((7 + (2 * padding) - 2) / stride) + 1), (output.GetLength(2), output.GetLength(3)));
        double[,,,] r = Values.Tensor(random, 2, 4, output.GetLength(2), output.GetLength(3));
        double F(double[,,,] x, double[,,,] w, double[] b) => Values.Dot(Flat(Conv2dReference.Forward(x, w, b, stride, padding)), Flat(r));

        (double[,,,] gradWeight, double[] gradBias) = Conv2dReference.WeightGradient(input, r, 3, 2, stride, padding);
        CentralDifference.Proves(bias, gradBias, () => F(input, weight, bias));
        Proves(weight, gradWeight, () => F(input, weight, bias));
        Proves(input, Conv2dReference.InputGradient(r, weight, 6, 7, stride, padding), () => F(input, weight, bias));
    }

    [Fact]
    public void Dense()
    {
        var random = new Random(1);
        double[,] input = Values.Matrix(random, 3, 5), weight = Values.Matrix(random, 4, 5), r = Values.Matrix(random, 3, 4);
        double[] bias = Values.Vector(random, 4);
        double F() => Values.Dot(Values.Rows(DenseReference.Forward(input, weight, bias)), Values.Rows(r));
        (double[,] gradWeight, double[] gradBias) = DenseReference.WeightGradient(input, r);
        CentralDifference.Proves(bias, gradBias, F);
        Proves(weight, gradWeight, F);
        Proves(input, DenseReference.InputGradient(r, weight), F);
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 0.8413447461)]
    [InlineData(-1, 0.1586552539)]
    [InlineData(2.5, 0.9937903347)]
    public void Normal_distribution_gives_known_values(double x, double expected) => Assert.Equal(expected, ActivationReference.Normal(x), 1e-10);

    [Theory]
    [InlineData(-1e-9, -9.999999995e-10)]
    [InlineData(-0.5, -0.39346934028736658)]
    [InlineData(-20, -0.99999999793884638)]
    public void Exponential_minus_one_gives_known_values(double x, double expected) => Assert.Equal(1, ActivationReference.ExpMinusOne(x) / expected, 1e-14);

    [Theory]
    [InlineData(2, 2, 2, false)]
    [InlineData(3, 2, 1, false)]
    [InlineData(1, 2, 3, false)]
    [InlineData(2, 3, 2, true)]
    [InlineData(2, 1, 3, true)]
    public void Relu_and_max_pooling(int windowHeight, int windowWidth, int stride, bool ceil)
    {
        var random = new Random(2);
        double[,,,] input = Distinct(random, 2, 3, 5, 7);
        (double[,,,] pooled, (int Y, int X)[,,,] winners) = PoolReference.MaxPool(input, windowHeight, windowWidth, stride, ceil);
        double[,,,] r = Values.Tensor(random, 2, 3, pooled.GetLength(2), pooled.GetLength(3));
        double[,,,] gradPooled = (double[,,,])r.Clone();
        Conv2dReference.ForEach(r, (n, c, y, x) => gradPooled[n, c, y, x] = pooled[n, c, y, x] > 0 ? r[n, c, y, x] : 0);
        Proves(input, PoolReference.MaxPoolGradient(gradPooled, winners, 5, 7),
            () => Values.Dot(Flat(PoolReference.Relu(PoolReference.MaxPool(input, windowHeight, windowWidth, stride, ceil).Output)), Flat(r)));
    }

    [Theory]
    [InlineData(5, 2, 2, false, 2)]
    [InlineData(5, 2, 2, true, 3)]
    [InlineData(6, 2, 2, true, 3)]
    [InlineData(5, 1, 3, true, 2)]   // the third window would start outside
    [InlineData(7, 1, 3, true, 3)]
    [InlineData(3, 5, 2, true, 1)]
    [InlineData(5, 3, 1, false, 3)]
    public void Number_of_pooling_windows(int size, int window, int stride, bool ceil, int expected) => Assert.Equal(expected, PoolReference.Outputs(size, window, stride, ceil));

    [Fact]
    public void Softmax_and_cross_entropy()
    {
        var random = new Random(3);
        double[][] logits = [Values.Vector(random, 5), Values.Vector(random, 5), Values.Vector(random, 5)];
        int[] labels = [4, 0, 2];
        for (int n = 0; n < 3; n++)
        {
            CentralDifference.Proves(logits[n], SoftmaxReference.Gradient(logits[n], labels[n], 3), () => logits.Zip(labels, SoftmaxReference.Loss).Average());
        }
        Assert.Equal(Math.Log(4), SoftmaxReference.Loss([7, 7, 7, 7], 1), 1e-12);
        Assert.Equal(1, SoftmaxReference.Class([0, 2, 1, 2]));
    }

    [Theory]
    [InlineData(new uint[] { 0, 0, 0, 0 }, new uint[] { 0, 0 }, new[] { 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u })]
    [InlineData(new[] { ~0u, ~0u, ~0u, ~0u }, new[] { ~0u, ~0u }, new[] { 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu })]
    [InlineData(new[] { 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u }, new[] { 0xa4093822u, 0x299f31d0u }, new[] { 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u })]
    public void Philox_gives_the_known_answers_of_its_authors(uint[] counter, uint[] key, uint[] expected)
    {
        Assert.Equal(expected, PhiloxReference.Words(counter, key));
        Philox actual = Philox.At(counter[0], counter[1], counter[2], counter[3], key[0] | ((ulong)key[1] << 32));
        Assert.Equal(expected, new[] { actual.X0, actual.X1, actual.X2, actual.X3 });
    }

    [Fact]
    public void Philox_equals_its_reference_for_random_counters()
    {
        var random = new Random(4);
        for (int i = 0; i < 1000; i++)
        {
            uint[] words = new uint[6];
            random.NextBytes(MemoryMarshal.AsBytes(words.AsSpan()));
            Philox actual = Philox.At(words[0], words[1], words[2], words[3], words[4] | ((ulong)words[5] << 32));
            Assert.Equal(PhiloxReference.Words(words[..4], words[4..]), new[] { actual.X0, actual.X1, actual.X2, actual.X3 });
        }
    }

    /// <summary>Values whose distance from each other and from zero is far more than a step of the central difference.</summary>
    private static double[,,,] Distinct(Random random, int n, int c, int h, int w)
    {
        var values = new double[n, c, h, w];
        int[] order = [.. Enumerable.Range(0, values.Length)];
        random.Shuffle(order);
        Span<double> flat = MemoryMarshal.CreateSpan(ref values[0, 0, 0, 0], values.Length);
        for (int i = 0; i < flat.Length; i++)
        {
            flat[i] = (order[i] - (flat.Length / 2) + 0.5) / 100;
        }
        return values;
    }

    private static double[] Flat(Array values) => [.. values.Cast<double>()];

    private static void Proves(double[,,,] x, double[,,,] gradient, Func<double> f) => Proves(x, Flat(gradient), f);

    private static void Proves(double[,] x, double[,] gradient, Func<double> f) => Proves(x, Flat(gradient), f);

    private static void Proves(Array x, double[] gradient, Func<double> f)
    {
        double[] flat = Flat(x);
        CentralDifference.Proves(flat, gradient, () =>
        {
            Buffer.BlockCopy(flat, 0, x, 0, sizeof(double) * flat.Length);
            return f();
        });
        Buffer.BlockCopy(flat, 0, x, 0, sizeof(double) * flat.Length);
    }
}
