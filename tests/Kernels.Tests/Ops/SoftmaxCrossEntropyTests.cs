using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class SoftmaxCrossEntropyCases : IOpCases
{
    /// <summary>N, classes, the logits' size, and how many values they have (0: any). A GPU gives rows of more than 32 classes to 256 threads.</summary>
    private static readonly (int N, int Classes, double Size, int Levels)[] Sizes =
    [
        (5, 10, 1, 0), (1, 1, 1, 0), (2, 3, 20, 0), (300, 10, 5, 0), (7, 2, 300, 0), (33, 17, 1, 0), (16, 10, 1, 2), (257, 4, 1, 3), (3, 1000, 10, 0),
        (9, 32, 1, 0), (5, 33, 1, 0), (1, 255, 300, 0), (6, 256, 1, 2), (2, 257, 5, 0), (4, 513, 1, 1), (3, 700, 1, 40),
    ];

    private static readonly double[] Smoothings = [0, 0.1, 0.9];

    public static IEnumerable<OpCase> All => Smoothings.SelectMany(smoothing => Sizes.Select(s =>
        new OpCase($"N{s.N} classes {s.Classes} size {s.Size} levels {s.Levels}{(smoothing > 0 ? $" smoothing {smoothing}" : "")}", t => Run(t, s.N, s.Classes, s.Size, s.Levels, smoothing))));

    private static void Run(Trial t, int n, int classes, double size, int levels, double smoothing)
    {
        double[][] logits = [.. Enumerable.Range(0, n).Select(_ => Values.Vector(t.Random, classes).Select(x => (double)(float)(levels > 0 ? Math.Floor(levels * (x + 1) / 2) : size * x)).ToArray())];
        int[] labels = [.. logits.Select(_ => t.Random.Next(classes))];
        Operand<float> losses = t.Output<float>("losses", n), gradLogits = t.Output<float>("gradLogits", n * classes);
        Operand<int> winners = t.Output<int>("classes", n);
        SoftmaxCrossEntropy.Run(t.Device, t.Input(Values.Floats(logits.SelectMany(x => x))), t.Input(labels), losses, winners, gradLogits, n, classes, smoothing);
        // The exponential of a float of size s is off by the rounding of its argument, s ε.
        var tolerance = new Tolerance((classes + (2 * size) + 16) * Tolerance.Epsilon, 8 * Tolerance.Epsilon);
        t.Expect(losses, [.. logits.Zip(labels, (x, label) => smoothing > 0 ? SoftmaxReference.Loss(x, label, smoothing) : SoftmaxReference.Loss(x, label))],
            tolerance with { Absolute = tolerance.Absolute * (1 + (smoothing * size)) }, n);
        t.Expect(gradLogits, [.. logits.Zip(labels, (x, label) => SoftmaxReference.Gradient(x, label, n, smoothing)).SelectMany(g => g)], tolerance with { Absolute = tolerance.Absolute / n }, n, classes);
        t.Expect(winners, [.. logits.Select(x => (int?)SoftmaxReference.Class(x))], n);
    }
}

