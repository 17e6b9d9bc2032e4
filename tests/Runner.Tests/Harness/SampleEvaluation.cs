using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Tests;

/// <summary>An evaluation of 600 images made of a formula, the same on every machine: mostly right, with some pairs that are often confused.</summary>
internal static class SampleEvaluation
{
    public const int Images = 600;

    public static EvaluationResult Result { get; } = EvaluationResult.Create(Scores(), FashionMnist.ClassNames, 1.25);

    public static EvaluatedModel Model { get; } = new(Result, Set(), "cnn1 on the test split", new RunNotes(
        [KeyValuePair.Create("model", "cnn1"), KeyValuePair.Create("data", "a <folder> & \"more\"")],
        [new EpochDocument(1, 0.8, 0.7, 0.6, 0.78, 0.001, 1.5, 32_000), new EpochDocument(2, 0.5, 0.8, 0.45, 0.84, 0.001, 1.4, 33_000), new EpochDocument(3, 0.4, 0.85, 0.5, 0.82, 0.001, 1.4, 33_000)]));

    private static ScoredImages Scores()
    {
        var labels = new byte[Images];
        var logits = new float[Images * 10];
        for (int i = 0; i < Images; i++)
        {
            labels[i] = (byte)(i % 10);
            for (int j = 0; j < 10; j++)
            {
                // Quarters of small whole numbers: exact in single precision.
                logits[(i * 10) + j] = (((i * 37) + (j * 101) + (i * j)) % 23) / 4f;
            }
            logits[(i * 10) + labels[i]] += (i / 10) % 7 == 0 ? 0 : 4;
        }
        return new ScoredImages(labels, logits);
    }

    private static ImageSet Set()
    {
        var pixels = new byte[Images * 784];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((i * 7) ^ (i / 784));
        }
        return new ImageSet(pixels, Enumerable.Range(0, Images).Select(i => (byte)(i % 10)).ToArray(), new TensorShape(1, 28, 28), FashionMnist.ClassNames);
    }
}
