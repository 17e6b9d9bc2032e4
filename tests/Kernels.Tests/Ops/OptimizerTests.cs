using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class AdamCases : IOpCases
{
    private const double Rate = 1e-3, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-7;

    private static readonly long[] Steps = [1, 2, 10, 1000, 10_000_000];

    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        long step = Steps[n % Steps.Length];
        double[] p = Values.Vector(t.Random, n), g = Values.Vector(t.Random, n), m = Values.Vector(t.Random, n), v = [.. Values.Vector(t.Random, n).Select(Math.Abs)];
        if (step == 1)
        {
            m = new double[n];
            v = new double[n];
        }
        Operand<float> parameters = t.InOut("parameters", Values.Floats(p)), first = t.InOut("first moments", Values.Floats(m)), second = t.InOut("second moments", Values.Floats(v));
        Adam.Run(t.Device, parameters, t.Input(Values.Floats(g)), first, second, n, step, Rate, Beta1, Beta2, Epsilon);
        (double Parameter, double First, double Second)[] expected =
            [.. Enumerable.Range(0, n).Select(i => OptimizerReference.Adam(p[i], g[i], m[i], v[i], step, Rate, Beta1, Beta2, Epsilon))];
        t.Expect(first, [.. expected.Select(e => e.First)], Tolerance.Few, n);
        t.Expect(second, [.. expected.Select(e => e.Second)], new Tolerance(1e-12, 8 * Tolerance.Epsilon), n);
        t.Expect(parameters, [.. expected.Select(e => e.Parameter)], new Tolerance(Tolerance.Epsilon, Tolerance.Epsilon), n);
        // The change itself, which a parameter's own rounding hides: parameters of size 1 keep the change to 1 in 2^14.
        t.Expect("change", [.. parameters.Read().Select((x, i) => (float)(x - p[i]))], [.. expected.Select((e, i) => e.Parameter - p[i])], new Tolerance(Tolerance.Epsilon, 8 * Tolerance.Epsilon), n);
    });
}

/// <summary>Ranges of weights that decay, as a network has them and as it has not: none, one, many, some within four neighbours, one without end, some behind the last element.</summary>
internal static class Ranges
{
    /// <summary>Ascending bounds; decay begins at the first, ends in front of the second, and so on.</summary>
    public static int[] Of(Random random, int n) => (n % 6) switch
    {
        0 => [],
        1 => [0, n],
        2 => [random.Next(n), n + 5],
        3 => [.. Enumerable.Range(0, n).Where(_ => random.Next(2) == 0)],
        4 => [random.Next(n)],
        _ => [.. Enumerable.Range(0, n).Where(_ => random.Next(16) == 0), n + 1, n + 3],
    };
}

/// <summary>Adam with decay of some parameters, and gradients multiplied by a number that the device holds.</summary>
public sealed class AdamWCases : IOpCases
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8, Rate = 0.01, Decay = 0.3;

    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] p = Values.Vector(t.Random, n), g = Values.Vector(t.Random, n), m = Values.Vector(t.Random, n), v = [.. Values.Vector(t.Random, n).Select(Math.Abs)];
        int[] bounds = Ranges.Of(t.Random, n);
        double scale = Values.Next(t.Random);
        Operand<float> parameters = t.InOut("parameters", Values.Floats(p)), first = t.InOut("first moments", Values.Floats(m)), second = t.InOut("second moments", Values.Floats(v));
        Adam.Run(t.Device, parameters, t.Input(Values.Floats(g)), first, second, n, 7, Rate, Beta1, Beta2, Epsilon, Decay, t.Input(bounds, defines: true),
            t.Input([(float)scale], defines: true));
        (double Parameter, double First, double Second)[] expected =
            [.. Enumerable.Range(0, n).Select(i => OptimizerReference.AdamW(p[i], scale * g[i], m[i], v[i], 7, Rate, Beta1, Beta2, Epsilon, OptimizerReference.Decays(bounds, i) ? Decay : 0))];
        t.Expect(first, [.. expected.Select(e => e.First)], Tolerance.Few, n);
        t.Expect(second, [.. expected.Select(e => e.Second)], new Tolerance(1e-12, 8 * Tolerance.Epsilon), n);
        t.Expect(parameters, [.. expected.Select(e => e.Parameter)], Tolerance.Few, n);
    });
}

