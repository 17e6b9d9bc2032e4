using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class Conv2dForwardCases : IOpCases
{
    public static IEnumerable<OpCase> All => ConvCase.All.Select(c => new OpCase(c.ToString(), t => Run(t, c), OpCase.Tiles((long)c.N * c.Shape.RowsPerImage, c.F, c.Shape.Depth)));

    internal static void Run(Trial t, ConvCase c)
    {
        double[,,,] input = c.Input(t.Random), weight = c.Weight(t.Random);
        double[] bias = c.BiasVector(t.Random);
        Conv2dShape s = c.Shape;
        Operand<float> output = t.Output<float>("output", c.N * s.OutputCount);
        Operand<byte> winners = t.Output<byte>("winners", c.Pooled ? c.N * s.OutputCount : 0);
        Conv2dForward.Run(t.Device, s, t.Input(Values.Floats(Values.ChannelsLast(input))), t.Input(Values.Floats(Values.ConvParameters(weight, bias))), output, winners, c.N);
        double[,,,] expected = Conv2dReference.Forward(input, weight, c.Bias ? bias : new double[c.F], c.S, c.P);
        int?[] codes = [];
        if (c.Pooled)
        {
            (expected, codes) = Pool(expected);
        }
        t.Expect(output, Values.ChannelsLast(expected), Tolerance.Sum(s.Depth), c.N, s.OutputHeight, s.OutputWidth, c.F);
        t.Expect(winners, codes, c.N, s.OutputHeight, s.OutputWidth, c.F);
    }

    /// <summary>ReLU and pooling, and the codes of the winners where they do not hang on rounding.</summary>
    private static (double[,,,] Output, int?[] Codes) Pool(double[,,,] conv)
    {
        (double[,,,] output, (int Y, int X)[,,,] winners) = PoolReference.MaxPool(conv, 2, 2, 2, false);
        var codes = new int?[output.GetLength(0), output.GetLength(1), output.GetLength(2), output.GetLength(3)];
        Conv2dReference.ForEach(output, (n, f, y, x) =>
        {
            (int wy, int wx) = winners[n, f, y, x];
            double[] sorted = [.. new[] { conv[n, f, 2 * y, 2 * x], conv[n, f, 2 * y, (2 * x) + 1], conv[n, f, (2 * y) + 1, 2 * x], conv[n, f, (2 * y) + 1, (2 * x) + 1] }.Order()];
            bool close = sorted[3] - sorted[2] < 1e-4 || Math.Abs(sorted[3]) < 1e-4;
            codes[n, f, y, x] = close ? null : sorted[3] < 0 ? 4 : (2 * (wy - (2 * y))) + wx - (2 * x);
        });
        return (PoolReference.Relu(output), [.. Values.ChannelsLast<int?>(codes)]);
    }
}

