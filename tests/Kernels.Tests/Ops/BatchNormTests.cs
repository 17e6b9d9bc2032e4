using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Sizes of a batch normalization; an offset puts all values that far from zero.</summary>
public sealed record NormCase(int Rows, int C, bool Relu = false, double Offset = 0)
{
    public const float Epsilon = 1e-5f;

    public static IReadOnlyList<NormCase> All { get; } =
    [
        new(133, 37, true), new(64, 16), new(65, 17, true), new(1, 5), new(2, 33), new(63, 1), new(7, 32, true), new(1000, 3), new(1000, 48, true), new(17_000, 18), new(300, 20, false, 1000),
    ];

    public double[,] Input(Random random)
    {
        double[,] values = Values.Matrix(random, Rows, C);
        for (int i = 0; i < Rows; i++)
        {
            for (int c = 0; c < C; c++)
            {
                values[i, c] = (float)(values[i, c] + Offset + (0.3 * c));
            }
        }
        return values;
    }

    public static double[] Moments(double[,] input)
    {
        (double[] mean, double[] variance) = BatchNormReference.Moments(input);
        return [.. mean.Concat(variance).Select(value => (double)(float)value)];
    }

    /// <summary>Gradients of the output, and what ReLU lets through of them. Where the output is as near to zero as rounding is, they are zero: whether ReLU is open there, no reference knows.</summary>
    public (double[,] All, double[,] Open) GradOutput(Random random, double[,] input, double[] weight, double[] bias, double[] moments)
    {
        double[,] all = Values.Matrix(random, Rows, C), output = BatchNormReference.Forward(input, weight, bias, moments[..C], moments[C..], Epsilon);
        for (int i = 0; i < Rows; i++)
        {
            for (int c = 0; c < C; c++)
            {
                all[i, c] = Relu && Math.Abs(output[i, c]) < 1e-4 ? 0 : all[i, c];
            }
        }
        return (all, Relu ? BatchNormReference.Open(output, all) : all);
    }

    public override string ToString() => $"{Rows} rows C{C}{(Relu ? " ReLU" : "")}{(Offset > 0 ? $" around {Offset}" : "")}";

    public static IEnumerable<OpCase> Cases(Action<Trial, NormCase> run) => All.Select(c => new OpCase(c.ToString(), t => run(t, c)));

    /// <summary>The chunks' means and sums of squares, by the definition of the cut.</summary>
    public double[] Partials(double[,] input)
    {
        int size = Math.Max(64, (Rows + 255) / 256);
        return [.. Enumerable.Range(0, BatchNormChunks.Count(Rows)).SelectMany(chunk =>
        {
            int first = chunk * size, count = Math.Min(size, Rows - first);
            var part = new double[count, C];
            for (int i = 0; i < count; i++)
            {
                for (int c = 0; c < C; c++)
                {
                    part[i, c] = input[first + i, c];
                }
            }
            (double[] mean, double[] variance) = BatchNormReference.Moments(part);
            return mean.Concat(variance.Select(value => value * count));
        })];
    }
}

public sealed class BatchNormStatisticsCases : IOpCases
{
    public static IEnumerable<OpCase> All => NormCase.Cases((t, c) =>
    {
        double[,] input = c.Input(t.Random);
        Operand<float> partials = t.Output<float>("partials", 2 * BatchNormChunks.Count(c.Rows) * c.C);
        BatchNormStatistics.Run(t.Device, t.Input(Values.Floats(Values.Rows(input))), partials, c.Rows, c.C);
        t.Expect(partials, c.Partials(input), new Tolerance(64 * Tolerance.Epsilon, 64 * Tolerance.Epsilon), BatchNormChunks.Count(c.Rows), 2, c.C);
    });
}

public sealed class BatchNormMomentsCases : IOpCases
{
    public static IEnumerable<OpCase> All => NormCase.Cases((t, c) =>
    {
        double[,] input = c.Input(t.Random);
        double[] before = [.. Values.Vector(t.Random, c.C), .. Values.Vector(t.Random, c.C).Select(Math.Abs)];
        (double[] mean, double[] variance) = BatchNormReference.Moments(input);
        Operand<float> moments = t.Output<float>("moments", 2 * c.C), running = t.InOut("running", Values.Floats(before));
        BatchNormMoments.Run(t.Device, t.Input(Values.Floats(c.Partials(input))), moments, running, c.Rows, c.C, 0.125);
        var tolerance = new Tolerance(16 * Tolerance.Epsilon, 64 * Tolerance.Epsilon);
        t.Expect(moments, [.. mean, .. variance], tolerance, 2, c.C);
        double correction = c.Rows / (double)Math.Max(1, c.Rows - 1);
        t.Expect(running, [.. before.Zip([.. mean, .. variance.Select(value => value * correction)], (old, now) => (0.875 * old) + (0.125 * now))], tolerance, 2, c.C);
    });
}

