namespace GpuCnn;

/// <summary>Figures of an evaluation.</summary>
/// <param name="Accuracy">The share of images classified correctly.</param>
/// <param name="Loss">The mean cross-entropy.</param>
/// <param name="Samples">The number of images.</param>
/// <param name="ConfusionMatrix">Counts: rows are true classes, columns predicted ones.</param>
/// <param name="Classes">Figures of each class.</param>
/// <param name="MacroAverage">Means over the classes.</param>
/// <param name="WeightedAverage">Means over the classes, weighted by their support.</param>
/// <param name="Seconds">How long the evaluation took.</param>
public sealed record EvaluationResult(double Accuracy, double Loss, int Samples, IReadOnlyList<IReadOnlyList<int>> ConfusionMatrix,
    IReadOnlyList<ClassReport> Classes, ClassReport MacroAverage, ClassReport WeightedAverage, double Seconds)
{
    /// <summary>What the network said of each image; null when the figures were computed from a confusion matrix alone.</summary>
    internal ScoredImages? Images { get; private init; }

    /// <summary>The 95 % interval of the accuracy.</summary>
    public ConfidenceInterval Interval => ConfidenceInterval.Wilson(Hits, Samples);

    private int Hits => ConfusionMatrix.Select((row, i) => row[i]).Sum();

    /// <summary>Computes all figures from what a network said of each image.</summary>
    /// <param name="images">The images.</param>
    /// <param name="classNames">The classes' names.</param>
    /// <param name="seconds">How long the evaluation took.</param>
    /// <returns>The figures.</returns>
    internal static EvaluationResult Create(ScoredImages images, IReadOnlyList<string> classNames, double seconds)
    {
        ArgumentNullException.ThrowIfNull(images);
        return Create(images.ConfusionMatrix(), images.MeanLoss, classNames, seconds) with { Images = images };
    }

    /// <summary>Computes all figures from a confusion matrix, by scikit-learn's definitions: 0/0 is 0.</summary>
    /// <param name="confusionMatrix">Square; rows are true classes.</param>
    /// <param name="loss">The mean cross-entropy.</param>
    /// <param name="classNames">One a row.</param>
    /// <param name="seconds">How long the evaluation took.</param>
    /// <returns>The figures.</returns>
    internal static EvaluationResult Create(IReadOnlyList<IReadOnlyList<int>> confusionMatrix, double loss, IReadOnlyList<string> classNames, double seconds)
    {
        ArgumentNullException.ThrowIfNull(confusionMatrix);
        ArgumentNullException.ThrowIfNull(classNames);
        int samples = confusionMatrix.Sum(row => row.Sum()), hits = 0;
        var classes = new List<ClassReport>();
        for (int i = 0; i < classNames.Count; i++)
        {
            int hit = confusionMatrix[i][i], support = confusionMatrix[i].Sum(), predicted = confusionMatrix.Sum(row => row[i]);
            hits += hit;
            classes.Add(new ClassReport(classNames[i], Ratio(hit, predicted), Ratio(hit, support), Ratio(2 * hit, support + predicted), support));
        }
        return new EvaluationResult(Ratio(hits, samples), loss, samples, confusionMatrix, classes,
            Average("macro avg", classes, _ => 1, samples), Average("weighted avg", classes, report => report.Support, samples), seconds);
    }

    /// <summary>The classes that are most often taken for each other.</summary>
    /// <param name="count">How many pairs at most.</param>
    /// <returns>The highest count first, equal ones in the order of the matrix; pairs that never occur are left out.</returns>
    internal IReadOnlyList<ConfusedPair> MostConfused(int count) =>
        [.. ConfusionMatrix.SelectMany((row, label) => row.Select((images, predicted) => new ConfusedPair(label, predicted, images, Ratio(images, Classes[label].Support))))
            .Where(pair => pair.True != pair.Predicted && pair.Count > 0).OrderByDescending(pair => pair.Count).Take(count)];

    private static ClassReport Average(string name, List<ClassReport> classes, Func<ClassReport, double> weight, int samples)
    {
        double total = classes.Sum(weight);
        double Mean(Func<ClassReport, double> value) => total == 0 ? 0 : classes.Sum(report => weight(report) * value(report)) / total;
        return new ClassReport(name, Mean(report => report.Precision), Mean(report => report.Recall), Mean(report => report.F1), samples);
    }

    private static double Ratio(double part, double whole) => whole == 0 ? 0 : part / whole;
}

/// <summary>Figures of one class, or an average over classes.</summary>
/// <param name="Name">The class.</param>
/// <param name="Precision">Of the images predicted as this class, the share that is of it.</param>
/// <param name="Recall">Of the images of this class, the share predicted as it.</param>
/// <param name="F1">The harmonic mean of the two.</param>
/// <param name="Support">Images of this class.</param>
public sealed record ClassReport(string Name, double Precision, double Recall, double F1, int Support);