/// <summary>Convolution, plain and with ReLU and pooling.</summary>
public abstract class Conv2dForwardTests<TDevice> : OpTests<TDevice, Conv2dForwardCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void With_pooling_it_equals_convolution_then_ReLU_then_max_pooling()
    {
        foreach (ConvCase c in ConvCase.WithPool)
        {
            using var t = new Trial(Device, new OpCase(c.ToString(), _ => { }));
            Conv2dShape pooled = c.Shape, plain = c.Unpooled.Shape;
            ILGPU.ArrayView<float> input = t.Input(Values.Floats(Values.ChannelsLast(c.Input(t.Random))));
            ILGPU.ArrayView<float> parameters = t.Input(Values.Floats(Values.ConvParameters(c.Weight(t.Random), c.BiasVector(t.Random))));
            Operand<float> conv = t.Output<float>("convolution", c.N * plain.OutputCount), relu = t.Output<float>("ReLU", c.N * plain.OutputCount);
            Operand<float> fused = t.Output<float>("fused", c.N * pooled.OutputCount), composed = t.Output<float>("composed", c.N * pooled.OutputCount);
            Operand<byte> codes = t.Output<byte>("codes", c.N * pooled.OutputCount);
            Operand<int> winners = t.Output<int>("winners", c.N * pooled.OutputCount);
            Conv2dForward.Run(Device, pooled, input, parameters, fused, codes, c.N);
            Conv2dForward.Run(Device, plain, input, parameters, conv, default, c.N);
            Activation.Run(Device, new ReluFunction(), conv, relu, c.N * plain.OutputCount);
            MaxPool2d.Run(Device, new Pool2dShape(c.F, plain.OutputHeight, plain.OutputWidth, 2, 2, 2), relu, composed, winners, c.N);
            t.Expect(fused, [.. composed.Read().Select(x => (double)x)], Tolerance.Sum(pooled.Depth), c.N, pooled.OutputHeight, pooled.OutputWidth, c.F);
            t.CheckMemory();
        }
    }

    [DeviceTheory]
    [InlineData(1, 0)]
    [InlineData(5, 0)]
    [InlineData(16, 0)]
    [InlineData(20, 4)]
    public void In_a_window_of_equal_values_the_first_wins_and_a_value_of_zero_is_closed(int filters, int expected)
    {
        using var t = new Trial(Device, new OpCase("ties", _ => { }));
        var shape = new Conv2dShape(1, 4, 6, filters, 1, 1, pooled: true);
        float bias = expected == 4 ? -1f : 1f;
        float[] parameters = [.. Enumerable.Repeat(1f, filters), .. Enumerable.Repeat(bias, filters)];
        Operand<float> output = t.Output<float>("output", shape.OutputCount);
        Operand<byte> winners = t.Output<byte>("winners", shape.OutputCount);
        Conv2dForward.Run(Device, shape, t.Input([.. Enumerable.Repeat(1f, 24)]), t.Input(parameters), output, winners, 1);
        Assert.All(output.Read(), y => Assert.Equal(1f + bias, y));
        Assert.All(winners.Read(), w => Assert.Equal(expected, w));
    }

    [DeviceTheory]
    [InlineData(false, 3)]
    [InlineData(true, 3)]
    [InlineData(true, 19)]
    public void NaN_reaches_every_output_that_saw_it_and_no_other(bool pooled, int filters)
    {
        using var t = new Trial(Device, new OpCase("NaN", _ => { }));
        var c = new ConvCase(2, 2, filters, 9, 8, 3, 2, 1, 0, pooled);
        double[,,,] input = c.Input(t.Random);
        input[1, 1, 5, 4] = double.NaN;
        Operand<float> output = t.Output<float>("output", c.N * c.Shape.OutputCount);
        Operand<byte> winners = t.Output<byte>("winners", c.N * c.Shape.OutputCount);
        double[,,,] weight = c.Weight(t.Random);
        double[] bias = Values.Vector(t.Random, filters);
        Conv2dForward.Run(Device, c.Shape, t.Input(Values.Floats(Values.ChannelsLast(input))), t.Input(Values.Floats(Values.ConvParameters(weight, bias))), output, winners, c.N);
        double[,,,] expected = Conv2dReference.Forward(input, weight, bias, 1, 0);
        expected = pooled ? PoolReference.Relu(PoolReference.MaxPool(expected, 2, 2, 2, false).Output) : expected;
        Assert.Contains(Values.ChannelsLast(expected), double.IsNaN);
        t.Expect(output, Values.ChannelsLast(expected), Tolerance.Sum(c.Shape.Depth), c.N, c.Shape.OutputHeight, c.Shape.OutputWidth, filters);
    }
}

public sealed class Conv2dForwardOnCpu : Conv2dForwardTests<Cpu>;

public sealed class Conv2dForwardOnOpenCL : Conv2dForwardTests<OpenCL>;

public sealed class Conv2dForwardOnCuda : Conv2dForwardTests<Cuda>;
