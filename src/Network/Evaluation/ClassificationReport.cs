using System.Globalization;
using System.Text;

namespace GpuCnn;

/// <summary>An evaluation as text, in the layout of scikit-learn's <c>classification_report</c>.</summary>
internal static class ClassificationReport
{
    private const int ColumnWidth = 9;

    /// <summary>Precision, recall, F1 and support of each class, then the accuracy and the averages.</summary>
    /// <param name="result">The evaluation.</param>
    /// <param name="digits">Decimals, 0 to 9.</param>
    /// <returns>Lines that end with a line feed.</returns>
    public static string Format(EvaluationResult result, int digits = 2)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentOutOfRangeException.ThrowIfNegative(digits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digits, 9);
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
        text.Append(' ').Append(Number(result.Accuracy, digits)).Append(' ').Append(Count(result.Samples)).Append('\n');
        Append(result.MacroAverage);
        Append(result.WeightedAverage);
        return text.ToString();

        void Append(ClassReport row) => text.Append(row.Name.PadLeft(width)).Append(' ')
            .Append(' ').Append(Number(row.Precision, digits)).Append(' ').Append(Number(row.Recall, digits)).Append(' ').Append(Number(row.F1, digits))
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

    /// <summary>Decimals as Python rounds them: ties to even, where .NET would round away from zero. Only multiples of 2^-(digits + 1) can be ties.</summary>
    private static string Number(double value, int digits)
    {
        double rounded = double.IsInteger(Math.ScaleB(value, digits + 1)) ? Math.Round(value, digits, MidpointRounding.ToEven) : value;
        return rounded.ToString(string.Create(CultureInfo.InvariantCulture, $"F{digits}"), CultureInfo.InvariantCulture).PadLeft(ColumnWidth);
    }

    private static string Count(int value) => value.ToString(CultureInfo.InvariantCulture).PadLeft(ColumnWidth);
}
