using System.Text.Json;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Text and figures of evaluations against those that scikit-learn made of the same predictions: see tests/sklearn/generate.py.</summary>
public sealed class ScikitLearnTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden", "sklearn");

    public static TheoryData<string> Cases => [.. Directory.EnumerateFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Fact]
    public void All_cases_are_there() => Assert.Equal(22, Cases.Count);

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_report_is_scikit_learns_character_by_character(string name)
    {
        JsonElement expected = Read(name);
        string text = File.ReadAllText(Path.Combine(Folder, $"{name}.txt"));
        string actual = ClassificationReport.Format(Result(expected), expected.GetProperty("digits").GetInt32());
        if (name == "absent")
        {
            // A class that is nowhere: scikit-learn calls the accuracy "micro avg" then and repeats it. A model's classes are fixed, so ours stays "accuracy".
            string[] lines = text.Split('\n'), ours = actual.Split('\n');
            Assert.Contains("micro avg       0.75      0.75      0.75         4", lines[6], StringComparison.Ordinal);
            Assert.Equal("                  accuracy                           0.75         4", ours[6]);
            (lines[6], ours[6]) = ("", "");
            Assert.Equal(lines, ours);
            return;
        }
        if (name == "all-wrong")
        {
            // Without a single hit scikit-learn's counts are floating-point numbers: "2.0". A count stays a count here.
            Assert.Contains("       2.0\n", text, StringComparison.Ordinal);
            text = text.Replace("       2.0\n", "         2\n", StringComparison.Ordinal).Replace("       4.0\n", "         4\n", StringComparison.Ordinal);
        }
        Assert.Equal(text, actual);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Figures_are_scikit_learns(string name)
    {
        JsonElement expected = Read(name);
        EvaluationResult result = Result(expected);
        Assert.Equal(expected.GetProperty("confusion_matrix").Deserialize<int[][]>()!, result.ConfusionMatrix.Select(row => row.ToArray()));
        Near(expected.GetProperty("accuracy").GetDouble(), result.Accuracy);
        // SciPy's interval, also Wilson's.
        Near(expected.GetProperty("interval")[0].GetDouble(), result.Interval.Low);
        Near(expected.GetProperty("interval")[1].GetDouble(), result.Interval.High);
        JsonElement classes = expected.GetProperty("classes");
        for (int i = 0; i < result.Classes.Count; i++)
        {
            ClassReport row = result.Classes[i];
            Near(classes.GetProperty("precision")[i].GetDouble(), row.Precision);
            Near(classes.GetProperty("recall")[i].GetDouble(), row.Recall);
            Near(classes.GetProperty("f1")[i].GetDouble(), row.F1);
            Assert.Equal(classes.GetProperty("support")[i].GetDouble(), row.Support);
        }
        foreach ((string average, ClassReport row) in new[] { ("macro", result.MacroAverage), ("weighted", result.WeightedAverage) })
        {
            Near(expected.GetProperty(average).GetProperty("precision").GetDouble(), row.Precision);
            Near(expected.GetProperty(average).GetProperty("recall").GetDouble(), row.Recall);
            Near(expected.GetProperty(average).GetProperty("f1").GetDouble(), row.F1);
        }
    }

    [Theory]
    [InlineData("scores")]
    [InlineData("scores-of-three")]
    public void Probabilities_losses_and_top_2_accuracy_are_scikit_learns(string name)
    {
        JsonElement expected = Read(name);
        float[][] logits = expected.GetProperty("scores").Deserialize<float[][]>()!;
        byte[] labels = [.. Classes(expected, "true").Select(label => (byte)label)];
        var images = new ScoredImages(labels, [.. logits.SelectMany(row => row)]);
        Assert.Equal(Classes(expected, "predicted"), Enumerable.Range(0, images.Count).Select(i => images[i].Predicted));
        Near(expected.GetProperty("top2_accuracy").GetDouble(), images.TopAccuracy(2));
        Near(expected.GetProperty("accuracy").GetDouble(), images.TopAccuracy(1));
        Assert.Equal(1, images.TopAccuracy(logits[0].Length));
        Near(expected.GetProperty("log_loss").GetDouble(), images.MeanLoss);
        EvaluationResult result = EvaluationResult.Create(images, Names(expected), 1);
        Assert.Equal(images.MeanLoss, result.Loss);
        Assert.Same(images, result.Images);
        Assert.Equal(File.ReadAllText(Path.Combine(Folder, $"{name}.txt")), ClassificationReport.Format(result));
    }

    private static EvaluationResult Result(JsonElement expected)
    {
        string[] names = Names(expected);
        int[][] matrix = [.. names.Select(_ => new int[names.Length])];
        foreach ((int label, int predicted) in Classes(expected, "true").Zip(Classes(expected, "predicted")))
        {
            matrix[label][predicted]++;
        }
        return EvaluationResult.Create(matrix, 0, names, 1);
    }

    private static string[] Names(JsonElement expected) => expected.GetProperty("names").Deserialize<string[]>()!;

    private static int[] Classes(JsonElement expected, string key) => [.. expected.GetProperty(key).GetString()!.Select(letter => letter - 'a')];

    private static void Near(double expected, double actual) => Assert.Equal(expected, actual, 1e-12);

    private static JsonElement Read(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, $"{name}.json")));
        return document.RootElement.Clone();
    }
}
