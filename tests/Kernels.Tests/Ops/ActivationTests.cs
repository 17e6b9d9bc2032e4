using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class LeakyReluCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] x = Values.Vector(t.Random, n);
        x[n / 2] = 0;
        float slope = n % 3 * 0.125f;
        Operand<float> output = t.Output<float>("output", n);
        LeakyRelu.Run(t.Device, t.Input(Values.Floats(x)), output, n, slope);
        t.Expect(output, [.. x.Select(value => ActivationReference.LeakyRelu(value, slope))], Tolerance.Few, n);
    });
}

public sealed class LeakyReluGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        float slope = n % 3 * 0.125f;
        double[] y = [.. Values.Vector(t.Random, n).Select(value => ActivationReference.LeakyRelu(value, slope))], r = Values.Vector(t.Random, n);
        Operand<float> gradInput = t.Output<float>("gradInput", n);
        LeakyReluGradient.Run(t.Device, t.Input(Values.Floats(y)), t.Input(Values.Floats(r)), gradInput, n, slope);
        t.Expect(gradInput, ActivationReference.LeakyReluGradient(y, r, slope), Tolerance.Few, n);
    });
}

public sealed class GeluCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] x = [.. Values.Vector(t.Random, n).Select((value, i) => (float)(value * (1 + (i % 7))))];
        Operand<float> output = t.Output<float>("output", n);
        Gelu.Run(t.Device, t.Input(Values.Floats(x)), output, n);
        t.Expect(output, [.. x.Select(ActivationReference.Gelu)], new Tolerance(4 * Tolerance.Epsilon, 8 * Tolerance.Epsilon), n);
    });
}

public sealed class GeluGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] x = [.. Values.Vector(t.Random, n).Select((value, i) => (float)(value * (1 + (i % 7))))], r = Values.Vector(t.Random, n);
        Operand<float> gradInput = t.Output<float>("gradInput", n);
        GeluGradient.Run(t.Device, t.Input(Values.Floats(x)), t.Input(Values.Floats(r)), gradInput, n);
        t.Expect(gradInput, [.. x.Zip(r, (a, b) => ActivationReference.GeluSlope(a) * b)], new Tolerance(4 * Tolerance.Epsilon, 8 * Tolerance.Epsilon), n);
    });
}

public sealed class AddCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] a = Values.Vector(t.Random, n), b = Values.Vector(t.Random, n);
        Operand<float> output = t.Output<float>("output", n);
        bool relu = n % 3 != 0;
        Add.Run(t.Device, t.Input(Values.Floats(a)), t.Input(Values.Floats(b)), output, n, relu);
        t.Expect(output, [.. a.Zip(b, (x, y) => relu ? PoolReference.Relu(x + y) : x + y)], Tolerance.Few, n);
    });
}

public sealed class CopyCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] x = Values.Vector(t.Random, n);
        Operand<float> output = t.Output<float>("output", n);
        Copy.Run(t.Device, t.Input(Values.Floats(x)), output, n);
        t.Expect(output, x, Tolerance.Exact, n);
    });
}

/// <summary>LeakyReLU.</summary>
public abstract class LeakyReluTests<TDevice> : OpTests<TDevice, LeakyReluCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(7)]
    [InlineData(40)]
    public void NaN_and_infinities_pass_in_place_and_slopes_outside_are_refused(int n)
    {
        using var t = new Trial(Device, new OpCase("special", _ => { }));
        Operand<float> inPlace = t.InOut("values", [.. Enumerable.Range(0, n).Select(i => (i % 4) switch { 0 => float.NaN, 1 => float.PositiveInfinity, 2 => float.NegativeInfinity, _ => -8f })]);
        LeakyRelu.Run(Device, inPlace, inPlace, n, 0.25);
        t.Expect(inPlace, [.. Enumerable.Range(0, n).Select(i => (i % 4) switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => double.NegativeInfinity, _ => -2.0 })], Tolerance.Exact, n);
        t.CheckMemory();
        foreach (double slope in (double[])[-0.1, 1.1, double.NaN])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => LeakyRelu.Run(Device, inPlace, inPlace, n, slope));
        }
    }
}

