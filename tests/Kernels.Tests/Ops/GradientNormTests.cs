using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Lengths around chunks and fours, and the smallest for which a chunk has more than its least elements.</summary>
internal static class NormLengths
{
    public static IEnumerable<int> All => [9001, 4096, 4095, 4097, 8192, 1, 2, 3, 4, 5, 63, 64, 65, 67, 255, 257, 1027, (256 * 4096) + 1];
}

public sealed class SumOfSquaresCases : IOpCases
{
    public static IEnumerable<OpCase> All => NormLengths.All.Select(n => new OpCase($"{n} elements", t =>
    {
        double[] g = Values.Vector(t.Random, n);
        int chunks = NormChunks.Count(n);
        Operand<float> partials = t.Output<float>("partials", chunks);
        SumOfSquares.Run(t.Device, t.Input(Values.Floats(g)), partials, n);
        int size = n <= 256 * 4096 ? 4096 : 8192;
        double[] expected = [.. g.Chunk(size).Select(chunk => Values.Dot(chunk, chunk))];
        Assert.Equal(expected.Length, chunks);
        t.Expect(partials, expected, new Tolerance(0, 128 * Tolerance.Epsilon), chunks);
    }));
}

public sealed class ClipScaleCases : IOpCases
{
    /// <summary>Elements of the gradient, how large a chunk's sum of squares is, and the bound; with the last ones the norm is below it, or zero.</summary>
    private static readonly (int Count, double Size, double Bound)[] Sizes =
        [(256 * 4096, 3, 1), (3_000_000, 1e9, 5), (1, 1e-12, 1e-9), (4097, 1, 1e6), (100, 4, 2.5), (9000, 0, 1), (20_000, 1e36, 1e-3)];

    public static IEnumerable<OpCase> All => Sizes.Select(s => new OpCase($"{s.Count} elements of {s.Size}, bound {s.Bound}", t =>
    {
        double[] partials = [.. Values.Vector(t.Random, NormChunks.Count(s.Count)).Select(x => (double)(float)(Math.Abs(x) * s.Size))];
        Operand<float> norm = t.Output<float>("norm", 2);
        ClipScale.Run(t.Device, t.Input(Values.Floats(partials)), norm, s.Count, s.Bound);
        double length = Math.Sqrt(partials.Sum());
        t.Expect(norm, [length, Math.Min(1, s.Bound / (length + 1e-6))], new Tolerance(0, 32 * Tolerance.Epsilon), 2);
    }));
}

/// <summary>The sums of squares of a gradient's chunks.</summary>
public abstract class SumOfSquaresTests<TDevice> : OpTests<TDevice, SumOfSquaresCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e30f)]
    public void What_is_not_finite_or_too_large_makes_its_chunk_so(float wrong)
    {
        foreach (int place in (int[])[0, 63, 4095, 4096, 9000])
        {
            using var t = new Trial(Device, new OpCase("wrong", _ => { }), before: 16);
            float[] g = [.. Enumerable.Repeat(1f, 9001)];
            g[place] = wrong;
            Operand<float> partials = t.Output<float>("partials", 3);
            SumOfSquares.Run(Device, t.Input(g), partials, 9001);
            double[] expected = [4096, 4096, 9001 - 8192];
            expected[place / 4096] = (float)((double)wrong * wrong);
            t.Expect(partials, expected, new Tolerance(0, 128 * Tolerance.Epsilon), 3);
        }
    }
}

/// <summary>The norm of a gradient and what it is multiplied by.</summary>
public abstract class ClipScaleTests<TDevice> : OpTests<TDevice, ClipScaleCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(float.NaN, double.NaN)]
    [InlineData(float.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(3e38f, double.PositiveInfinity)]
    public void A_norm_that_is_not_finite_leaves_no_gradient(float wrong, double length)
    {
        using var t = new Trial(Device, new OpCase("wrong", _ => { }), before: 16);
        Operand<float> norm = t.Output<float>("norm", 2);
        ClipScale.Run(Device, t.Input([1f, wrong, 3e38f]), norm, 9000, 1);
        t.Expect(norm, [length, double.NaN], Tolerance.Exact, 2);
    }

    [DeviceFact]
    public void A_bound_is_above_zero()
    {
        using var t = new Trial(Device, new OpCase("bound", _ => { }));
        ArrayView<float> x = t.InOut("all", new float[4]);
        foreach (double bound in (double[])[0, -1, double.NaN])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => ClipScale.Run(Device, x, x, 4, bound));
        }
    }
}

public sealed class SumOfSquaresOnCpu : SumOfSquaresTests<Cpu>;

public sealed class SumOfSquaresOnOpenCL : SumOfSquaresTests<OpenCL>;

public sealed class SumOfSquaresOnCuda : SumOfSquaresTests<Cuda>;

public sealed class ClipScaleOnCpu : ClipScaleTests<Cpu>;

public sealed class ClipScaleOnOpenCL : ClipScaleTests<OpenCL>;

public sealed class ClipScaleOnCuda : ClipScaleTests<Cuda>;
