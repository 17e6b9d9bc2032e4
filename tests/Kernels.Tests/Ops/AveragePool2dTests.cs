using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Sizes of an average-pooling.</summary>
public sealed record AverageCase(int N, int C, int H, int W, int Kh, int Kw, int S, int P = 0)
{
    public static IReadOnlyList<AverageCase> All { get; } =
    [
        new(3, 5, 8, 11, 2, 4, 2),
        new(2, 17, 9, 12, 3, 4, 1),        // overlapping
        new(4, 3, 10, 7, 2, 1, 3),         // pixels that no window sees
        new(2, 16, 5, 6, 5, 6, 1),         // one window: the global average
        new(5, 33, 7, 7, 7, 7, 7),
        new(1, 1, 1, 1, 1, 1, 1),
        new(3, 6, 9, 8, 3, 5, 2, 1),       // padded
        new(2, 40, 6, 7, 4, 4, 3, 2),
        new(3, 12, 9, 11, 3, 2, 2),        // four channels a thread
        new(2, 8, 7, 5, 2, 1, 3),
    ];

    internal Pool2dShape Shape => new(C, H, W, Kh, Kw, S, padding: P);

    /// <summary>Zeros around each image.</summary>
    public double[,,,] Pad(double[,,,] input)
    {
        var padded = new double[N, C, H + (2 * P), W + (2 * P)];
        Conv2dReference.ForEach(input, (n, c, y, x) => padded[n, c, y + P, x + P] = input[n, c, y, x]);
        return padded;
    }

    /// <summary>The mean of every window of a padded input.</summary>
    public double[,,,] Average(double[,,,] padded)
    {
        var output = new double[N, C, Shape.OutputHeight, Shape.OutputWidth];
        Conv2dReference.ForEach(output, (n, c, oy, ox) => output[n, c, oy, ox] =
            (from i in Enumerable.Range(0, Kh) from j in Enumerable.Range(0, Kw) select padded[n, c, (oy * S) + i, (ox * S) + j]).Average());
        return output;
    }

    /// <summary>Every window's pixels get their shares; those in the padding are cut off.</summary>
    public double[,,,] Gradient(double[,,,] gradOutput)
    {
        var padded = new double[N, C, H + (2 * P), W + (2 * P)];
        Conv2dReference.ForEach(gradOutput, (n, c, oy, ox) =>
        {
            for (int i = 0; i < Kh; i++)
            {
                for (int j = 0; j < Kw; j++)
                {
                    padded[n, c, (oy * S) + i, (ox * S) + j] += gradOutput[n, c, oy, ox] / (Kh * Kw);
                }
            }
        });
        var gradInput = new double[N, C, H, W];
        Conv2dReference.ForEach(gradInput, (n, c, y, x) => gradInput[n, c, y, x] = padded[n, c, y + P, x + P]);
        return gradInput;
    }

    public override string ToString() => $"N{N} C{C} {H}x{W} window {Kh}x{Kw} stride {S}{(P > 0 ? $" pad {P}" : "")}";
}

public sealed class AveragePool2dCases : IOpCases
{
    public static IEnumerable<OpCase> All => AverageCase.All.Select(c => new OpCase(c.ToString(), t =>
    {
        Pool2dShape s = c.Shape;
        double[,,,] input = Values.Tensor(t.Random, c.N, c.C, c.H, c.W);
        Operand<float> output = t.Output<float>("output", c.N * s.OutputCount);
        AveragePool2d.Run(t.Device, s, t.Input(Values.Floats(Values.ChannelsLast(input))), output, c.N);
        t.Expect(output, Values.ChannelsLast(c.Average(c.Pad(input))), Tolerance.Sum(c.Kh * c.Kw, 1.0 / (c.Kh * c.Kw)), c.N, s.OutputHeight, s.OutputWidth, c.C);
    }));
}

public sealed class AveragePool2dGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => AverageCase.All.Select(c => new OpCase(c.ToString(), t =>
    {
        Pool2dShape s = c.Shape;
        double[,,,] gradOutput = Values.Tensor(t.Random, c.N, c.C, s.OutputHeight, s.OutputWidth);
        Operand<float> gradInput = t.Output<float>("gradInput", c.N * s.InputCount);
        AveragePool2dGradient.Run(t.Device, s, t.Input(Values.Floats(Values.ChannelsLast(gradOutput))), gradInput, c.N);
        t.Expect(gradInput, Values.ChannelsLast(c.Gradient(gradOutput)), Tolerance.Sum(c.Kh * c.Kw, 1.0 / (c.Kh * c.Kw)), c.N, c.H, c.W, c.C);
    }));
}

/// <summary>Average-pooling.</summary>
public abstract class AveragePool2dTests<TDevice> : OpTests<TDevice, AveragePool2dCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void Ceil_mode_is_refused()
    {
        using var t = new Trial(Device, new OpCase("ceil", _ => { }));
        Operand<float> input = t.InOut("input", new float[25]), output = t.Output<float>("output", 9);
        Assert.Throws<ArgumentException>(() => AveragePool2d.Run(Device, new Pool2dShape(1, 5, 5, 2, 2, 2, true), input, output, 1));
        Assert.Throws<ArgumentException>(() => AveragePool2dGradient.Run(Device, new Pool2dShape(1, 5, 5, 2, 2, 2, true), output, input, 1));
    }
}

/// <summary>Gradient of average-pooling.</summary>
public abstract class AveragePool2dGradientTests<TDevice> : OpTests<TDevice, AveragePool2dGradientCases> where TDevice : ITestDevice;

/// <summary>The reference itself.</summary>
public sealed class AverageReferenceTests
{
    [Fact]
    public void Central_differences_prove_the_references_gradient()
    {
        foreach (AverageCase c in AverageCase.All.Where(c => c.N * c.Shape.InputCount < 1500))
        {
            var random = new Random(3);
            double[,,,] input = Values.Tensor(random, c.N, c.C, c.H, c.W), r = Values.Tensor(random, c.N, c.C, c.Shape.OutputHeight, c.Shape.OutputWidth);
            double[] x = [.. input.Cast<double>()];
            CentralDifference.Proves(x, [.. c.Gradient(r).Cast<double>()], () =>
            {
                int i = 0;
                Conv2dReference.ForEach(input, (n, k, y, z) => input[n, k, y, z] = x[i++]);
                return Values.Dot(c.Average(c.Pad(input)).Cast<double>(), r.Cast<double>());
            });
        }
    }
}

public sealed class AveragePool2dOnCpu : AveragePool2dTests<Cpu>;

public sealed class AveragePool2dOnOpenCL : AveragePool2dTests<OpenCL>;

public sealed class AveragePool2dOnCuda : AveragePool2dTests<Cuda>;

public sealed class AveragePool2dGradientOnCpu : AveragePool2dGradientTests<Cpu>;

public sealed class AveragePool2dGradientOnOpenCL : AveragePool2dGradientTests<OpenCL>;

public sealed class AveragePool2dGradientOnCuda : AveragePool2dGradientTests<Cuda>;