public sealed class BatchNormForwardCases : IOpCases
{
    public static IEnumerable<OpCase> All => NormCase.Cases((t, c) =>
    {
        double[,] input = c.Input(t.Random);
        double[] weight = Values.Vector(t.Random, c.C), bias = Values.Vector(t.Random, c.C), moments = NormCase.Moments(input);
        Operand<float> output = t.Output<float>("output", c.Rows * c.C);
        BatchNormForward.Run(t.Device, t.Input(Values.Floats(Values.Rows(input))), t.Input(Values.Floats([.. weight, .. bias])), t.Input(Values.Floats(moments)), output, c.Rows, c.C, NormCase.Epsilon, c.Relu);
        double[,] expected = BatchNormReference.Forward(input, weight, bias, moments[..c.C], moments[c.C..], NormCase.Epsilon, c.Relu);
        t.Expect(output, Values.Rows(expected), new Tolerance(16 * Tolerance.Epsilon, 16 * Tolerance.Epsilon), c.Rows, c.C);
    });
}

public sealed class BatchNormWeightGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => NormCase.Cases((t, c) =>
    {
        double[,] input = c.Input(t.Random);
        double[] weight = Values.Vector(t.Random, c.C), bias = Values.Vector(t.Random, c.C), moments = NormCase.Moments(input);
        (double[,] gradOutput, double[,] open) = c.GradOutput(t.Random, input, weight, bias, moments);
        int chunks = BatchNormChunks.Count(c.Rows);
        Operand<float> partials = t.Output<float>("partials", 2 * chunks * c.C);
        BatchNormWeightGradient.Run(t.Device, t.Input(Values.Floats(Values.Rows(input))), t.Input(Values.Floats(Values.Rows(gradOutput))),
            t.Input(Values.Floats([.. weight, .. bias])), t.Input(Values.Floats(moments)), partials, c.Rows, c.C, NormCase.Epsilon, c.Relu);
        (_, double[] gradWeight, double[] gradBias) = BatchNormReference.Gradients(input, weight, open, NormCase.Epsilon, moments);
        float[] parts = partials.Read();
        double[] sums = [.. Enumerable.Range(0, 2 * c.C).Select(i => Enumerable.Range(0, chunks).Sum(chunk => (double)parts[(chunk * 2 * c.C) + i]))];
        // The rounding of the mean, a term of every product, counts where the mean is large.
        t.Expect("sums of partials", Values.Floats(sums), [.. gradWeight, .. gradBias], new Tolerance(Tolerance.Epsilon * (8 + (2 * Math.Sqrt(c.Rows)) + c.Offset) * 8, 8 * Tolerance.Epsilon), 2, c.C);
    });
}

public sealed class BatchNormInputGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => NormCase.Cases((t, c) =>
    {
        double[,] input = c.Input(t.Random);
        double[] weight = Values.Vector(t.Random, c.C), bias = Values.Vector(t.Random, c.C), moments = NormCase.Moments(input);
        (double[,] gradOutput, double[,] open) = c.GradOutput(t.Random, input, weight, bias, moments);
        (double[,] expected, double[] gradWeight, double[] gradBias) = BatchNormReference.Gradients(input, weight, open, NormCase.Epsilon, moments);
        Operand<float> gradInput = t.Output<float>("gradInput", c.Rows * c.C);
        BatchNormInputGradient.Run(t.Device, t.Input(Values.Floats(Values.Rows(input))), t.Input(Values.Floats(Values.Rows(gradOutput))),
            t.Input(Values.Floats([.. weight, .. bias])), t.Input(Values.Floats([.. gradWeight, .. gradBias])), t.Input(Values.Floats(moments)), gradInput, c.Rows, c.C, NormCase.Epsilon, c.Relu);
        double scale = Enumerable.Range(0, c.C).Max(i => Math.Abs(weight[i]) / Math.Sqrt(moments[c.C + i] + NormCase.Epsilon));
        t.Expect(gradInput, Values.Rows(expected), new Tolerance(8 * Tolerance.Epsilon * (1 + scale) * (1 + c.Offset), 16 * Tolerance.Epsilon), c.Rows, c.C);
    });
}

/// <summary>The first half of a batch's statistics.</summary>
public abstract class BatchNormStatisticsTests<TDevice> : OpTests<TDevice, BatchNormStatisticsCases> where TDevice : ITestDevice;