/// <summary>GELU.</summary>
public abstract class GeluTests<TDevice> : OpTests<TDevice, GeluCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(9)]
    [InlineData(48)]
    public void Large_values_pass_very_negative_ones_become_zero_and_NaN_stays(int n)
    {
        using var t = new Trial(Device, new OpCase("special", _ => { }));
        Operand<float> output = t.Output<float>("output", n);
        Gelu.Run(Device, t.Input([.. Enumerable.Range(0, n).Select(i => (i % 5) switch { 0 => 1e30f, 1 => -1e30f, 2 => float.NaN, 3 => float.PositiveInfinity, _ => 30f })]), output, n);
        t.Expect(output, [.. Enumerable.Range(0, n).Select(i => (i % 5) switch { 0 => 1e30f, 1 => 0, 2 => double.NaN, 3 => double.PositiveInfinity, _ => 30 })], Tolerance.Exact, n);
        t.CheckMemory();
    }
}

/// <summary>Gradient of LeakyReLU.</summary>
public abstract class LeakyReluGradientTests<TDevice> : OpTests<TDevice, LeakyReluGradientCases> where TDevice : ITestDevice;

/// <summary>Gradient of GELU.</summary>
public abstract class GeluGradientTests<TDevice> : OpTests<TDevice, GeluGradientCases> where TDevice : ITestDevice;

/// <summary>Sums of two tensors.</summary>
public abstract class AddTests<TDevice> : OpTests<TDevice, AddCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(false, 7)]
    [InlineData(true, 7)]
    [InlineData(false, 40)]
    [InlineData(true, 40)]
    public void NaN_stays_through_ReLU_too(bool relu, int n)
    {
        using var t = new Trial(Device, new OpCase("NaN", _ => { }));
        float[] a = [.. Enumerable.Range(0, n).Select(i => i % 3 == 0 ? float.NaN : i - 5f)], b = [.. Enumerable.Range(0, n).Select(i => i % 7 == 1 ? float.NaN : -1.5f)];
        Operand<float> output = t.Output<float>("output", n);
        Add.Run(Device, t.Input(a), t.Input(b), output, n, relu);
        t.Expect(output, [.. a.Zip(b, (x, y) => relu ? PoolReference.Relu((double)x + y) : (double)x + y)], Tolerance.Exact, n);
        t.CheckMemory();
    }
}

/// <summary>Copies.</summary>
public abstract class CopyTests<TDevice> : OpTests<TDevice, CopyCases> where TDevice : ITestDevice;

public sealed class LeakyReluOnCpu : LeakyReluTests<Cpu>;

public sealed class LeakyReluOnOpenCL : LeakyReluTests<OpenCL>;

public sealed class LeakyReluOnCuda : LeakyReluTests<Cuda>;

public sealed class LeakyReluGradientOnCpu : LeakyReluGradientTests<Cpu>;

public sealed class LeakyReluGradientOnOpenCL : LeakyReluGradientTests<OpenCL>;

public sealed class LeakyReluGradientOnCuda : LeakyReluGradientTests<Cuda>;

public sealed class GeluOnCpu : GeluTests<Cpu>;

public sealed class GeluOnOpenCL : GeluTests<OpenCL>;

public sealed class GeluOnCuda : GeluTests<Cuda>;

public sealed class GeluGradientOnCpu : GeluGradientTests<Cpu>;

public sealed class GeluGradientOnOpenCL : GeluGradientTests<OpenCL>;

public sealed class GeluGradientOnCuda : GeluGradientTests<Cuda>;

public sealed class AddOnCpu : AddTests<Cpu>;

public sealed class AddOnOpenCL : AddTests<OpenCL>;

public sealed class AddOnCuda : AddTests<Cuda>;

public sealed class CopyOnCpu : CopyTests<Cpu>;

public sealed class CopyOnOpenCL : CopyTests<OpenCL>;

public sealed class CopyOnCuda : CopyTests<Cuda>;
