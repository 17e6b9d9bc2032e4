using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Lengths around the vectors and tails of the CPU bodies and the groups of the GPU bodies.</summary>
public static class Lengths
{
    /// <summary>The longest first.</summary>
    public static IEnumerable<int> All => [1027, 257, 256, 255, .. Enumerable.Range(1, 33)];

    /// <summary>A case for each.</summary>
    public static IEnumerable<OpCase> Cases(Action<Trial, int> run) => All.Select(n => new OpCase($"{n} elements", t => run(t, n)));
}

public sealed class ReluCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] x = Values.Vector(t.Random, n);
        x[n / 2] = 0;
        Operand<float> output = t.Output<float>("output", n);
        Relu.Run(t.Device, t.Input(Values.Floats(x)), output, n);
        t.Expect(output, [.. x.Select(PoolReference.Relu)], Tolerance.Exact, n);
    });
}

public sealed class ReluGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] y = [.. Values.Vector(t.Random, n).Select(PoolReference.Relu)], r = Values.Vector(t.Random, n);
        double rate = n % 3 == 0 ? 0 : 0.1 * (n % 10);
        Operand<float> gradInput = t.Output<float>("gradInput", n);
        ReluGradient.Run(t.Device, t.Input(Values.Floats(y)), t.Input(Values.Floats(r)), gradInput, n, rate);
        t.Expect(gradInput, [.. y.Zip(r, (a, b) => a > 0 ? b / (1 - rate) : 0)], rate == 0 ? Tolerance.Exact : Tolerance.Few, n);
    });
}

/// <summary>ReLU.</summary>
public abstract class ReluTests<TDevice> : OpTests<TDevice, ReluCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(40)]
    public void NaN_and_infinity_pass_negative_infinity_and_zeros_become_zero_in_place(int n)
    {
        float[] values = [.. Enumerable.Range(0, n).Select(i => (i % 6) switch { 0 => float.NaN, 1 => float.PositiveInfinity, 2 => float.NegativeInfinity, 3 => -0f, 4 => float.MinValue, _ => 1e-45f })];
        double[] expected = [.. Enumerable.Range(0, n).Select(i => (i % 6) switch { 0 => double.NaN, 1 => double.PositiveInfinity, 5 => 1e-45f, _ => 0.0 })];
        foreach (int before in Trial.Places)
        {
            using var t = new Trial(Device, new OpCase("special", _ => { }), before: before);
            Operand<float> inPlace = t.InOut("values", values);
            Relu.Run(Device, inPlace, inPlace, n);
            t.Expect(inPlace, expected, new Tolerance(2e-45, 0), n);
            t.CheckMemory();
        }
    }
}

/// <summary>Gradient of ReLU.</summary>
public abstract class ReluGradientTests<TDevice> : OpTests<TDevice, ReluGradientCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void NaN_gradients_pass_where_the_output_is_open_and_both_gradients_may_be_the_same_memory()
    {
        foreach (int before in Trial.Places)
        {
            using var t = new Trial(Device, new OpCase("special", _ => { }), before: before);
            Operand<float> gradient = t.InOut("gradient", [.. Enumerable.Range(0, 43).Select(i => i % 4 < 2 ? float.NaN : 3f)]);
            ReluGradient.Run(Device, t.Input([.. Enumerable.Range(0, 43).Select(i => i % 2 == 0 ? 1f : 0f)]), gradient, gradient, 43);
            t.Expect(gradient, [.. Enumerable.Range(0, 43).Select(i => (i % 4) switch { 0 => double.NaN, 2 => 3, _ => 0 })], Tolerance.Exact, 43);
            t.CheckMemory();
        }
    }
}

public sealed class ReluOnCpu : ReluTests<Cpu>;

public sealed class ReluOnOpenCL : ReluTests<OpenCL>;

public sealed class ReluOnCuda : ReluTests<Cuda>;

public sealed class ReluGradientOnCpu : ReluGradientTests<Cpu>;

public sealed class ReluGradientOnOpenCL : ReluGradientTests<OpenCL>;

public sealed class ReluGradientOnCuda : ReluGradientTests<Cuda>;
