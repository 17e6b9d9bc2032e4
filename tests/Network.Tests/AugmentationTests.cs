using System.Text.Json;
using System.Text.Json.Nodes;
using GpuCnn.Kernels.Tests;
using MathNet.Numerics.Distributions;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Augmentation as an option, and the rectangles that it erases.</summary>
public sealed class AugmentationTests
{
    [Theory]
    [InlineData("none", 0, false, 0, "none")]
    [InlineData("flip", 0, true, 0, "flip")]
    [InlineData("shift=2", 2, false, 0, "shift=2")]
    [InlineData("erase=0.25,flip,shift=128", 128, true, 0.25, "shift=128,flip,erase=0.25")]
    [InlineData("erase=1", 0, false, 1, "erase=1")]
    [InlineData("erase=.5", 0, false, 0.5, "erase=0.5")]
    public void Its_text_is_read_and_written(string text, int shift, bool flip, double erase, string written)
    {
        Augmentation read = Augmentation.Parse(text);
        Assert.Equal(new Augmentation(shift, flip, erase), read);
        Assert.Equal(written, read.ToString());
        Assert.Equal(read, Augmentation.Parse(written));
        read.Validate();
    }

    [Theory]
    [InlineData("")]
    [InlineData("shift")]
    [InlineData("shift=")]
    [InlineData("shift=0")]
    [InlineData("shift=129")]
    [InlineData("shift=-1")]
    [InlineData("shift=1.5")]
    [InlineData("flip=1")]
    [InlineData("Flip")]
    [InlineData("erase=0")]
    [InlineData("erase=1.01")]
    [InlineData("erase=nan")]
    [InlineData("erase=-0.5")]
    [InlineData("erase=1e-3")]
    [InlineData("flip,none")]
    [InlineData("flip,")]
    [InlineData("flip, shift=2")]
    [InlineData("flip,flip")]
    public void Anything_else_is_refused_in_one_line(string text)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => Augmentation.Parse(text));
        Assert.Equal(nameof(TrainingOptions.Augmentation), exception.ParamName);
        Assert.StartsWith("Augmentation must ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void A_checkpoint_of_a_version_without_it_is_read_as_none()
    {
        var document = new CheckpointDocument(new TrainingOptions { Augmentation = new(1, true, 0.5) }, 3, 0, 0, 0, [], 0, 1, 0, []);
        JsonNode node = JsonNode.Parse(JsonSerializer.Serialize(document, CheckpointJson.Default.CheckpointDocument))!;
        Assert.Equal(document.Options.Augmentation, Read(node).Augmentation);
        Assert.True(node["options"]!.AsObject().Remove("augmentation"));
        Assert.Equal(Augmentation.None, Read(node).Augmentation);
        static TrainingOptions Read(JsonNode node) => node.Deserialize(CheckpointJson.Default.CheckpointDocument)!.Options;
    }

    [Fact]
    public void Images_that_a_shift_would_empty_are_refused()
    {
        new Augmentation(4).RequireFit(new TensorShape(3, 5, 9));
        Assert.Contains("shift below the 5 pixels", Assert.Throws<ArgumentException>(() => new Augmentation(5).RequireFit(new TensorShape(3, 5, 9))).Message, StringComparison.Ordinal);
    }

    /// <remarks>PyTorch's procedure, drawn many times, against the list: how often each height, width and area comes.</remarks>
    [Theory]
    [InlineData(28, 28)]
    [InlineData(32, 24)]
    [InlineData(64, 7)]
    [InlineData(96, 128)]
    public void Rectangles_are_distributed_as_those_of_PyTorch(int height, int width)
    {
        const int Draws = 20_000;
        (int[] sizes, double found) = EraseRectangles.For(height, width);
        (int Rows, int Columns)[] listed = [.. sizes.Chunk(2).Select(pair => (pair[0], pair[1]))];
        Assert.All(listed, r => Assert.True(r.Rows >= 1 && r.Columns >= 1 && r.Rows < height && r.Columns < width));
        var random = new Random(77);
        (int Rows, int Columns)?[] drawn = [.. Enumerable.Range(0, Draws).Select(_ => Draw(random, height, width))];
        int missed = drawn.Count(r => r is null);
        Assert.InRange(missed, (Draws * (1 - found)) - (5 * Math.Sqrt(Draws * (1 - found))) - 1, (Draws * (1 - found)) + (5 * Math.Sqrt(Draws * (1 - found))) + 1);
        (int Rows, int Columns)[] fitting = [.. drawn.OfType<(int Rows, int Columns)>()];
        // The grid of middles is coarser than a draw by half a step of an area or an aspect; so are these classes.
        Compare(listed.Select(r => r.Rows), fitting.Select(r => r.Rows), height);
        Compare(listed.Select(r => r.Columns), fitting.Select(r => r.Columns), width);
        Compare(listed.Select(r => r.Rows * r.Columns), fitting.Select(r => r.Rows * r.Columns), height * width);
    }

    /// <summary>By the article and PyTorch's bounds: ten attempts.</summary>
    private static (int Rows, int Columns)? Draw(Random random, int height, int width)
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double area = height * width * (0.02 + (0.31 * random.NextDouble())), aspect = 0.3 * Math.Pow(11, random.NextDouble());
            int rows = (int)Math.Round(Math.Sqrt(area * aspect)), columns = (int)Math.Round(Math.Sqrt(area / aspect));
            if (rows < height && columns < width)
            {
                return (rows, columns);
            }
        }
        return null;
    }

    /// <summary>Chi-square over tenths of the range, those with few expected joined.</summary>
    private static void Compare(IEnumerable<int> listed, IEnumerable<int> drawn, int most)
    {
        int[] known = [.. listed], seen = [.. drawn];
        double statistic = 0, expected = 0;
        int classes = 0, count = 0;
        for (int tenth = 0; tenth <= 10; tenth++)
        {
            expected += (double)seen.Length * known.Count(value => value * 10 / most == tenth) / known.Length;
            count += seen.Count(value => value * 10 / most == tenth);
            if (expected >= 20)
            {
                statistic += (count - expected) * (count - expected) / expected;
                classes++;
                (expected, count) = (0, 0);
            }
        }
        Assert.InRange(classes, 2, 10);
        Assert.True(statistic < ChiSquared.InvCDF(classes, 1 - 1e-6), $"chi-square {statistic} of {classes} classes");
    }
}

