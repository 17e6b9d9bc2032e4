using MathNet.Numerics.Distributions;
using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class AugmentImagesCases : IOpCases
{
    private static readonly (int Rows, int Columns)[] Some = [(2, 3), (1, 4), (4, 1), (3, 3)];

    /// <summary>Images, the batch and where it starts in the order.</summary>
    private static readonly (AugmentCase Images, int Count, int Batch, int First)[] Sizes =
    [
        (new(5, 7, 1, 2, true, 0.5, Some), 9, 13, 3), (new(28, 28, 1, 2, true, 0.25, [.. Some, (9, 14), (20, 8)]), 40, 33, 17), (new(32, 30, 3, 4, true, 0.5, [.. Some, (11, 12)]), 7, 12, 1),
        (new(4, 6, 4, 3, true, 1, Some), 5, 9, 0), (new(9, 5, 2, 0, true, 0), 6, 11, 2), (new(6, 4, 1, 3, false, 0), 8, 17, 0), (new(5, 5, 3, 0, false, 1, (5, 5), (1, 1)), 4, 8, 1),
        (new(1, 1, 1, 0, true, 1, (1, 1)), 3, 4, 0), (new(3, 17, 1, 30, true, 0.3, (2, 9)), 6, 14, 2), (new(1, 8, 5, 7, true, 0.4, (1, 2)), 6, 10, 1), (new(6, 6, 1, 0, false, 0), 5, 6, 0),
    ];

    public static IEnumerable<OpCase> All => Sizes.Select(s => new OpCase($"{s.Batch} of {s.Count} from {s.First}, {s.Images.Height}x{s.Images.Width}x{s.Images.Channels} shift {s.Images.Shift} flip {s.Images.Flip} erase {s.Images.Erase}", t =>
    {
        (AugmentCase c, int pixels) = (s.Images, s.Images.Height * s.Images.Width * s.Images.Channels);
        ulong seed = (ulong)t.Random.NextInt64();
        uint step = (uint)t.Random.Next();
        byte[] images = new byte[s.Count * pixels], labels = new byte[s.Count];
        t.Random.NextBytes(images);
        t.Random.NextBytes(labels);
        int[] order = [.. Enumerable.Range(0, s.First + s.Batch).Select(_ => t.Random.Next(s.Count))];
        Operand<float> batchImages = t.Output<float>("batchImages", s.Batch * pixels);
        Operand<int> batchLabels = t.Output<int>("batchLabels", s.Batch);
        var draw = new AugmentationDraw(c.Height, c.Width, c.Channels, c.Shift, c.Flip, c.Erase,
            c.Erase > 0 ? t.Input([.. c.Rectangles.SelectMany(r => (int[])[r.Rows, r.Columns])], defines: true) : default, c.Erase > 0 ? t.Input(c.Fill) : default);
        AugmentImages.Run(t.Device, t.Input(images), t.Input(labels, defines: true), t.Input(order), batchImages, batchLabels, draw, s.First, s.Batch, seed, step);
        byte[][] rows = [.. images.Chunk(pixels)];
        int[] taken = order[s.First..];
        t.Expect(batchImages, [.. taken.SelectMany(i => AugmentReference.Apply(AugmentReference.Decide(i, c, seed, step), rows[i], c)).Select(b => b / 255.0)],
            new Tolerance(0, 2 * Tolerance.Epsilon), s.Batch, c.Height, c.Width, c.Channels);
        t.Expect(batchLabels, [.. taken.Select(i => (int?)labels[i])], s.Batch);
    }));
}

/// <summary>Augmentation.</summary>
public abstract class AugmentImagesTests<TDevice> : OpTests<TDevice, AugmentImagesCases> where TDevice : ITestDevice
{
    /// <summary>The statistic's value that a right program exceeds once in a million runs, by degrees of freedom.</summary>
    private const double Unlikely = 1e-6;

    private static readonly AugmentCase Plain = new(9, 11, 1, 2, true, 0.25, (2, 3), (3, 2), (1, 5));

    [DeviceFact]
    public void Shifts_flips_and_erasures_are_uniform_and_independent()
    {
        const int Count = 60_000;
        AugmentReference.Change[] changes = [.. Pictures(Count, Plain, 11, 4).Select(Recognize)];
        Assert.Equal(Enumerable.Range(0, 300).Select(i => AugmentReference.Decide(i, Plain, 11, 4)), changes[..300]);
        AssertUniform(changes.Select(c => c.Right + 2), 5);
        AssertUniform(changes.Select(c => c.Down + 2), 5);
        AssertUniform(changes.Select(c => c.Mirrored ? 1 : 0), 2);
        AssertUniform(changes.Select(Place), 50);
        AssertUniform(changes.Where(c => c.Rows > 0).Select(Place), 50);
        int erased = changes.Count(c => c.Rows > 0);
        Assert.InRange(erased, (Count * 0.25) - (5 * Math.Sqrt(Count * 0.25 * 0.75)), (Count * 0.25) + (5 * Math.Sqrt(Count * 0.25 * 0.75)));
        AssertUniform(changes.Where(c => c.Rows > 0).Select(c => Array.IndexOf(Plain.Rectangles, (c.Rows, c.Columns))), 3);
        AssertUniform(changes.Where(c => c.Rows == 2).Select(c => (c.Top * 9) + c.Left), 8 * 9);
        AssertUniform(changes.Where(c => c.Rows == 3).Select(c => (c.Top * 10) + c.Left), 7 * 10);
        AssertUniform(changes.Where(c => c.Rows == 1).Select(c => (c.Top * 7) + c.Left), 9 * 7);
    }

