using System.Globalization;
using System.Text;

namespace GpuCnn;

/// <summary>An evaluation as text, in the layout of scikit-learn's <c>classification_report</c>.</summary>
public static class ClassificationReport
{
    private const int ColumnWidth = 9;

    /// <summary>Precision, recall, F1 and support of each class, then the accuracy and the averages.</summary>
    /// <param name="result">The evaluation.</param>
    /// <returns>Lines that end with a line feed.</returns>
    public static string Format(EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        int width = Math.Max(result.WeightedAverage.Name.Length, result.Classes.Max(row => row.Name.Length));
        var text = new StringBuilder();
        text.Append(' ', width + 1);
        foreach (string heading in (string[])["precision", "recall", "f1-score", "support"])
        {
            text.Append(' ').Append(heading.PadLeft(ColumnWidth));
        }
        text.Append("\n\n");
        foreach (ClassReport row in result.Classes)
        {
            Append(row);
        }
        text.Append('\n').Append("accuracy".PadLeft(width)).Append(' ').Append(' ', 2 * (ColumnWidth + 1));
        text.Append(' ').Append(Number(result.Accuracy)).Append(' ').Append(Count(result.Samples)).Append('\n');
        Append(result.MacroAverage);
        Append(result.WeightedAverage);
        return text.ToString();

        void Append(ClassReport row) => text.Append(row.Name.PadLeft(width)).Append(' ')
            .Append(' ').Append(Number(row.Precision)).Append(' ').Append(Number(row.Recall)).Append(' ').Append(Number(row.F1))
            .Append(' ').Append(Count(row.Support)).Append('\n');
    }

    /// <summary>The confusion matrix with both axes named: rows are true classes, columns predicted ones.</summary>
    /// <param name="result">The evaluation.</param>
    /// <returns>Lines that end with a line feed.</returns>
    public static string FormatConfusionMatrix(EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        const string Corner = "true \\ predicted";
        int names = Math.Max(Corner.Length, result.Classes.Max(row => row.Name.Length + 4));
        int width = Math.Max(5, result.ConfusionMatrix.Max(row => row.Max()).ToString(CultureInfo.InvariantCulture).Length);
        var text = new StringBuilder(Corner.PadRight(names));
        for (int column = 0; column < result.Classes.Count; column++)
        {
            text.Append(' ').Append(column.ToString(CultureInfo.InvariantCulture).PadLeft(width));
        }
        text.Append('\n');
        for (int row = 0; row < result.Classes.Count; row++)
        {
            text.Append(string.Create(CultureInfo.InvariantCulture, $"{row,3} {result.Classes[row].Name}").PadRight(names));
            foreach (int count in result.ConfusionMatrix[row])
            {
                text.Append(' ').Append(count.ToString(CultureInfo.InvariantCulture).PadLeft(width));
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Two decimals as Python rounds them: ties to even. Only eighths are ties; .NET would round them away from zero.</summary>
    private static string Number(double value) =>
        (double.IsInteger(value * 8) ? Math.Round(value, 2, MidpointRounding.ToEven) : value).ToString("F2", CultureInfo.InvariantCulture).PadLeft(ColumnWidth);

    private static string Count(int value) => value.ToString(CultureInfo.InvariantCulture).PadLeft(ColumnWidth);
}