public sealed class SgdMomentumCases : IOpCases
{
    private delegate (double Parameter, double Velocity) Rule(
        double parameter, double gradient, double velocity, double learningRate, double momentum, double weightDecay);

    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double momentum = n % 2 == 0 ? 0.9 : 0, rate = 0.1, decay = n % 3 == 0 ? 0 : 0.2;
        double[] p = Values.Vector(t.Random, n), g = Values.Vector(t.Random, n), v = Values.Vector(t.Random, n);
        int[] bounds = Ranges.Of(t.Random, n);
        double[] scale = n % 2 == 0 ? [] : [Values.Next(t.Random)];
        Operand<float> parameters = t.InOut("parameters", Values.Floats(p)), velocities = t.InOut("velocities", Values.Floats(v));
        bool nesterov = n / 2 % 2 == 1;
        SgdMomentum.Run(t.Device, parameters, t.Input(Values.Floats(g)), velocities, n, rate, momentum, decay, t.Input(bounds, defines: true),
            t.Input(Values.Floats(scale), defines: true), nesterov);
        (double Parameter, double Velocity)[] expected = [.. Enumerable.Range(0, n).Select(i => (nesterov ? OptimizerReference.Nesterov : (Rule)OptimizerReference.Sgd)(
            p[i], (scale is [var s] ? s : 1) * g[i], v[i], rate, momentum, OptimizerReference.Decays(bounds, i) ? decay : 0))];
        t.Expect(parameters, [.. expected.Select(e => e.Parameter)], Tolerance.Few, n);
        t.Expect(velocities, [.. expected.Select(e => e.Velocity)], Tolerance.Few, n);
    });
}

/// <summary>Adam.</summary>
public abstract class AdamTests<TDevice> : OpTests<TDevice, AdamCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(5)]
    [InlineData(37)]
    public void Many_steps_from_zero_follow_the_reference(int n)
    {
        using var t = new Trial(Device, new OpCase($"{n} elements", _ => { }));
        double[] p = new double[n], m = new double[n], v = new double[n];
        Operand<float> parameters = t.InOut("parameters", new float[n]), first = t.InOut("first", new float[n]), second = t.InOut("second", new float[n]);
        for (int step = 1; step <= 50; step++)
        {
            double[] g = [.. Values.Vector(t.Random, n).Select(x => (double)(float)(x * 1e-3))];
            ArrayView<float> gradients = t.Input(Values.Floats(g));
            Adam.Run(Device, parameters, gradients, first, second, n, step, 1e-2);
            for (int i = 0; i < n; i++)
            {
                (p[i], m[i], v[i]) = OptimizerReference.Adam(p[i], g[i], m[i], v[i], step, 1e-2, 0.9, 0.999, 1e-7);
            }
        }
        t.Expect(parameters, p, new Tolerance(1e-6, 0), n);
        t.CheckMemory();
    }

    [DeviceTheory]
    [InlineData(3)]
    [InlineData(20)]
    public void Moments_that_would_become_denormal_become_zero(int n)
    {
        foreach (int before in Trial.Places)
        {
            using var t = new Trial(Device, new OpCase("denormals", _ => { }), before: before);
            Operand<float> parameters = t.InOut("parameters", [.. Enumerable.Repeat(0.5f, n)]);
            Operand<float> first = t.InOut("first", [.. Enumerable.Range(0, n).Select(i => i % 2 == 0 ? 1e-31f : -1e-31f)]), second = t.InOut("second", [.. Enumerable.Repeat(1e-31f, n)]);
            Adam.Run(Device, parameters, t.Input(new float[n]), first, second, n, 1000, 1e-3);
            Assert.All(first.Read(), x => Assert.Equal(0f, x));
            Assert.All(second.Read(), x => Assert.Equal(0f, x));
            Assert.All(parameters.Read(), x => Assert.Equal(0.5f, x));
        }
    }

    [DeviceTheory]
    [InlineData(3)]
    [InlineData(22)]
    public void A_NaN_gradient_spoils_its_own_parameter_alone(int n)
    {
        foreach (int before in Trial.Places)
        {
            using var t = new Trial(Device, new OpCase("NaN", _ => { }), before: before);
            Operand<float> parameters = t.InOut("parameters", new float[n]), first = t.InOut("first", new float[n]), second = t.InOut("second", new float[n]);
            Adam.Run(Device, parameters, t.Input([.. Enumerable.Range(0, n).Select(i => i % 3 == 1 ? float.NaN : 1f)]), first, second, n, 1, 1e-3);
            double[] Expected(double other) => [.. Enumerable.Range(0, n).Select(i => i % 3 == 1 ? double.NaN : other)];
            t.Expect(first, Expected(0.1), Tolerance.Few, n);
            t.Expect(second, Expected(0.001), Tolerance.Few, n);
            t.Expect(parameters, Expected(-0.001), Tolerance.Few, n);
            t.CheckMemory();
        }
    }

    [DeviceFact]
    public void Steps_count_from_one()
    {
        using var t = new Trial(Device, new OpCase("step", _ => { }));
        Operand<float> x = t.InOut("all", new float[4]);
        Assert.Throws<ArgumentOutOfRangeException>(() => Adam.Run(Device, x, x, x, x, 4, 0, 1e-3));
    }
}

