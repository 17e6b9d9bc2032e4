using ILGPU;

namespace GpuCnn.Kernels.Tests;

public sealed class Conv2dInputGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => ConvCase.All.Select(c => new OpCase(c.ToString(), t => Run(t, c), OpCase.Tiles((long)c.N * c.H * c.W, c.C, (long)c.Kh * c.Kw * c.F)));

    internal static void Run(Trial t, ConvCase c)
    {
        double[,,,] gradOutput = c.GradOutput(t.Random), weight = c.Weight(t.Random);
        byte[] winners = c.Winners(t.Random);
        Conv2dShape s = c.Shape;
        Operand<float> gradInput = t.Output<float>("gradInput", c.N * s.InputCount);
        Conv2dInputGradient.Run(t.Device, s, t.Input(Values.Floats(Values.ChannelsLast(gradOutput))), t.Input(winners),
            t.Input(Values.Floats(Values.ConvParameters(weight, c.BiasVector(t.Random)))), gradInput, c.N);
        double[,,,] expected = Conv2dReference.InputGradient(c.Spread(gradOutput, winners), weight, c.H, c.W, c.S, c.P);
        t.Expect(gradInput, Values.ChannelsLast(expected), Tolerance.Sum(c.Kh * c.Kw * c.F), c.N, c.H, c.W, c.C);
    }
}

/// <summary>Gradient of a convolution with respect to its input.</summary>
public abstract class Conv2dInputGradientTests<TDevice> : OpTests<TDevice, Conv2dInputGradientCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void Is_the_adjoint_of_the_forward_operation_without_bias()
    {
        foreach (ConvCase c in ConvCase.All)
        {
            using var t = new Trial(Device, new OpCase(c.ToString(), _ => { }));
            Conv2dShape s = c.Unpooled.Shape;
            double[] x = Values.ChannelsLast(c.Input(t.Random)), r = Values.ChannelsLast(c.Unpooled.GradOutput(t.Random));
            ArrayView<float> parameters = t.Input(Values.Floats(Values.ConvParameters(c.Weight(t.Random), new double[c.Bias ? c.F : 0])));
            Operand<float> y = t.Output<float>("output", c.N * s.OutputCount), dx = t.Output<float>("gradInput", c.N * s.InputCount);
            Conv2dForward.Run(Device, s, t.Input(Values.Floats(x)), parameters, y, default, c.N);
            Conv2dInputGradient.Run(Device, s, t.Input(Values.Floats(r)), default, parameters, dx, c.N);
            Near.SameProduct(t.Title, Values.Dot(y.Read(), r), Values.Dot(dx.Read(), x), c.N * s.OutputCount + (c.N * s.InputCount) + s.Depth);
        }
    }
}

public sealed class Conv2dInputGradientOnCpu : Conv2dInputGradientTests<Cpu>;

public sealed class Conv2dInputGradientOnOpenCL : Conv2dInputGradientTests<OpenCL>;

public sealed class Conv2dInputGradientOnCuda : Conv2dInputGradientTests<Cuda>;