/// <summary>The second half.</summary>
public abstract class BatchNormMomentsTests<TDevice> : OpTests<TDevice, BatchNormMomentsCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(1e4, 1.0)]
    [InlineData(100, 1e-2)]
    [InlineData(0, 1e-6)]
    public void Variances_of_401408_rows_far_from_zero_keep_five_digits(double offset, double spread)
    {
        const int Rows = 401_408, C = 3;
        using var t = new Trial(Device, new OpCase("many rows", _ => { }));
        double[,] input = Values.Matrix(t.Random, Rows, C);
        for (int i = 0; i < Rows; i++)
        {
            for (int c = 0; c < C; c++)
            {
                input[i, c] = (float)((input[i, c] * spread) + offset);
            }
        }
        (double[] mean, double[] variance) = BatchNormReference.Moments(input);
        Operand<float> partials = t.Output<float>("partials", 2 * BatchNormChunks.Most * C), moments = t.Output<float>("moments", 2 * C), running = t.InOut("running", new float[2 * C]);
        BatchNormStatistics.Run(Device, t.Input(Values.Floats(Values.Rows(input))), partials, Rows, C);
        BatchNormMoments.Run(Device, partials, moments, running, Rows, C, 1);
        t.Expect("mean", moments.Read()[..C], mean, new Tolerance(spread * 1e-6, 2 * Tolerance.Epsilon), C);
        t.Expect("variance", moments.Read()[C..], variance, new Tolerance(0, 1e-5), C);
    }
}

/// <summary>Batch normalization.</summary>
public abstract class BatchNormForwardTests<TDevice> : OpTests<TDevice, BatchNormForwardCases> where TDevice : ITestDevice;

/// <summary>Gradients of its weight and bias.</summary>
public abstract class BatchNormWeightGradientTests<TDevice> : OpTests<TDevice, BatchNormWeightGradientCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [MemberData(nameof(NormAroundZero.Sizes), MemberType = typeof(NormAroundZero))]
    public void ReLU_is_open_where_the_forward_operation_left_it_open(int rows, int channels, int before)
    {
        using var t = new Trial(Device, new OpCase("around zero", _ => { }), before: before);
        var c = new NormAroundZero(t, rows, channels);
        int length = 2 * BatchNormChunks.Count(rows) * channels;
        Operand<float> own = t.Output<float>("own", length), told = t.Output<float>("told", length);
        BatchNormWeightGradient.Run(Device, c.Input, c.GradOutput, c.Parameters, c.Moments, own, rows, channels, NormCase.Epsilon, relu: true);
        BatchNormWeightGradient.Run(Device, c.Input, c.Open, c.Parameters, c.Moments, told, rows, channels, NormCase.Epsilon);
        Assert.Equal(told.Bits(), own.Bits());
    }
}

/// <summary>Gradient of its input.</summary>
public abstract class BatchNormInputGradientTests<TDevice> : OpTests<TDevice, BatchNormInputGradientCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [MemberData(nameof(NormAroundZero.Sizes), MemberType = typeof(NormAroundZero))]
    public void ReLU_is_open_where_the_forward_operation_left_it_open(int rows, int channels, int before)
    {
        using var t = new Trial(Device, new OpCase("around zero", _ => { }), before: before);
        var c = new NormAroundZero(t, rows, channels);
        ILGPU.ArrayView<float> gradParameters = t.Input(Values.Floats(Values.Vector(t.Random, 2 * channels)));
        Operand<float> own = t.Output<float>("own", rows * channels), told = t.Output<float>("told", rows * channels);
        BatchNormInputGradient.Run(Device, c.Input, c.GradOutput, c.Parameters, gradParameters, c.Moments, own, rows, channels, NormCase.Epsilon, relu: true);
        BatchNormInputGradient.Run(Device, c.Input, c.Open, c.Parameters, gradParameters, c.Moments, told, rows, channels, NormCase.Epsilon);
        Assert.Equal(told.Bits(), own.Bits());
    }
}

