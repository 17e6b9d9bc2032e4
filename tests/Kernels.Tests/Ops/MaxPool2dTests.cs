using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Sizes of a max-pooling. With <paramref name="Levels"/> the input has only so many values, so that windows hold equal ones.</summary>
public sealed record PoolCase(int N, int C, int H, int W, int Kh, int Kw, int S, bool Ceil = false, int Levels = 0, int P = 0)
{
    public static IReadOnlyList<PoolCase> All { get; } =
    [
        new(3, 5, 8, 11, 2, 4, 2),
        new(2, 17, 9, 12, 3, 4, 1),              // overlapping
        new(4, 3, 10, 7, 2, 1, 3),               // pixels that no window sees
        new(3, 2, 9, 11, 2, 4, 2, true),
        new(2, 7, 10, 13, 3, 1, 4, true),        // a last window that would start outside
        new(5, 3, 11, 8, 4, 3, 2, true),         // overlapping and over the edge
        new(2, 16, 5, 6, 5, 6, 1),               // one window
        new(2, 3, 4, 5, 6, 7, 2, true),          // a window larger than the image
        new(1, 1, 1, 1, 1, 1, 1),
        new(19, 4, 7, 6, 3, 2, 2, false, 2),
        new(3, 33, 8, 10, 3, 5, 1, true, 3),
        new(2, 64, 11, 11, 2, 2, 2, false, 4),
        new(2, 6, 9, 8, 3, 3, 2, true, 1),       // all equal
        new(3, 7, 9, 8, 3, 3, 2, false, 0, 1),   // padded
        new(2, 19, 6, 11, 4, 5, 3, true, 3, 2),
        new(2, 5, 7, 10, 2, 3, 1, false, 2, 1),
    ];

    internal Pool2dShape Shape => new(C, H, W, Kh, Kw, S, Ceil, P);

    public double[,,,] Input(Random random)
    {
        double[,,,] input = Values.Tensor(random, N, C, H, W);
        if (Levels > 0)
        {
            Conv2dReference.ForEach(input, (n, c, y, x) => input[n, c, y, x] = random.Next(Levels) - 1);
        }
        return input;
    }

    /// <summary>Winners as the device numbers them.</summary>
    public int[] Numbers((int Y, int X)[,,,] winners) => [.. Values.ChannelsLast(winners).Select(w => (w.Y * W) + w.X)];

    public override string ToString() => $"N{N} C{C} {H}x{W} window {Kh}x{Kw} stride {S}{(P > 0 ? $" pad {P}" : "")}{(Ceil ? " ceil" : "")}{(Levels > 0 ? $" {Levels} levels" : "")}";
}

public sealed class MaxPool2dCases : IOpCases
{
    public static IEnumerable<OpCase> All => PoolCase.All.Select(c => new OpCase(c.ToString(), t => Run(t, c)));

    internal static void Run(Trial t, PoolCase c) => Run(t, c, c.Input(t.Random));

    internal static void Run(Trial t, PoolCase c, double[,,,] input)
    {
        Pool2dShape s = c.Shape;
        Operand<float> output = t.Output<float>("output", c.N * s.OutputCount);
        Operand<int> winners = t.Output<int>("winners", c.N * s.OutputCount);
        MaxPool2d.Run(t.Device, s, t.Input(Values.Floats(Values.ChannelsLast(input))), output, winners, c.N);
        (double[,,,] expected, (int Y, int X)[,,,] places) = PoolReference.MaxPool(input, c.Kh, c.Kw, c.S, c.Ceil, c.P);
        t.Expect(output, Values.ChannelsLast(expected), Tolerance.Exact, c.N, s.OutputHeight, s.OutputWidth, c.C);
        t.Expect(winners, [.. c.Numbers(places).Select(p => (int?)p)], c.N, s.OutputHeight, s.OutputWidth, c.C);
    }
}

