using System.Globalization;
using Spectre.Console;

namespace GpuCnn.Runner.Views;

/// <summary>A confusion matrix on a terminal: rows true, columns predicted, coloured by the share of the row, the diagonal in a colour of its own.</summary>
/// <remarks>As wide as the terminal lets it be: names on both axes, else numbers with the names as rows or below, else shares in percent, else nothing but a hint.</remarks>
internal sealed class ConfusionMatrixView
{
    private readonly IAnsiConsole console;
    private readonly EvaluationResult result;
    private readonly int count, numberWidth, nameWidth, cellWidth;
    private readonly bool columnNames, rowNames, percent;

    private ConfusionMatrixView(IAnsiConsole console, EvaluationResult result)
    {
        this.console = console;
        this.result = result;
        count = result.Classes.Count;
        numberWidth = Text(count - 1).Length;
        nameWidth = result.Classes.Max(row => row.Name.Length);
        int width = console.Profile.Width, counts = Math.Max(numberWidth, result.ConfusionMatrix.Max(row => row.Max(cell => Text(cell).Length))) + 1;
        columnNames = nameWidth + (count * (nameWidth + 1)) <= width;
        rowNames = columnNames || numberWidth + 1 + nameWidth + (count * counts) <= width;
        percent = !rowNames && numberWidth + (count * counts) > width;
        cellWidth = columnNames ? nameWidth + 1 : percent ? Math.Max(3, numberWidth + 1) : counts;
    }

    /// <summary>Draws a matrix.</summary>
    /// <param name="console">Where.</param>
    /// <param name="result">The evaluation.</param>
    public static void Write(IAnsiConsole console, EvaluationResult result) => new ConfusionMatrixView(console, result).Write();

    private void Write()
    {
        if (percent && numberWidth + (count * cellWidth) > console.Profile.Width)
        {
            console.WriteLine($"A confusion matrix of {count} classes needs {numberWidth + (count * cellWidth)} columns.");
            return;
        }
        console.WriteLine($"Confusion matrix: rows true, columns predicted{(percent ? ", % of the row" : "")}");
        int margin = columnNames ? nameWidth : rowNames ? numberWidth + 1 + nameWidth : numberWidth;
        var heading = new Paragraph();
        heading.Append(new string(' ', margin));
        for (int column = 0; column < count; column++)
        {
            heading.Append((columnNames ? result.Classes[column].Name : Text(column)).PadLeft(cellWidth), new Style(decoration: Decoration.Bold));
        }
        console.Write(heading);
        console.WriteLine();
        for (int row = 0; row < count; row++)
        {
            string name = result.Classes[row].Name, number = Text(row).PadLeft(numberWidth);
            var line = new Paragraph();
            line.Append((columnNames ? name : rowNames ? $"{number} {name}" : number).PadRight(margin), new Style(decoration: Decoration.Bold));
            for (int column = 0; column < count; column++)
            {
                (string text, Style style) = Cell(row, column);
                line.Append(text.PadLeft(cellWidth), style);
            }
            console.Write(line);
            console.WriteLine();
        }
        if (!rowNames)
        {
            Legend();
        }
    }

    /// <summary>The classes' numbers and names, as many in a line as there is room for.</summary>
    private void Legend()
    {
        string line = "";
        for (int i = 0; i < count; i++)
        {
            string entry = $"{i} {result.Classes[i].Name}";
            if (line.Length > 0 && line.Length + 2 + entry.Length > console.Profile.Width)
            {
                console.WriteLine(line);
                line = "";
            }
            line += (line.Length == 0 ? "" : "  ") + entry;
        }
        console.WriteLine(line);
    }

    private (string Text, Style Style) Cell(int row, int column)
    {
        int images = result.ConfusionMatrix[row][column], support = result.Classes[row].Support;
        double share = support == 0 ? 0 : (double)images / support;
        string text = images == 0 && row != column ? "." : percent ? (100 * share).ToString("0", CultureInfo.InvariantCulture) : Text(images);
        if (images == 0)
        {
            return (text, row == column ? new Style(decoration: Decoration.Bold) : Style.Plain);
        }
        // The square root, so that the few wrong ones are seen beside the many right ones.
        (Color light, Color strong) = row == column ? (new Color(222, 244, 231), new Color(16, 112, 66)) : (new Color(255, 238, 224), new Color(196, 78, 12));
        Color ground = light.Blend(strong, (float)Math.Sqrt(share));
        bool dark = (0.299 * ground.R) + (0.587 * ground.G) + (0.114 * ground.B) < 140;
        return (text, new Style(dark ? Color.White : Color.Black, ground, row == column ? Decoration.Bold : Decoration.None));
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
