namespace GpuCnn.Kernels.Tests;

public sealed class GatherImagesCases : IOpCases
{
    /// <summary>Images, their bytes, the batch and where it starts in the order.</summary>
    private static readonly (int Images, int Pixels, int Batch, int First)[] Sizes =
        [(9, 20, 5, 3), (1, 1, 1, 0), (300, 784, 33, 17), (4, 3072, 2, 1), (70, 4, 65, 2), .. Enumerable.Range(1, 33).Select(n => (7, n, 3, n % 5))];

    public static IEnumerable<OpCase> All => Sizes.Select(s => new OpCase($"{s.Batch} of {s.Images} images of {s.Pixels} from {s.First}", t =>
    {
        byte[] images = new byte[s.Images * s.Pixels], labels = new byte[s.Images];
        t.Random.NextBytes(images);
        t.Random.NextBytes(labels);
        int[] order = [.. Enumerable.Range(0, s.First + s.Batch).Select(_ => t.Random.Next(s.Images))];
        Operand<float> batchImages = t.Output<float>("batchImages", s.Batch * s.Pixels);
        Operand<int> batchLabels = t.Output<int>("batchLabels", s.Batch);
        GatherImages.Run(t.Device, t.Input(images), t.Input(labels, defines: true), t.Input(order), batchImages, batchLabels, s.Pixels, s.First, s.Batch);
        byte[][] rows = [.. images.Chunk(s.Pixels)];
        int[] taken = order[s.First..];
        t.Expect(batchImages, [.. taken.SelectMany(i => rows[i]).Select(b => b / 255.0)], new Tolerance(0, 2 * Tolerance.Epsilon), s.Batch, s.Pixels);
        t.Expect(batchLabels, [.. taken.Select(i => (int?)labels[i])], s.Batch);
    }));
}

public sealed class BatchMetricsCases : IOpCases
{
    private static readonly (int Batch, int Index, int Places)[] Sizes = [(5, 2, 3), (1, 0, 1), (127, 1, 4), (128, 0, 2), (129, 3, 5), (255, 0, 1), (256, 1, 2), (257, 0, 1), (512, 7, 9), (1000, 0, 1)];

    public static IEnumerable<OpCase> All => Sizes.Select(s => new OpCase($"batch {s.Batch} at {s.Index} of {s.Places}", t =>
    {
        double[] losses = [.. Values.Vector(t.Random, s.Batch).Select(x => (double)(float)Math.Abs(3 * x))];
        int[] classes = [.. losses.Select(_ => t.Random.Next(3))], labels = [.. losses.Select(_ => t.Random.Next(3))];
        Operand<float> means = t.InOut("meanLosses", [.. Enumerable.Repeat(-7f, s.Places)]);
        Operand<int> correct = t.InOut("correct", [.. Enumerable.Repeat(-7, s.Places)]);
        BatchMetrics.Run(t.Device, t.Input(Values.Floats(losses)), t.Input(classes), t.Input(labels), means, correct, s.Batch, s.Index);
        t.Expect(means, [.. Enumerable.Range(0, s.Places).Select(i => i == s.Index ? losses.Average() : -7)], new Tolerance(0, 32 * Tolerance.Epsilon), s.Places);
        t.Expect(correct, [.. Enumerable.Range(0, s.Places).Select(i => (int?)(i == s.Index ? classes.Zip(labels).Count(p => p.First == p.Second) : -7))], s.Places);
    }));
}

public sealed class SumRowsCases : IOpCases
{
    /// <summary>Around the threads of a GPU that share a column: 2 from 16 rows on, 64 from 512.</summary>
    private static readonly (int Rows, int Columns)[] Sizes =
    [
        (3, 5), (1, 1), (16, 33), (17, 2049), (2, 4100), (300, 7), (1, 40), (15, 257), (5, 16), (4, 31),
        (31, 64), (32, 36), (33, 1024), (255, 320), (511, 3), (512, 12), (1100, 65), (5000, 1),
    ];

    public static IEnumerable<OpCase> All => Sizes.SelectMany(s => (bool[])[false, true], (s, relu) => new OpCase($"{s.Rows}x{s.Columns}{(relu ? " relu" : "")}", t => Run(t, s.Rows, s.Columns, relu)));

    private static void Run(Trial t, int rows, int columns, bool relu)
    {
        double[,] input = Values.Matrix(t.Random, rows, columns);
        Operand<float> output = t.Output<float>("output", columns);
        SumRows.Run(t.Device, t.Input(Values.Floats(Values.Rows(input))), output, rows, columns, relu);
        var sums = new double[columns];
        for (int j = 0; j < columns; j++)
        {
            for (int i = 0; i < rows; i++)
            {
                sums[j] += input[i, j];
            }
        }
        t.Expect(output, relu ? [.. sums.Select(PoolReference.Relu)] : sums, Tolerance.Sum(rows), columns);
    }
}

/// <summary>Taking a batch out of the images.</summary>
public abstract class GatherImagesTests<TDevice> : OpTests<TDevice, GatherImagesCases> where TDevice : ITestDevice;

/// <summary>A batch's loss and accuracy.</summary>
public abstract class BatchMetricsTests<TDevice> : OpTests<TDevice, BatchMetricsCases> where TDevice : ITestDevice;

/// <summary>Sum of partial sums.</summary>
public abstract class SumRowsTests<TDevice> : OpTests<TDevice, SumRowsCases> where TDevice : ITestDevice;

public sealed class GatherImagesOnCpu : GatherImagesTests<Cpu>;

public sealed class GatherImagesOnOpenCL : GatherImagesTests<OpenCL>;

public sealed class GatherImagesOnCuda : GatherImagesTests<Cuda>;

public sealed class BatchMetricsOnCpu : BatchMetricsTests<Cpu>;

public sealed class BatchMetricsOnOpenCL : BatchMetricsTests<OpenCL>;

public sealed class BatchMetricsOnCuda : BatchMetricsTests<Cuda>;

public sealed class SumRowsOnCpu : SumRowsTests<Cpu>;

public sealed class SumRowsOnOpenCL : SumRowsTests<OpenCL>;

public sealed class SumRowsOnCuda : SumRowsTests<Cuda>;
