using CsCheck;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>The figures of an evaluation and their layout, against scikit-learn's definitions.</summary>
public sealed class ClassificationReportTests
{
    /// <summary>The example of classification_report's documentation: y_true = 0 1 2 2 2, y_pred = 0 0 2 2 1.</summary>
    private static readonly int[][] Documented = [[1, 0, 0], [1, 0, 0], [0, 1, 2]];

    [Fact]
    public void The_layout_is_scikit_learns()
    {
        EvaluationResult result = EvaluationResult.Create(Documented, 0.5, ["class 0", "class 1", "class 2"], 1);
        const string Expected = """
                          precision    recall  f1-score   support

                 class 0       0.50      1.00      0.67         1
                 class 1       0.00      0.00      0.00         1
                 class 2       1.00      0.67      0.80         3

                accuracy                           0.60         5
               macro avg       0.50      0.56      0.49         5
            weighted avg       0.70      0.60      0.61         5

            """;
        Assert.Equal(Expected.ReplaceLineEndings("\n"), ClassificationReport.Format(result));
    }

    [Fact]
    public void A_long_class_name_widens_the_first_column()
    {
        string[] lines = ClassificationReport.Format(EvaluationResult.Create([[1, 0], [0, 1]], 0, ["a class with a long name", "b"], 1)).Split('\n');
        Assert.Equal("a class with a long name       1.00      1.00      1.00         1", lines[2]);
        Assert.Equal("                       b       1.00      1.00      1.00         1", lines[3]);
    }

    [Theory]
    [InlineData(1, 8, "0.12")]
    [InlineData(3, 8, "0.38")]
    [InlineData(5, 8, "0.62")]
    [InlineData(7, 8, "0.88")]
    [InlineData(57, 200, "0.28")]
    [InlineData(29, 200, "0.14")]
    [InlineData(1, 2, "0.50")]
    public void Two_decimals_are_rounded_as_python_does(int hits, int images, string expected)
    {
        EvaluationResult result = EvaluationResult.Create([[hits, images - hits], [0, 0]], 0, ["a", "b"], 1);
        Assert.Equal($"    accuracy                           {expected} {images,9}", ClassificationReport.Format(result).Split('\n')[5]);
    }

    [Fact]
    public void Nothing_over_nothing_is_zero()
    {
        EvaluationResult result = EvaluationResult.Create([[0, 0], [0, 0]], 0, ["a", "b"], 1);
        Assert.Equal(0, result.Accuracy);
        Assert.Equal(new ClassReport("a", 0, 0, 0, 0), result.Classes[0]);
        Assert.Equal(new ClassReport("weighted avg", 0, 0, 0, 0), result.WeightedAverage);
    }

    /// <summary>Counted one image at a time, as the definitions say, not from sums over the matrix.</summary>
    [Fact]
    public void Figures_follow_from_counting_images() =>
        Gen.Select(Gen.Int[2, 6], Gen.Int[0, 1 << 30]).Sample((classes, seed) =>
        {
            var random = new Random(seed);
            (int True, int Predicted)[] images = [.. Enumerable.Range(0, 60).Select(_ => (random.Next(classes), random.Next(classes)))];
            int[][] matrix = [.. Enumerable.Range(0, classes).Select(row => Enumerable.Range(0, classes).Select(column => images.Count(i => i == (row, column))).ToArray())];
            EvaluationResult result = EvaluationResult.Create(matrix, 0, [.. Enumerable.Range(0, classes).Select(c => $"{c}")], 1);
            Assert.Equal(images.Count(i => i.True == i.Predicted) / 60.0, result.Accuracy, 1e-12);
            double[] f1 = new double[classes];
            for (int c = 0; c < classes; c++)
            {
                int truePositives = images.Count(i => i.True == c && i.Predicted == c), falsePositives = images.Count(i => i.True != c && i.Predicted == c);
                int falseNegatives = images.Count(i => i.True == c && i.Predicted != c);
                double precision = Zero(truePositives, truePositives + falsePositives), recall = Zero(truePositives, truePositives + falseNegatives);
                f1[c] = Zero(2 * precision * recall, precision + recall);
                ClassReport row = result.Classes[c];
                Assert.Equal((precision, recall, truePositives + falseNegatives), (row.Precision, row.Recall, row.Support));
                Assert.Equal(f1[c], row.F1, 1e-12);
            }
            Assert.Equal(f1.Average(), result.MacroAverage.F1, 1e-12);
            Assert.Equal(images.Average(i => f1[i.True]), result.WeightedAverage.F1, 1e-12);
            Assert.Equal(result.Accuracy, result.WeightedAverage.Recall, 1e-12);
        }, iter: 200);

    [Fact]
    public void The_confusion_matrix_names_both_axes()
    {
        EvaluationResult result = EvaluationResult.Create([[10_000, 2], [0, 7]], 0, ["Ankle boot", "Bag"], 1);
        Assert.Equal("true \\ predicted     0     1\n  0 Ankle boot   10000     2\n  1 Bag              0     7\n", ClassificationReport.FormatConfusionMatrix(result));
    }

    private static double Zero(double part, double whole) => whole == 0 ? 0 : part / whole;
}
