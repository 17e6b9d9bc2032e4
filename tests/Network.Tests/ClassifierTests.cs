using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Classification in somebody's program.</summary>
public abstract class ClassifierTests<TDevice> where TDevice : ITestDevice
{
    [DeviceFact]
    public void It_says_what_an_evaluation_says_whatever_the_batches()
    {
        ModelDefinition model = ModelZoo.Cnn2;
        ImageSet images = Oracle.Test.Slice(0, 37);
        IReadOnlyList<Prediction> expected;
        using (var whole = new Classifier(new TrainedModel(model, Oracle.Weights(model)), TDevice.Open(), maxBatch: 37))
        {
            expected = whole.Predict(images);
        }
        using var classifier = new Classifier(new TrainedModel(model, Oracle.Weights(model)), TDevice.Open(), maxBatch: 10);
        var probabilities = new float[37 * 10];
        classifier.Predict(images.Pixels.Span, probabilities);
        for (int i = 0; i < 37; i++)
        {
            Assert.Equal(expected[i].Class, classifier.Predict(images.Slice(i, 1).Pixels.Span));
            for (int c = 0; c < 10; c++)
            {
                Assert.Equal(expected[i].Probabilities[c], probabilities[(10 * i) + c], 1e-6);
            }
        }
        EvaluationResult result = classifier.Evaluate(images, TestContext.Current.CancellationToken);
        Assert.Equal(expected.Select(each => each.Class), Enumerable.Range(0, 37).Select(i => result.Images![i].Predicted));
        Assert.Equal(probabilities, Enumerable.Range(0, 37).SelectMany(i => result.Images!.Probabilities(i).ToArray()));
        for (int i = 0; i < 37; i++)
        {
            Assert.Equal(-Math.Log(expected[i].Probabilities[images.Labels.Span[i]]), result.Images![i].Loss, 1e-5);
        }
        Assert.Throws<OperationCanceledException>(() => classifier.Evaluate(images, new CancellationToken(canceled: true)));
        Assert.Throws<ArgumentException>(() => classifier.Predict(new byte[783]));
        Assert.Throws<ArgumentException>(() => classifier.Predict(new byte[784], new float[9]));
    }
}

public sealed class ClassifierOnCpu : ClassifierTests<Cpu>
{
    [Fact]
    public void Threads_take_turns_and_get_their_own_answers()
    {
        using var classifier = new Classifier(new TrainedModel(ModelZoo.Cnn1, Oracle.Weights(ModelZoo.Cnn1)), TestDevices.Cpu(2), maxBatch: 4);
        int[] alone = [.. Enumerable.Range(0, 60).Select(i => classifier.Predict(Oracle.Test.Slice(i, 1).Pixels.Span))];
        var together = new int[60];
        Parallel.For(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken },
            i => together[i] = classifier.Predict(Oracle.Test.Slice(i, 1).Pixels.Span));
        Assert.Equal(alone, together);
    }

    [Fact]
    public void A_call_allocates_no_managed_memory()
    {
        using var classifier = new Classifier(new TrainedModel(ModelZoo.Cnn1, Oracle.Weights(ModelZoo.Cnn1)), TestDevices.Cpu(2));
        ReadOnlySpan<byte> pixels = Oracle.Test.Slice(0, 300).Pixels.Span;
        Span<float> probabilities = new float[3000];
        long allocated = -1;
        // The runtime itself may allocate a few bytes now and then, so one quiet round will do.
        for (int round = 0; round < 5 && allocated != 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20; i++)
            {
                classifier.Predict(pixels, probabilities);
            }
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
    }
}

public sealed class ClassifierOnOpenCL : ClassifierTests<OpenCL>;

public sealed class ClassifierOnCuda : ClassifierTests<Cuda>;
