namespace GpuCnn;

/// <summary>What a network said of each image of a labelled set: class, loss and all probabilities, in the order of the set.</summary>
/// <remarks>Columns instead of an object an image: ten thousand images cost four allocations.</remarks>
internal sealed class ScoredImages
{
    private readonly byte[] labels;
    private readonly int[] predicted;
    private readonly double[] losses;
    private readonly float[] probabilities;

    /// <summary>Scores images by their logits, which become their probabilities.</summary>
    /// <param name="labels">[images].</param>
    /// <param name="logits">[images, classes].</param>
    internal ScoredImages(ReadOnlySpan<byte> labels, float[] logits)
    {
        Classes = logits.Length / labels.Length;
        this.labels = labels.ToArray();
        predicted = new int[labels.Length];
        losses = new double[labels.Length];
        probabilities = logits;
        for (int i = 0; i < labels.Length; i++)
        {
            Span<float> row = logits.AsSpan(i * Classes, Classes);
            var softmax = new Softmax(row);
            predicted[i] = softmax.Class;
            losses[i] = softmax.LogSum - row[labels[i]];
            softmax.CopyTo(row);
        }
    }

    /// <summary>The number of images.</summary>
    public int Count => labels.Length;

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The mean cross-entropy.</summary>
    public double MeanLoss => losses.Sum() / Count;

    /// <summary>An image's score.</summary>
    /// <param name="index">The image's place in its set.</param>
    public ScoredImage this[int index] => new(index, labels[index], predicted[index], Probabilities(index)[predicted[index]], Probabilities(index)[labels[index]], losses[index]);

    /// <summary>The probability of each class for an image; their sum is 1.</summary>
    /// <param name="index">The image's place in its set.</param>
    /// <returns>One a class.</returns>
    public ReadOnlySpan<float> Probabilities(int index) => probabilities.AsSpan(index * Classes, Classes);

    /// <summary>The share of images whose class is among the most probable ones; of equal ones the lowest come first, as in <see cref="ScoredImage.Predicted"/>.</summary>
    /// <param name="count">How many of the most probable ones count: 1 gives the accuracy.</param>
    /// <returns>From 0 to 1.</returns>
    public double TopAccuracy(int count)
    {
        int hits = 0;
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<float> row = Probabilities(i);
            int label = labels[i], before = 0;
            for (int j = 0; j < row.Length; j++)
            {
                before += row[j] > row[label] || (row[j] == row[label] && j < label) ? 1 : 0;
            }
            hits += before < count ? 1 : 0;
        }
        return Count == 0 ? 0 : (double)hits / Count;
    }

    /// <summary>The images that the network is most wrong about.</summary>
    /// <param name="count">How many at most.</param>
    /// <returns>The highest loss first, NaN before all; of equal ones the first in the set.</returns>
    public IReadOnlyList<ScoredImage> TopLosses(int count) =>
        [.. Enumerable.Range(0, Count).OrderByDescending(i => double.IsNaN(losses[i]) ? double.PositiveInfinity : losses[i]).Take(count).Select(i => this[i])];

    /// <summary>Counts of images: rows are true classes, columns predicted ones.</summary>
    internal int[][] ConfusionMatrix()
    {
        int[][] matrix = [.. Enumerable.Range(0, Classes).Select(_ => new int[Classes])];
        for (int i = 0; i < Count; i++)
        {
            matrix[labels[i]][predicted[i]]++;
        }
        return matrix;
    }
}

/// <summary>What a network said of one image.</summary>
/// <param name="Index">The image's place in its set.</param>
/// <param name="Label">Its true class.</param>
/// <param name="Predicted">The class with the largest logit, the lowest among equals.</param>
/// <param name="Probability">The probability of the predicted class.</param>
/// <param name="TrueProbability">The probability of the true class.</param>
/// <param name="Loss">The cross-entropy.</param>
internal readonly record struct ScoredImage(int Index, int Label, int Predicted, double Probability, double TrueProbability, double Loss);

/// <summary>Images of one class that were taken for another.</summary>
/// <param name="True">The class they are of.</param>
/// <param name="Predicted">The class they were taken for.</param>
/// <param name="Count">How many.</param>
/// <param name="Share">Their share of the images of their class.</param>
internal readonly record struct ConfusedPair(int True, int Predicted, int Count, double Share);