/// <summary>Adam with decay of weights.</summary>
public abstract class AdamWTests<TDevice> : OpTests<TDevice, AdamWCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(9)]
    [InlineData(67)]
    public void Ranges_of_nothing_and_a_decay_of_nothing_are_plain_Adam_bit_for_bit(int n)
    {
        using var t = new Trial(Device, new OpCase("plain", _ => { }), before: 16);
        float[] p = Values.Floats(Values.Vector(t.Random, n)), g = Values.Floats(Values.Vector(t.Random, n));
        (double Decay, int[] Bounds)[] cases = [(0, []), (0.5, []), (0, [0, n]), (0.5, [3, 3, n, n + 9])];
        byte[][] bits = [.. cases.Select(each =>
        {
            Operand<float> parameters = t.InOut("parameters", p), first = t.InOut("first", g), second = t.InOut("second", [.. g.Select(Math.Abs)]);
            Adam.Run(Device, parameters, t.Input(g), first, second, n, 3, 1e-3, weightDecay: each.Decay, decayRanges: t.Input(each.Bounds));
            return parameters.Bits();
        })];
        Assert.All(bits, each => Assert.Equal(bits[0], each));
    }
}

/// <summary>Stochastic gradient descent with momentum.</summary>
public abstract class SgdMomentumTests<TDevice> : OpTests<TDevice, SgdMomentumCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(3)]
    [InlineData(20)]
    public void Velocities_that_would_become_denormal_become_zero(int n)
    {
        foreach (int before in Trial.Places)
        {
            using var t = new Trial(Device, new OpCase("denormals", _ => { }), before: before);
            Operand<float> parameters = t.InOut("parameters", [.. Enumerable.Repeat(0.5f, n)]), velocities = t.InOut("velocities", [.. Enumerable.Range(0, n).Select(i => i % 2 == 0 ? 1e-31f : -1e-31f)]);
            SgdMomentum.Run(Device, parameters, t.Input(new float[n]), velocities, n, 0.1, 0.9);
            Assert.All(velocities.Read(), x => Assert.Equal(0f, x));
            Assert.All(parameters.Read(), x => Assert.Equal(0.5f, x));
        }
    }

    [DeviceFact]
    public void A_NaN_gradient_spoils_its_own_parameter_alone()
    {
        foreach (int before in Trial.Places)
        {
            using var t = new Trial(Device, new OpCase("NaN", _ => { }), before: before);
            Operand<float> parameters = t.InOut("parameters", new float[22]), velocities = t.InOut("velocities", new float[22]);
            SgdMomentum.Run(Device, parameters, t.Input([.. Enumerable.Range(0, 22).Select(i => i % 3 == 1 ? float.NaN : 1f)]), velocities, 22, 0.5, 0.9);
            t.Expect(velocities, [.. Enumerable.Range(0, 22).Select(i => i % 3 == 1 ? double.NaN : 1)], Tolerance.Few, 22);
            t.Expect(parameters, [.. Enumerable.Range(0, 22).Select(i => i % 3 == 1 ? double.NaN : -0.5)], Tolerance.Few, 22);
        }
    }
}

public sealed class AdamOnCpu : AdamTests<Cpu>;

public sealed class AdamOnOpenCL : AdamTests<OpenCL>;

public sealed class AdamOnCuda : AdamTests<Cuda>;

public sealed class AdamWOnCpu : AdamWTests<Cpu>;

public sealed class AdamWOnOpenCL : AdamWTests<OpenCL>;

public sealed class AdamWOnCuda : AdamWTests<Cuda>;

public sealed class SgdMomentumOnCpu : SgdMomentumTests<Cpu>;

public sealed class SgdMomentumOnOpenCL : SgdMomentumTests<OpenCL>;

public sealed class SgdMomentumOnCuda : SgdMomentumTests<Cuda>;
