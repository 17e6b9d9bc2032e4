using System.CommandLine;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Commands;

/// <summary>What commands that write a trained model share.</summary>
internal static class ModelFileOptions
{
    public static Option<string?> Output { get; } = Flag.Text("--output", "FILE", "File to write; one that is there is replaced").MustBeGiven();

    public static Option<string[]> Classes { get; } = Flag.Declare<string[]>("--classes", "NAME,NAME,...", "Names of the classes, in the order of the logits [default: those that the file says]", Parse, []);

    /// <summary>The model with the classes' names that were given.</summary>
    public static TrainedModel Named(TrainedModel model, ParseResult parsed)
    {
        string[] names = parsed.GetValue(Classes)!;
        return names.Length == 0 ? model
            : names.Length == model.Model.Classes ? model with { ClassNames = names }
            : throw new OptionException("--classes", $"{names.Length} names for the {model.Model.Classes} classes of model {model.Model.Name}");
    }

    /// <summary>What was written, for people.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">What is in it.</param>
    /// <param name="more">Further lines.</param>
    public static string Text(string path, TrainedModel model, params IEnumerable<(string Name, string Value)> more) => TextTable.Pairs(int.MaxValue,
        [("model", Summaries.Of(model.Model)), ("classes", model.ClassNames is { } names ? string.Join(", ", names) : "not known: --classes names them"), ("written", path), .. more]);

    private static string[] Parse(string text)
    {
        string[] names = [.. text.Split(',').Select(name => name.Trim())];
        return names.All(name => name.Length > 0) && names.Distinct().Count() == names.Length ? names
            : throw new OptionException("--classes", $"'{text}' has a name that is empty or there twice");
    }
}
