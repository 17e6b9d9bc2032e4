using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Sizes of a dense layer.</summary>
public sealed record DenseCase(int N, int Inputs, int Units, bool Relu = false, bool Bias = true)
{
    /// <summary>Sizes below, at and above those of the CPU's tiles (12 x 32), blocks (512) and of a GPU tile (128 x 64 x 16), each of the three the largest once;
    /// on a GPU the last lines are cut into slices of the depth, in the forward operation, one gradient or both, with and without a rest.</summary>
    public static IReadOnlyList<DenseCase> All { get; } =
    [
        new(2, 3, 5), new(1, 1, 1), new(7, 33, 13), new(13, 7, 33), new(33, 13, 7), new(5, 600, 17), new(70, 65, 64), new(3, 1030, 31),
        new(64, 20, 130), new(1, 50, 520), new(130, 9, 12), new(12, 32, 48), new(11, 513, 47), new(530, 6, 8), new(4, 16, 15),
        new(3, 5, 16, true), new(14, 25, 34, true), new(65, 40, 10, true), new(1, 18, 69, true),
        new(128, 256, 64), new(129, 300, 68), new(3, 259, 1), new(5, 384, 20, true), new(257, 8, 12), new(260, 12, 132), new(9, 20, 260), new(66, 31, 257),
        new(4, 6, 19, Bias: false), new(15, 34, 26, true, false), new(132, 272, 68, Bias: false), new(6, 390, 20, true, false),
    ];

    /// <summary>Rows of the parameters' matrix.</summary>
    public int Rows => Inputs + (Bias ? 1 : 0);

    /// <summary>[Units] random numbers, or none where there is no bias.</summary>
    public double[] BiasVector(Random random) => Bias ? Values.Vector(random, Units) : [];


    public override string ToString() => $"N{N} {Inputs}->{Units}{(Relu ? " ReLU" : "")}{(Bias ? "" : " no bias")}";
}

public sealed class DenseForwardCases : IOpCases
{
    public static IEnumerable<OpCase> All => DenseCase.All.Select(c => new OpCase(c.ToString(), t => Run(t, c), OpCase.Tiles(c.N, c.Units, c.Inputs)));

    private static void Run(Trial t, DenseCase c)
    {
        double[,] input = Values.Matrix(t.Random, c.N, c.Inputs), weight = Values.Matrix(t.Random, c.Units, c.Inputs);
        double[] bias = c.BiasVector(t.Random);
        Operand<float> output = t.Output<float>("output", c.N * c.Units);
        DenseForward.Run(t.Device, t.Input(Values.Floats(Values.Rows(input))), t.Input(Values.Floats(Values.DenseParameters(weight, bias))), output, c.N, c.Inputs, c.Units, c.Relu, c.Bias);
        IEnumerable<double> expected = Values.Rows(DenseReference.Forward(input, weight, c.Bias ? bias : new double[c.Units]));
        t.Expect(output, [.. c.Relu ? expected.Select(PoolReference.Relu) : expected], Tolerance.Sum(c.Inputs), c.N, c.Units);
    }
}

public sealed class DenseInputGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => DenseCase.All.Select(c => new OpCase(c.ToString(), t => Run(t, c), OpCase.Tiles(c.N, c.Inputs, c.Units)));

    private static void Run(Trial t, DenseCase c)
    {
        double[,] gradOutput = Values.Matrix(t.Random, c.N, c.Units), weight = Values.Matrix(t.Random, c.Units, c.Inputs);
        Operand<float> gradInput = t.Output<float>("gradInput", c.N * c.Inputs);
        DenseInputGradient.Run(t.Device, t.Input(Values.Floats(Values.Rows(gradOutput))), t.Input(Values.Floats(Values.DenseParameters(weight, []))), gradInput, c.N, c.Inputs, c.Units);
        t.Expect(gradInput, Values.Rows(DenseReference.InputGradient(gradOutput, weight)), Tolerance.Sum(c.Units), c.N, c.Inputs);
    }
}

public sealed class DenseWeightGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => DenseCase.All.Select(c => new OpCase(c.ToString(), t => Run(t, c), OpCase.Tiles(c.Rows, c.Units, c.N)));

    private static void Run(Trial t, DenseCase c)
    {
        double[,] input = Values.Matrix(t.Random, c.N, c.Inputs), gradOutput = Values.Matrix(t.Random, c.N, c.Units);
        Operand<float> gradParameters = t.Output<float>("gradParameters", c.Rows * c.Units);
        DenseWeightGradient.Run(t.Device, t.Input(Values.Floats(Values.Rows(input))), t.Input(Values.Floats(Values.Rows(gradOutput))), gradParameters, c.N, c.Inputs, c.Units, c.Bias);
        (double[,] weight, double[] bias) = DenseReference.WeightGradient(input, gradOutput);
        t.Expect(gradParameters, Values.DenseParameters(weight, c.Bias ? bias : []), Tolerance.Sum(c.N), c.Rows, c.Units);
    }
}

