using System.Globalization;
using System.Text;
using GpuCnn.Runner.Pictures;
using GpuCnn.Runner.Reports.Html;

namespace GpuCnn.Runner.Reports;

/// <summary>The files that an evaluation leaves: tables, pictures and a page.</summary>
internal static class EvaluationFiles
{
    /// <summary>Writes all of them; each is whole or not there.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="model">The evaluation.</param>
    /// <returns>The files written.</returns>
    /// <exception cref="IOException">The disk is full, or the like.</exception>
    public static IReadOnlyList<string> Write(string folder, EvaluatedModel model)
    {
        var written = new List<string>();
        WriteTables(folder, model, (path, write) =>
        {
            write();
            written.Add(path);
        });
        return [.. written, .. WritePictures(folder, model)];
    }

    /// <summary>Writes the texts and tables.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="model">The evaluation.</param>
    /// <param name="each">Told of each file and how it is written.</param>
    public static void WriteTables(string folder, EvaluatedModel model, Action<string, Action> each)
    {
        void Table(string name, Func<string> text) => each(Path.Combine(folder, name), () => Save(folder, name, text()));
        Table("report.txt", () => Summaries.Report(model.Result));
        Table("report.json", () => Documents.Text(model.Document, Documents.Indented.EvaluationDocument) + "\n");
        Table("confusion_matrix.csv", () => ConfusionMatrix(model));
        Table("predictions.csv", () => Predictions(model));
    }

    /// <summary>Writes the pictures, and the page that has pictures in it.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="model">The evaluation.</param>
    /// <returns>The files written.</returns>
    public static IReadOnlyList<string> WritePictures(string folder, EvaluatedModel model) =>
    [
        Save(folder, "confusion_matrix.png", ConfusionMatrixPicture.Png(model.Result, shares: false)),
        Save(folder, "confusion_matrix_normalized.png", ConfusionMatrixPicture.Png(model.Result, shares: true)),
        Save(folder, "top_losses.png", TopLosses(model)),
        Save(folder, "report.html", EvaluationPage.Of(model).ToString()),
    ];

    private static string Save(string folder, string name, string content) => Save(folder, name, Encoding.UTF8.GetBytes(content));

    private static string Save(string folder, string name, byte[] content)
    {
        string path = Path.Combine(folder, name);
        AtomicFile.Write(path, stream => stream.Write(content));
        return path;
    }

    private static byte[] TopLosses(EvaluatedModel model) => ContactSheet.Draw($"Highest losses of {model.Title}",
        [.. model.Document.TopLosses.Select(image => new CaptionedImage(GreyImage.Of(model.Images, image.Index),
        [
            new CaptionLine(image.True),
            new CaptionLine($"{image.Predicted} {Summaries.Text(image.Probability)}", image.True == image.Predicted ? CaptionKind.Right : CaptionKind.Wrong),
            new CaptionLine($"loss {Summaries.Text(image.Loss)}, image {Summaries.Text(image.Index)}", CaptionKind.Aside),
        ]))]);

    private static string ConfusionMatrix(EvaluatedModel model)
    {
        var text = new StringBuilder("true \\ predicted").AppendJoin("", model.ClassNames.Select(name => "," + Field(name))).Append('\n');
        for (int row = 0; row < model.ClassNames.Count; row++)
        {
            text.Append(Field(model.ClassNames[row])).AppendJoin("", model.Result.ConfusionMatrix[row].Select(count => string.Create(CultureInfo.InvariantCulture, $",{count}"))).Append('\n');
        }
        return text.ToString();
    }

    private static string Predictions(EvaluatedModel model)
    {
        ScoredImages images = model.Result.Images!;
        string[] names = [.. model.ClassNames.Select(Field)];
        var text = new StringBuilder("index,true_label,predicted_label,probability,true_probability,loss")
            .AppendJoin("", model.ClassNames.Select(name => "," + Field($"p({name})"))).Append('\n');
        for (int i = 0; i < images.Count; i++)
        {
            ScoredImage image = images[i];
            text.Append(CultureInfo.InvariantCulture, $"{i},{names[image.Label]},{names[image.Predicted]},{(float)image.Probability},{(float)image.TrueProbability},{image.Loss}");
            foreach (float probability in images.Probabilities(i))
            {
                text.Append(CultureInfo.InvariantCulture, $",{probability}");
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>A field as RFC 4180 wants it.</summary>
    private static string Field(string text) => text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