/// <summary>Training with augmentation.</summary>
public abstract class AugmentedTrainingTests<TDevice> where TDevice : ITestDevice
{
    private static readonly Augmentation All = new(2, true, 0.5);

    private static readonly TrainingOptions Small = new() { Epochs = 2, BatchSize = 50, TrainSamples = 330, ValidationSplit = 0.2, Seed = 7, Augmentation = All };

    [DeviceFact]
    public void It_changes_the_training_and_the_same_seed_gives_the_same_bits()
    {
        float[] first = Train(Small);
        Assert.Equal(first, Train(Small));
        Assert.NotEqual(first, Train(Small with { Seed = 8 }));
        Assert.NotEqual(first, Train(Small with { Augmentation = Augmentation.None }));
        Assert.NotEqual(first, Train(Small with { Augmentation = All with { Flip = false } }));
    }

    /// <remarks>With a rate too small to change a weight, training and validation losses are those of the images as each sees them.</remarks>
    [DeviceFact]
    public void Training_sees_changed_images_and_validation_does_not()
    {
        using var network = new Network(ModelZoo.Cnn2, TDevice.Open(), 50);
        network.Initialize(2);
        using var trainer = new Trainer(network, Small with { LearningRate = 1e-12, Dropout = false, Shuffle = false }, Oracle.Train);
        using var seen = new AugmentedImages(TDevice.Open(), Oracle.Train.Slice(0, 264), All, 7);
        for (int epoch = 0; epoch < 2; epoch++)
        {
            EpochResult result = trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
            ImageSet plain = Oracle.Train.Slice(0, 264);
            byte[] changed = [.. Enumerable.Range(0, 264).SelectMany(i => seen.At(i, (epoch * trainer.StepsPerEpoch) + (i / 50) + 1))];
            Assert.Equal(Evaluation.Run(network, new ImageSet(changed, plain.Labels, plain.Shape, plain.ClassNames)).Loss, result.TrainLoss, 1e-5);
            Assert.NotEqual(Evaluation.Run(network, plain).Loss, result.TrainLoss, 1e-4);
            Assert.Equal(Evaluation.Run(network, Oracle.Train.Slice(264, 66)).Loss, result.ValLoss!.Value, 1e-5);
        }
    }

    [DeviceFact]
    public void Erased_pixels_have_the_mean_colour_of_the_training_images()
    {
        var random = new Random(3);
        var shape = new TensorShape(3, 9, 6);
        byte[] pixels = [.. Enumerable.Range(0, 5 * shape.Count).Select(i => (byte)random.Next(80 * (i % 3), (80 * (i % 3)) + 60))];
        byte[] mean = [.. Enumerable.Range(0, 3).Select(c => (byte)Math.Round(Enumerable.Range(0, pixels.Length / 3).Average(i => pixels[(3 * i) + c])))];
        using var images = new AugmentedImages(TDevice.Open(), new ImageSet(pixels, new byte[5], shape, ["a"]), new Augmentation(Erase: 1), 4);
        for (int i = 0; i < 5; i++)
        {
            byte[][] before = [.. pixels.Skip(i * shape.Count).Take(shape.Count).Chunk(3)], after = [.. images.At(i, 1).Chunk(3)];
            Assert.Contains(after, pixel => pixel.SequenceEqual(mean));
            Assert.All(before.Zip(after), p => Assert.True(p.Second.SequenceEqual(mean) || p.Second.SequenceEqual(p.First)));
        }
    }

    [DeviceFact]
    public void An_epoch_copies_waits_and_launches_as_often_as_without()
    {
        Device device = TDevice.Open();
        (long, long, long, long, long) Cost(Augmentation augmentation)
        {
            using var network = new Network(ModelZoo.Cnn1, device, 11);
            network.Initialize(1);
            using var trainer = new Trainer(network, Small with { BatchSize = 11, Augmentation = augmentation }, Oracle.Train);
            (long copies, long waits, long bytes, long reads, long launches) = (device.Copies, device.Synchronizations, device.BytesCopied, device.DelayedReads, device.Launches);
            trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
            return (device.Copies - copies, device.Synchronizations - waits, device.BytesCopied - bytes, device.DelayedReads - reads, device.Launches - launches);
        }
        Assert.Equal(Cost(Augmentation.None), Cost(All));
    }

    private static float[] Train(TrainingOptions options)
    {
        using var network = new Network(ModelZoo.Cnn2, TDevice.Open(), options.BatchSize);
        network.Initialize(1);
        using var trainer = new Trainer(network, options, Oracle.Train);
        while (trainer.EpochsDone < options.Epochs)
        {
            trainer.RunEpoch(stop: TestContext.Current.CancellationToken);
        }
        return [.. network.ExportWeights().SelectMany(tensor => tensor.Values), .. trainer.StepLosses];
    }
}

public sealed class AugmentedTrainingOnCpu : AugmentedTrainingTests<Cpu>;

public sealed class AugmentedTrainingOnOpenCL : AugmentedTrainingTests<OpenCL>;

public sealed class AugmentedTrainingOnCuda : AugmentedTrainingTests<Cuda>;