/// <summary>Dense layer.</summary>
public abstract class DenseForwardTests<TDevice> : OpTests<TDevice, DenseForwardCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void A_product_is_rounded_when_it_has_been_added()
    {
        Device device = Device;
        // Its square is 1 + 2^-11 + 2^-24, of which a float holds all but the last.
        const float Factor = 1 + (1f / 4096);
        using DeviceBuffer<float> input = device.Allocate<float>(2), parameters = device.Allocate<float>(3), output = device.Allocate<float>(1);
        input.CopyFrom([1f, Factor]);
        parameters.CopyFrom([-1 - (1f / 2048), Factor, 0f]);
        DenseForward.Run(device, input.View, parameters.View, output.View, 1, 2, 1, false);
        var result = new float[1];
        output.CopyTo(result);
        Assert.Equal(1f / (1 << 24), result[0]);
    }

    [DeviceFact]
    public void NaN_reaches_every_output_of_its_row_and_no_other_through_ReLU_too()
    {
        foreach (DenseCase c in DenseCase.All)
        {
            using var t = new Trial(Device, new OpCase($"{c} with NaN", _ => { }));
            double[,] input = Values.Matrix(t.Random, c.N, c.Inputs), weight = Values.Matrix(t.Random, c.Units, c.Inputs);
            double[] bias = Values.Vector(t.Random, c.Units);
            input[c.N / 2, c.Inputs - 1] = double.NaN;
            Operand<float> output = t.Output<float>("output", c.N * c.Units);
            DenseForward.Run(t.Device, t.Input(Values.Floats(Values.Rows(input))), t.Input(Values.Floats(Values.DenseParameters(weight, bias))), output, c.N, c.Inputs, c.Units, relu: true);
            t.Expect(output, [.. Values.Rows(DenseReference.Forward(input, weight, bias)).Select(PoolReference.Relu)], Tolerance.Sum(c.Inputs), c.N, c.Units);
        }
    }
}

/// <summary>Gradient of a dense layer with respect to its input.</summary>
public abstract class DenseInputGradientTests<TDevice> : OpTests<TDevice, DenseInputGradientCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void Is_the_adjoint_of_the_forward_operation_without_bias()
    {
        foreach (DenseCase c in DenseCase.All)
        {
            using var t = new Trial(Device, new OpCase(c.ToString(), _ => { }));
            double[] x = Values.Vector(t.Random, c.N * c.Inputs), r = Values.Vector(t.Random, c.N * c.Units);
            ArrayView<float> parameters = t.Input(Values.Floats([.. Values.Vector(t.Random, c.Inputs * c.Units), .. new double[c.Units]]));
            Operand<float> y = t.Output<float>("output", r.Length), dx = t.Output<float>("gradInput", x.Length);
            DenseForward.Run(Device, t.Input(Values.Floats(x)), parameters, y, c.N, c.Inputs, c.Units, false);
            DenseInputGradient.Run(Device, t.Input(Values.Floats(r)), parameters, dx, c.N, c.Inputs, c.Units);
            Near.SameProduct(t.Title, Values.Dot(y.Read(), r), Values.Dot(dx.Read(), x), x.Length + r.Length + c.Inputs);
        }
    }
}

/// <summary>Gradient of a dense layer with respect to weight and bias.</summary>
public abstract class DenseWeightGradientTests<TDevice> : OpTests<TDevice, DenseWeightGradientCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void Is_the_adjoint_of_the_forward_operation_as_a_function_of_the_parameters()
    {
        foreach (DenseCase c in DenseCase.All)
        {
            using var t = new Trial(Device, new OpCase(c.ToString(), _ => { }));
            double[] w = Values.Vector(t.Random, c.Rows * c.Units), r = Values.Vector(t.Random, c.N * c.Units);
            ArrayView<float> input = t.Input(Values.Floats(Values.Vector(t.Random, c.N * c.Inputs)));
            Operand<float> y = t.Output<float>("output", r.Length), dw = t.Output<float>("gradParameters", w.Length);
            DenseForward.Run(Device, input, t.Input(Values.Floats(w)), y, c.N, c.Inputs, c.Units, false, c.Bias);
            DenseWeightGradient.Run(Device, input, t.Input(Values.Floats(r)), dw, c.N, c.Inputs, c.Units, c.Bias);
            Near.SameProduct(t.Title, Values.Dot(y.Read(), r), Values.Dot(dw.Read(), w), w.Length + r.Length + c.N);
        }
    }
}

public sealed class DenseForwardOnCpu : DenseForwardTests<Cpu>;

public sealed class DenseForwardOnOpenCL : DenseForwardTests<OpenCL>;

public sealed class DenseForwardOnCuda : DenseForwardTests<Cuda>;

public sealed class DenseInputGradientOnCpu : DenseInputGradientTests<Cpu>;

public sealed class DenseInputGradientOnOpenCL : DenseInputGradientTests<OpenCL>;

public sealed class DenseInputGradientOnCuda : DenseInputGradientTests<Cuda>;

public sealed class DenseWeightGradientOnCpu : DenseWeightGradientTests<Cpu>;

public sealed class DenseWeightGradientOnOpenCL : DenseWeightGradientTests<OpenCL>;

public sealed class DenseWeightGradientOnCuda : DenseWeightGradientTests<Cuda>;
