using System.Text.RegularExpressions;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;
using Spectre.Console;
using Spectre.Console.Testing;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>What an evaluation looks like on terminals of several widths, and in a file.</summary>
public sealed partial class EvaluationViewTests
{
    [Theory]
    [InlineData(40, false)]
    [InlineData(80, false)]
    [InlineData(120, false)]
    [InlineData(140, false)]
    [InlineData(80, true)]
    [InlineData(120, true)]
    public void The_terminal_shows_it_within_its_width(int width, bool colour)
    {
        string text = Draw(width, colour);
        Assert.All(Escape().Replace(text, "").Split('\n'), line => Assert.InRange(line.Length, 0, width));
        Assert.Equal(colour, text.Contains("\u001b[1;38;", StringComparison.Ordinal));
        Snapshot.Matches(text, $"evaluation-{width}{(colour ? "-colour" : "")}.txt");
    }

    [Fact]
    public void The_text_for_files_fits_80_columns_and_has_every_part()
    {
        string text = Summaries.Report(SampleEvaluation.Result);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains(ClassificationReport.Format(SampleEvaluation.Result), text, StringComparison.Ordinal);
        Snapshot.Matches(text, "evaluation-report.txt");
    }

    /// <summary>Counts of four digits: names as columns, names as rows, names below, shares instead of counts, nothing.</summary>
    [Theory]
    [InlineData(130)]
    [InlineData(80)]
    [InlineData(52)]
    [InlineData(50)]
    [InlineData(31)]
    [InlineData(30)]
    public void A_matrix_takes_what_room_there_is(int width)
    {
        int[][] matrix = [.. SampleEvaluation.Result.ConfusionMatrix.Select(row => row.Select(count => 20 * count).ToArray())];
        using TestConsole console = new TestConsole().Width(width);
        ConfusionMatrixView.Write(console, EvaluationResult.Create(matrix, 0, SampleEvaluation.Model.ClassNames, 1));
        Assert.All(console.Output.Split('\n'), line => Assert.InRange(line.Length, 0, width));
        Snapshot.Matches(console.Output, $"matrix-{width}.txt");
    }

    [Fact]
    public void Names_of_classes_are_no_markup()
    {
        using TestConsole console = new TestConsole().Width(80);
        EvaluationView.Write(console, EvaluationResult.Create([[1, 2], [0, 3]], 0, ["[red]a[/]", "[b"], 1));
        Assert.Contains("[red]a[/]", console.Output, StringComparison.Ordinal);
        Assert.Contains("[b", console.Output, StringComparison.Ordinal);
    }

    private static string Draw(int width, bool colour)
    {
        using TestConsole console = new TestConsole().Width(width);
        if (colour)
        {
            console.Colors(ColorSystem.TrueColor);
            console.EmitAnsiSequences = true;
        }
        EvaluationView.Write(console, SampleEvaluation.Result);
        return console.Output;
    }

    [GeneratedRegex("\u001b\\[[0-9;]*m")]
    private static partial Regex Escape();
}
