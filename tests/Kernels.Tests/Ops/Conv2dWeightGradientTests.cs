using ILGPU;

namespace GpuCnn.Kernels.Tests;

public sealed class Conv2dWeightGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => ConvCase.All.Select(c => new OpCase(c.ToString(), t => Run(t, c), OpCase.Tiles(c.Shape.ParameterRows, c.F, (long)c.N * c.Shape.RowsPerImage)));

    internal static void Run(Trial t, ConvCase c)
    {
        double[,,,] input = c.Input(t.Random), gradOutput = c.GradOutput(t.Random);
        byte[] winners = c.Winners(t.Random);
        Conv2dShape s = c.Shape;
        int chunks = Conv2dWeightGradient.Chunks(c.N);
        Operand<float> partials = t.Output<float>("partials", chunks * s.ParameterCount);
        Conv2dWeightGradient.Run(t.Device, s, t.Input(Values.Floats(Values.ChannelsLast(input))), t.Input(Values.Floats(Values.ChannelsLast(gradOutput))), t.Input(winners), partials, c.N);
        float[] sum = partials.Read().Chunk(s.ParameterCount).Aggregate((a, b) => [.. a.Zip(b, (x, y) => x + y)]);
        (double[,,,] weight, double[] bias) = Conv2dReference.WeightGradient(input, c.Spread(gradOutput, winners), c.Kh, c.Kw, c.S, c.P);
        t.Expect("sum of partials", sum, Values.ConvParameters(weight, c.Bias ? bias : []), Tolerance.Sum(c.N * s.ConvHeight * s.ConvWidth), s.ParameterRows, c.F);
    }
}

/// <summary>Gradient of a convolution with respect to weight and bias.</summary>
public abstract class Conv2dWeightGradientTests<TDevice> : OpTests<TDevice, Conv2dWeightGradientCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void Is_the_adjoint_of_the_forward_operation_as_a_function_of_the_parameters()
    {
        foreach (ConvCase c in ConvCase.All)
        {
            using var t = new Trial(Device, new OpCase(c.ToString(), _ => { }));
            Conv2dShape s = c.Unpooled.Shape;
            int chunks = Conv2dWeightGradient.Chunks(c.N);
            double[] w = Values.ConvParameters(c.Weight(t.Random), c.BiasVector(t.Random)), r = Values.ChannelsLast(c.Unpooled.GradOutput(t.Random));
            ArrayView<float> input = t.Input(Values.Floats(Values.ChannelsLast(c.Input(t.Random))));
            Operand<float> y = t.Output<float>("output", c.N * s.OutputCount), partials = t.Output<float>("partials", chunks * s.ParameterCount);
            Conv2dForward.Run(Device, s, input, t.Input(Values.Floats(w)), y, default, c.N);
            Conv2dWeightGradient.Run(Device, s, input, t.Input(Values.Floats(r)), default, partials, c.N);
            IEnumerable<double> twice = Enumerable.Repeat(w, chunks).SelectMany(p => p);
            Near.SameProduct(t.Title, Values.Dot(y.Read(), r), Values.Dot(partials.Read(), twice), (c.N * s.OutputCount) + (chunks * s.ParameterCount) + s.Depth);
        }
    }
}

public sealed class Conv2dWeightGradientOnCpu : Conv2dWeightGradientTests<Cpu>;

public sealed class Conv2dWeightGradientOnOpenCL : Conv2dWeightGradientTests<OpenCL>;

public sealed class Conv2dWeightGradientOnCuda : Conv2dWeightGradientTests<Cuda>;