    [DeviceFact]
    public void What_happens_is_a_function_of_seed_step_and_image()
    {
        const int Count = 2000;
        byte[][] pictures = Pictures(Count, Plain, 7, 3);
        Assert.Equal(pictures, Pictures(Count, Plain, 7, 3));
        foreach (byte[][] other in (byte[][][])[Pictures(Count, Plain, 8, 3), Pictures(Count, Plain, 7 + (1UL << 32), 3), Pictures(Count, Plain, 7, 4), [.. pictures[1..], pictures[0]]])
        {
            // Two in a row are equal by chance once in 50, and then neither may be erased.
            Assert.InRange(pictures.Zip(other).Count(p => p.First.AsSpan().SequenceEqual(p.Second)), 0, 60);
        }
    }

    [DeviceFact]
    public void Each_decision_is_left_alone_by_the_others()
    {
        AugmentReference.Change[] all = [.. Pictures(500, Plain, 5, 9).Select(Recognize)];
        Assert.Equal(all.Select(c => c.Mirrored), Pictures(500, Plain with { Shift = 0, Erase = 0 }, 5, 9).Select(p => Recognize(p).Mirrored));
        Assert.Equal(all.Select(c => (c.Right, c.Down)), Pictures(500, Plain with { Flip = false, Erase = 0 }, 5, 9).Select(p => Recognize(p)).Select(c => (c.Right, c.Down)));
        Assert.Equal(all.Select(c => (c.Top, c.Left, c.Rows)), Pictures(500, Plain with { Flip = false, Shift = 0 }, 5, 9).Select(p => Recognize(p)).Select(c => (c.Top, c.Left, c.Rows)));
    }

    [DeviceFact]
    public void Settings_outside_their_bounds_are_refused()
    {
        foreach (AugmentCase wrong in (AugmentCase[])[Plain with { Shift = -1 }, Plain with { Erase = -0.1 }, Plain with { Erase = 1.1 }, Plain with { Erase = double.NaN }])
        {
            Assert.ThrowsAny<ArgumentException>(() => Pictures(1, wrong, 1, 1));
        }
        Assert.Throws<ArgumentException>(() => Pictures(1, Plain with { Rectangles = [] }, 1, 1));
    }

    /// <summary>A picture whose every pixel is another value, changed as so many images.</summary>
    private static byte[][] Pictures(int count, AugmentCase c, ulong seed, uint step)
    {
        using var t = new Trial(Device, new OpCase("pictures", _ => { }));
        int pixels = c.Height * c.Width;
        byte[] picture = [.. Enumerable.Range(1, pixels).Select(i => (byte)i)];
        Operand<float> batchImages = t.Output<float>("batchImages", count * pixels);
        var draw = new AugmentationDraw(c.Height, c.Width, 1, c.Shift, c.Flip, c.Erase, t.Input([.. c.Rectangles.SelectMany(r => (int[])[r.Rows, r.Columns])]), t.Input<byte>([0]));
        AugmentImages.Run(Device, t.Input([.. Enumerable.Repeat(picture, count).SelectMany(p => p)]), t.Input(new byte[count]), t.Input([.. Enumerable.Range(0, count)]), batchImages,
            t.Output<int>("batchLabels", count), draw, 0, count, seed, step);
        return [.. batchImages.Read().Select(x => (byte)Math.Round(x * 255)).Chunk(pixels)];
    }

    /// <summary>What has happened to such a picture, from its pixels alone.</summary>
    private static AugmentReference.Change Recognize(byte[] picture)
    {
        (int height, int width) = (Plain.Height, Plain.Width);
        (int Y, int X)[] erased = [.. Enumerable.Range(0, picture.Length).Where(i => picture[i] == 0).Select(i => (i / width, i % width))];
        (int Top, int Left, int Rows, int Columns) hole = erased.Length == 0 ? default
            : (erased[0].Y, erased[0].X, erased[^1].Y - erased[0].Y + 1, erased[^1].X - erased[0].X + 1);
        foreach (bool mirrored in (bool[])[false, true])
        {
            for (int right = -2; right <= 2; right++)
            {
                for (int down = -2; down <= 2; down++)
                {
                    bool Fits(int i)
                    {
                        int y = Math.Clamp((i / width) - down, 0, height - 1), across = mirrored ? width - 1 - (i % width) : i % width;
                        return picture[i] == 0 || picture[i] == (byte)((y * width) + Math.Clamp(across - right, 0, width - 1) + 1);
                    }
                    if (Enumerable.Range(0, picture.Length).All(Fits))
                    {
                        return new(right, down, mirrored, hole.Top, hole.Left, hole.Rows, hole.Columns);
                    }
                }
            }
        }
        throw new InvalidOperationException($"no shift and flip makes {string.Join(' ', picture)}");
    }

    private static int Place(AugmentReference.Change change) => (2 * ((5 * (change.Right + 2)) + change.Down + 2)) + (change.Mirrored ? 1 : 0);

    private static void AssertUniform(IEnumerable<int> values, int classes)
    {
        int[] counts = [.. values.CountBy(value => value).Select(pair => pair.Value)];
        double total = counts.Sum(), expected = total / classes;
        Assert.True(counts.Length <= classes && expected >= 5, $"{counts.Length} different values of {classes}, {total} in all");
        double statistic = counts.Sum(count => (count - expected) * (count - expected) / expected) + ((classes - counts.Length) * expected);
        double limit = ChiSquared.InvCDF(classes - 1, 1 - Unlikely);
        Assert.True(statistic < limit, $"chi-square {statistic:0.0} of {classes} classes and {total} values is above {limit:0.0}");
    }
}

public sealed class AugmentImagesOnCpu : AugmentImagesTests<Cpu>;

public sealed class AugmentImagesOnOpenCL : AugmentImagesTests<OpenCL>;

public sealed class AugmentImagesOnCuda : AugmentImagesTests<Cuda>;
