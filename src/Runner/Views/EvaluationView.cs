using System.Globalization;
using GpuCnn.Runner.Reports;
using Spectre.Console;

namespace GpuCnn.Runner.Views;

/// <summary>An evaluation on a terminal of any width.</summary>
internal static class EvaluationView
{
    /// <summary>Draws an evaluation.</summary>
    /// <param name="console">Where.</param>
    /// <param name="result">The evaluation.</param>
    public static void Write(IAnsiConsole console, EvaluationResult result)
    {
        var document = EvaluationDocument.Of(result);
        console.WriteLine(Summaries.Headline(document));
        ConfusionMatrixView.Write(console, result);
        console.WriteLine();
        string report = ClassificationReport.Format(result);
        bool narrow = report.Split('\n').Max(line => line.Length) > console.Profile.Width;
        IEnumerable<string[]> pairs = document.MostConfused.Take(Summaries.PairsShown).Select(Summaries.Row);
        IEnumerable<string[]> losses = document.TopLosses.Take(Summaries.LossesShown).Select(Summaries.Row);
        if (narrow)
        {
            Narrow(console, document);
            Table(console, "most confused", ["true", "predicted", ">count", ">share"], pairs);
            Table(console, "highest losses", [">image", "true", "predicted", ">loss"], losses.Select(row => (string[])[row[0], row[1], row[2], row[5]]));
            return;
        }
        console.WriteLine(report);
        Table(console, "most confused", Summaries.PairHeadings, pairs);
        Table(console, "highest losses", Summaries.LossHeadings, losses);
    }

    /// <summary>The report where scikit-learn's layout would be wider than the terminal.</summary>
    private static void Narrow(IAnsiConsole console, EvaluationDocument document)
    {
        static string Two(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
        Table(console, "classes", ["class", ">prec", ">rec", ">f1", ">n"],
        [
            .. document.Classes.Select(row => new[] { row.Name, Two(row.Precision), Two(row.Recall), Two(row.F1), Summaries.Text(row.Support) }),
            ["macro avg", Two(document.MacroAvg.Precision), Two(document.MacroAvg.Recall), Two(document.MacroAvg.F1), Summaries.Text(document.MacroAvg.Support)],
        ]);
    }

    private static void Table(IAnsiConsole console, string title, IReadOnlyList<string> headings, IEnumerable<string[]> rows)
    {
        console.WriteLine(title, new Style(decoration: Decoration.Bold));
        var table = new Table { Border = TableBorder.None };
        foreach (string heading in headings)
        {
            var column = new TableColumn(new Text(heading.TrimStart('>'))) { Padding = new Padding(0, 0, 1, 0) };
            table.AddColumn(heading.StartsWith('>') ? column.RightAligned() : column);
        }
        foreach (string[] row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }
        console.Write(table);
        console.WriteLine();
    }
}