/// <summary>Softmax and cross-entropy.</summary>
public abstract class SoftmaxCrossEntropyTests<TDevice> : OpTests<TDevice, SoftmaxCrossEntropyCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void Without_room_for_gradients_the_losses_are_the_same()
    {
        using var t = new Trial(Device, new OpCase("no gradient", _ => { }));
        ArrayView<float> logits = t.Input(Values.Floats(Values.Vector(t.Random, 50)));
        ArrayView<int> labels = t.Input<int>([3, 1, 4, 1, 5]);
        Operand<float> with = t.Output<float>("with", 5), without = t.Output<float>("without", 5), gradient = t.Output<float>("gradient", 50);
        Operand<int> classes = t.Output<int>("classes", 5);
        SoftmaxCrossEntropy.Run(Device, logits, labels, with, classes, gradient, 5, 10);
        SoftmaxCrossEntropy.Run(Device, logits, labels, without, classes, default, 5, 10);
        Assert.Equal(with.Bits(), without.Bits());
    }

    [DeviceTheory]
    [InlineData(7, 0.3)]
    [InlineData(70, 0.1)]
    public void The_gradient_with_smoothing_is_that_of_the_loss_by_central_differences(int classes, double smoothing)
    {
        using var t = new Trial(Device, new OpCase($"differences {classes}", _ => { }));
        double[] logits = [.. Values.Vector(t.Random, classes).Select(x => 2 * x)];
        Operand<float> losses = t.Output<float>("losses", 1), gradient = t.Output<float>("gradient", classes);
        Operand<int> winners = t.Output<int>("classes", 1);
        SoftmaxCrossEntropy.Run(Device, t.Input(Values.Floats(logits)), t.Input<int>([3]), losses, winners, gradient, 1, classes, smoothing);
        // The mean cross-entropy with a label drawn as smoothing says: 1 - s of the time the label, else any class.
        double Mean(double[] x) => ((1 - smoothing) * SoftmaxReference.Loss(x, 3)) + (smoothing * Enumerable.Range(0, classes).Average(k => SoftmaxReference.Loss(x, k)));
        double[] expected = [.. Enumerable.Range(0, classes).Select(j =>
        {
            double[] more = [.. logits], less = [.. logits];
            more[j] += 1e-5;
            less[j] -= 1e-5;
            return (Mean(more) - Mean(less)) / 2e-5;
        })];
        t.Expect(gradient, expected, new Tolerance(1e-6, 1e-5), classes);
        t.Expect(losses, [Mean(logits)], new Tolerance(1e-5, 1e-5), 1);
    }

    [DeviceFact]
    public void Smoothing_is_a_share()
    {
        using var t = new Trial(Device, new OpCase("share", _ => { }));
        Operand<float> x = t.InOut("all", new float[4]);
        Operand<int> y = t.InOut("integers", new int[4]);
        foreach (double wrong in (double[])[-0.1, 1, double.NaN])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => SoftmaxCrossEntropy.Run(Device, x, y, x, y, x, 2, 2, wrong));
        }
    }

    [DeviceTheory]
    [InlineData(2)]
    [InlineData(300)]
    public void A_NaN_logit_makes_its_own_row_NaN(int classes)
    {
        using var t = new Trial(Device, new OpCase("NaN", _ => { }));
        Operand<float> losses = t.Output<float>("losses", 3), gradient = t.Output<float>("gradient", 3 * classes);
        Operand<int> winners = t.Output<int>("classes", 3);
        var logits = new float[3 * classes];
        logits[(2 * classes) - 1] = float.NaN;
        logits[2 * classes] = float.NaN;
        logits[(2 * classes) + 1] = 5;
        SoftmaxCrossEntropy.Run(Device, t.Input(logits), t.Input<int>([0, 0, 1]), losses, winners, gradient, 3, classes);
        t.Expect(losses, [Math.Log(classes), double.NaN, double.NaN], new Tolerance(classes * Tolerance.Epsilon, 8 * Tolerance.Epsilon), 3);
        double share = 1.0 / (3 * classes);
        double[] first = [share - (1.0 / 3), .. Enumerable.Repeat(share, classes - 1)];
        t.Expect(gradient, [.. first, .. Enumerable.Repeat(double.NaN, 2 * classes)], Tolerance.Few, 3, classes);
        // NaN is never the larger of two, so that one in front stays.
        t.Expect(winners, [0, 0, 0], 3);
        t.CheckMemory();
    }

    [DeviceTheory]
    [InlineData(3)]
    [InlineData(40)]
    public void A_row_of_negative_infinity_is_NaN_and_of_the_first_class(int classes)
    {
        using var t = new Trial(Device, new OpCase("negative infinity", _ => { }));
        Operand<float> losses = t.Output<float>("losses", 1);
        Operand<int> winners = t.Output<int>("classes", 1);
        SoftmaxCrossEntropy.Run(Device, t.Input([.. Enumerable.Repeat(float.NegativeInfinity, classes)]), t.Input<int>([1]), losses, winners, default, 1, classes);
        t.Expect(losses, [double.NaN], Tolerance.Few, 1);
        t.Expect(winners, [0], 1);
    }
}

public sealed class SoftmaxCrossEntropyOnCpu : SoftmaxCrossEntropyTests<Cpu>;

public sealed class SoftmaxCrossEntropyOnOpenCL : SoftmaxCrossEntropyTests<OpenCL>;

public sealed class SoftmaxCrossEntropyOnCuda : SoftmaxCrossEntropyTests<Cuda>;