/// <summary>A batch normalization with ReLU of which each channel has a value that is zero but for rounding, and one that is NaN; and the gradients that its output lets through.</summary>
internal sealed class NormAroundZero
{
    public NormAroundZero(Trial t, int rows, int channels)
    {
        double[,] input = new NormCase(rows, channels).Input(t.Random);
        double[] weight = Values.Vector(t.Random, channels), moments = NormCase.Moments(input);
        double[] bias = [.. Enumerable.Range(0, channels).Select(c => -(input[c % rows, c] - moments[c]) / Math.Sqrt(moments[channels + c] + NormCase.Epsilon) * weight[c])];
        float[] values = Values.Floats(Values.Rows(input)), gradients = Values.Floats(Values.Rows(Values.Matrix(t.Random, rows, channels)));
        values[^channels] = float.NaN;
        (Input, GradOutput) = (t.Input(values), t.Input(gradients));
        (Parameters, Moments) = (t.Input(Values.Floats([.. weight, .. bias])), t.Input(Values.Floats(moments)));
        Operand<float> output = t.Output<float>("output", rows * channels);
        BatchNormForward.Run(t.Device, Input, Parameters, Moments, output, rows, channels, NormCase.Epsilon, relu: true);
        float[] after = output.Read();
        float[] near = [.. Enumerable.Range(0, channels).Select(c => after[(c % rows * channels) + c])];
        Assert.All(near, y => Assert.InRange(y, 0f, 1e-5f));
        Assert.Contains(near, y => y > 0f);
        Assert.Contains(near, y => y == 0f);
        Open = t.Input([.. gradients.Zip(after, (gradient, y) => y <= 0f ? 0f : gradient)]);
    }

    /// <summary>Rows, channels, elements before each operand.</summary>
    public static TheoryData<int, int, int> Sizes => new() { { 133, 64, 16 }, { 133, 64, 3 }, { 70, 37, 16 }, { 65, 9, 3 }, { 301, 12, 16 } };

    public ILGPU.ArrayView<float> Input { get; }

    public ILGPU.ArrayView<float> GradOutput { get; }

    public ILGPU.ArrayView<float> Open { get; }

    public ILGPU.ArrayView<float> Parameters { get; }

    public ILGPU.ArrayView<float> Moments { get; }
}

/// <summary>The reference itself, and the cut into chunks.</summary>
public sealed class BatchNormReferenceTests
{
    [Fact]
    public void Central_differences_prove_the_references_gradients()
    {
        var random = new Random(7);
        const int Rows = 9, C = 4;
        double[,] input = Values.Matrix(random, Rows, C), r = Values.Matrix(random, Rows, C);
        double[] weight = Values.Vector(random, C), bias = Values.Vector(random, C), x = Values.Rows(input);
        (double[,] gradInput, double[] gradWeight, double[] gradBias) = BatchNormReference.Gradients(input, weight, r, 1e-3);
        double Loss()
        {
            for (int i = 0; i < x.Length; i++)
            {
                input[i / C, i % C] = x[i];
            }
            (double[] mean, double[] variance) = BatchNormReference.Moments(input);
            return Values.Dot(Values.Rows(BatchNormReference.Forward(input, weight, bias, mean, variance, 1e-3)), Values.Rows(r));
        }
        CentralDifference.Proves(x, Values.Rows(gradInput), Loss);
        CentralDifference.Proves(weight, gradWeight, Loss);
        CentralDifference.Proves(bias, gradBias, Loss);
    }

    [Fact]
    public void Chunks_are_few_and_hold_all_rows()
    {
        foreach (int rows in (int[])[1, 63, 64, 65, 16_384, 16_385, 401_408, 100_000_000])
        {
            Assert.InRange(BatchNormChunks.Count(rows), 1, BatchNormChunks.Most);
            Assert.InRange(BatchNormChunks.Count(rows), (rows + 63) / 64 > 256 ? 128 : (rows + 63) / 64, (rows + 63) / 64);
        }
    }
}

public sealed class BatchNormStatisticsOnCpu : BatchNormStatisticsTests<Cpu>;

public sealed class BatchNormStatisticsOnOpenCL : BatchNormStatisticsTests<OpenCL>;

public sealed class BatchNormStatisticsOnCuda : BatchNormStatisticsTests<Cuda>;

public sealed class BatchNormMomentsOnCpu : BatchNormMomentsTests<Cpu>;

public sealed class BatchNormMomentsOnOpenCL : BatchNormMomentsTests<OpenCL>;

public sealed class BatchNormMomentsOnCuda : BatchNormMomentsTests<Cuda>;

public sealed class BatchNormForwardOnCpu : BatchNormForwardTests<Cpu>;

public sealed class BatchNormForwardOnOpenCL : BatchNormForwardTests<OpenCL>;

public sealed class BatchNormForwardOnCuda : BatchNormForwardTests<Cuda>;

public sealed class BatchNormWeightGradientOnCpu : BatchNormWeightGradientTests<Cpu>;

public sealed class BatchNormWeightGradientOnOpenCL : BatchNormWeightGradientTests<OpenCL>;

public sealed class BatchNormWeightGradientOnCuda : BatchNormWeightGradientTests<Cuda>;

public sealed class BatchNormInputGradientOnCpu : BatchNormInputGradientTests<Cpu>;

public sealed class BatchNormInputGradientOnOpenCL : BatchNormInputGradientTests<OpenCL>;

public sealed class BatchNormInputGradientOnCuda : BatchNormInputGradientTests<Cuda>;