public sealed class MaxPool2dGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => PoolCase.All.Select(c => new OpCase(c.ToString(), t => Run(t, c)));

    internal static void Run(Trial t, PoolCase c)
    {
        Pool2dShape s = c.Shape;
        double[,,,] input = c.Input(t.Random), gradOutput = Values.Tensor(t.Random, c.N, c.C, s.OutputHeight, s.OutputWidth);
        (int Y, int X)[,,,] winners = PoolReference.MaxPool(input, c.Kh, c.Kw, c.S, c.Ceil, c.P).Winners;
        Operand<float> gradInput = t.Output<float>("gradInput", c.N * s.InputCount);
        MaxPool2dGradient.Run(t.Device, s, t.Input(Values.Floats(Values.ChannelsLast(gradOutput))), t.Input(c.Numbers(winners)), gradInput, c.N);
        double[,,,] expected = PoolReference.MaxPoolGradient(gradOutput, winners, c.H, c.W);
        t.Expect(gradInput, Values.ChannelsLast(expected), Tolerance.Sum(c.Kh * c.Kw), c.N, c.H, c.W, c.C);
    }
}

/// <summary>Max-pooling.</summary>
public abstract class MaxPool2dTests<TDevice> : OpTests<TDevice, MaxPool2dCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void NaN_wins_in_every_window_that_sees_it()
    {
        foreach (int before in Trial.Places)
        {
            var c = new PoolCase(2, 8, 7, 9, 3, 2, 1, true);
            using var t = new Trial(Device, new OpCase("NaN", _ => { }), before: before);
            double[,,,] input = c.Input(t.Random);
            input[1, 2, 4, 0] = input[0, 0, 0, 0] = input[0, 5, 6, 8] = input[1, 7, 3, 3] = double.NaN;
            MaxPool2dCases.Run(t, c, input);
        }
    }
}

/// <summary>Gradient of max-pooling.</summary>
public abstract class MaxPool2dGradientTests<TDevice> : OpTests<TDevice, MaxPool2dGradientCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void Is_the_adjoint_of_the_forward_operation_with_its_winners_fixed()
    {
        foreach (PoolCase c in PoolCase.All)
        {
            using var t = new Trial(Device, new OpCase(c.ToString(), _ => { }));
            Pool2dShape s = c.Shape;
            double[] x = Values.ChannelsLast(c.Input(t.Random)), r = Values.Vector(t.Random, c.N * s.OutputCount);
            Operand<float> y = t.Output<float>("output", r.Length), dx = t.Output<float>("gradInput", x.Length);
            Operand<int> winners = t.Output<int>("winners", r.Length);
            MaxPool2d.Run(Device, s, t.Input(Values.Floats(x)), y, winners, c.N);
            MaxPool2dGradient.Run(Device, s, t.Input(Values.Floats(r)), winners, dx, c.N);
            Near.SameProduct(t.Title, Values.Dot(y.Read(), r), Values.Dot(dx.Read(), x), c.Kh * c.Kw * x.Length);
        }
    }
}

/// <summary>Sizes of a max-pooling.</summary>
public sealed class Pool2dShapeTests
{
    [Fact]
    public void A_window_that_does_not_fit_is_refused_unless_it_may_hang_over_the_edge()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Pool2dShape(1, 3, 9, 4, 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Pool2dShape(1, 9, 3, 2, 4, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Pool2dShape(1, 9, 9, 2, 2, 0));
        Assert.Equal(1, new Pool2dShape(1, 3, 9, 4, 2, 1, true).OutputHeight);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Pool2dShape(1, 9, 9, 2, 4, 1, padding: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Pool2dShape(1, 9, 9, 2, 4, 1, padding: -1));
    }

    [Fact]
    public void The_number_of_windows_equals_the_reference_for_all_small_sizes()
    {
        for (int size = 1; size <= 12; size++)
        {
            for (int window = 1; window <= size; window++)
            {
                for (int stride = 1; stride <= 5; stride++)
                {
                    foreach (bool ceil in (bool[])[false, true])
                    {
                        for (int padding = 0; padding <= window / 2; padding++)
                        {
                            Assert.Equal(PoolReference.Outputs(size, window, stride, ceil, padding), new Pool2dShape(1, size, 12, window, 12, stride, ceil, padding).OutputHeight);
                        }
                    }
                }
            }
        }
    }
}

public sealed class MaxPool2dOnCpu : MaxPool2dTests<Cpu>;

public sealed class MaxPool2dOnOpenCL : MaxPool2dTests<OpenCL>;

public sealed class MaxPool2dOnCuda : MaxPool2dTests<Cuda>;

public sealed class MaxPool2dGradientOnCpu : MaxPool2dGradientTests<Cpu>;

public sealed class MaxPool2dGradientOnOpenCL : MaxPool2dGradientTests<OpenCL>;

public sealed class MaxPool2dGradientOnCuda : MaxPool2dGradientTests<Cuda>;
