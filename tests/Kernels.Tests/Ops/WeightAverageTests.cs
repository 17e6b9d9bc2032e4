namespace GpuCnn.Kernels.Tests;

public sealed class MovingAverageCases : IOpCases
{
    private static readonly double[] Decays = [0, 0.25, 0.9999, 1];

    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double decay = Decays[n % Decays.Length];
        double[] a = Values.Vector(t.Random, n), x = Values.Vector(t.Random, n);
        Operand<float> averages = t.InOut("averages", Values.Floats(a));
        MovingAverage.Run(t.Device, averages, t.Input(Values.Floats(x)), n, decay);
        t.Expect(averages, [.. a.Zip(x, (before, now) => (decay * before) + ((1 - decay) * now))], Tolerance.Few, n);
    });
}

public sealed class ExchangeCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] a = Values.Vector(t.Random, n), b = Values.Vector(t.Random, n);
        Operand<float> left = t.InOut("left", Values.Floats(a)), right = t.InOut("right", Values.Floats(b));
        Exchange.Run(t.Device, left, right, n);
        t.Expect(left, b, Tolerance.Exact, n);
        t.Expect(right, a, Tolerance.Exact, n);
    });
}

/// <summary>An exponential average.</summary>
public abstract class MovingAverageTests<TDevice> : OpTests<TDevice, MovingAverageCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void The_average_of_a_constant_becomes_the_constant()
    {
        using var t = new Trial(Device, new OpCase("constant", _ => { }), before: 16);
        float[] x = Values.Floats(Values.Vector(t.Random, 37));
        Operand<float> averages = t.InOut("averages", new float[37]);
        for (int step = 0; step < 3000; step++)
        {
            MovingAverage.Run(Device, averages, t.Operands.Count > 1 ? ((Operand<float>)t.Operands[1]).View : t.Input(x), 37, 0.99);
        }
        // Where a hundredth of what is missing rounds to nothing, it stays.
        t.Expect(averages, [.. x.Select(value => (double)value)], new Tolerance(0, 100 * Tolerance.Epsilon), 37);
    }

    [DeviceFact]
    public void A_NaN_spoils_its_own_average_alone()
    {
        using var t = new Trial(Device, new OpCase("NaN", _ => { }), before: 16);
        Operand<float> averages = t.InOut("averages", new float[22]);
        MovingAverage.Run(Device, averages, t.Input([.. Enumerable.Range(0, 22).Select(i => i % 5 == 2 ? float.NaN : 1f)]), 22, 0.75);
        t.Expect(averages, [.. Enumerable.Range(0, 22).Select(i => i % 5 == 2 ? double.NaN : 0.25)], Tolerance.Few, 22);
    }
}

/// <summary>Two tensors change places.</summary>
public abstract class ExchangeTests<TDevice> : OpTests<TDevice, ExchangeCases> where TDevice : ITestDevice;

public sealed class MovingAverageOnCpu : MovingAverageTests<Cpu>;

public sealed class MovingAverageOnOpenCL : MovingAverageTests<OpenCL>;

public sealed class MovingAverageOnCuda : MovingAverageTests<Cuda>;

public sealed class ExchangeOnCpu : ExchangeTests<Cpu>;

public sealed class ExchangeOnOpenCL : ExchangeTests<OpenCL>;

public sealed class ExchangeOnCuda : ExchangeTests<Cuda>;
