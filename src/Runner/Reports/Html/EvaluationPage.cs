using System.Globalization;
using System.Xml.Linq;
using GpuCnn.Runner.Pictures;

namespace GpuCnn.Runner.Reports.Html;

/// <summary>report.html: an evaluation with its figures, tables and pictures.</summary>
internal static class EvaluationPage
{
    /// <summary>Makes the page.</summary>
    /// <param name="model">The evaluation.</param>
    public static HtmlPage Of(EvaluatedModel model)
    {
        EvaluationDocument document = model.Document;
        var page = new HtmlPage($"Evaluation of {model.Title}", string.Create(CultureInfo.InvariantCulture,
            $"{Summaries.Thousands(document.Samples)} images of {document.Classes.Count} classes, evaluated in {document.Seconds:0.00} seconds."));
        page.Section("figures", "Figures", Elements.Figures(
        [
            ("accuracy", Summaries.Text(document.Accuracy), $"95 % interval {Summaries.Text(document.Interval[0])} to {Summaries.Text(document.Interval[1])}"),
            ("top-2 accuracy", Summaries.Text(document.Top2Accuracy), "true class among the two most probable"),
            ("loss", Summaries.Text(document.Loss), "mean cross-entropy"),
            ("images", Summaries.Thousands(document.Samples), null),
        ]));
        page.Section("confusion", "Confusion matrix", ConfusionMatrix(model));
        page.Section("classes", "Classification report", Report(document));
        page.Section("confused", "Most confused pairs", Elements.Table("Images of one class that were taken for another", Summaries.PairHeadings, document.MostConfused.Select(Summaries.Row)));
        page.Section("losses", "Highest losses", Elements.Paragraph("The images that the model is most wrong about. A confident mistake costs most; some labels are doubtful themselves."), Losses(model));
        if (model.Run.Epochs.Count > 0)
        {
            page.Section("training", "Training", Training(model.Run.Epochs));
        }
        if (model.Run.Options.Count > 0)
        {
            page.Section("options", "Options", Elements.Table("What the training was started with", ["option", "value"], model.Run.Options.Select(each => new[] { each.Key, each.Value })));
        }
        return page;
    }

    private static XElement ConfusionMatrix(EvaluatedModel model) => Elements.Grid(
        "Images counted; rows are true classes, columns predicted ones. The colour follows the square root of the share of the row; hits are on the diagonal.",
        "true class", "predicted class", model.ClassNames, model.ClassNames, (row, column) =>
        {
            int count = model.Result.ConfusionMatrix[row][column], support = model.Result.Classes[row].Support;
            double share = support == 0 ? 0 : (double)count / support;
            XElement cell = Elements.Heat(Summaries.Text(count), row == column ? Math.Sqrt(share) : -Math.Sqrt(share), row == column);
            cell.Add(new XAttribute("title", string.Create(CultureInfo.InvariantCulture, $"{share:0.0%} of {model.ClassNames[row]} taken for {model.ClassNames[column]}")));
            return cell;
        });

    private static XElement Report(EvaluationDocument document)
    {
        string[] Cells(string name, double precision, double recall, double f1, int support) =>
            [name, Summaries.Text(precision), Summaries.Text(recall), Summaries.Text(f1), Summaries.Text(support)];
        return Elements.Table("Figures of each class", ["class", ">precision", ">recall", ">f1-score", ">support"],
            document.Classes.Select(row => Cells(row.Name, row.Precision, row.Recall, row.F1, row.Support)),
            [
                ["accuracy", "", "", Summaries.Text(document.Accuracy), Summaries.Text(document.Samples)],
                Cells("macro avg", document.MacroAvg.Precision, document.MacroAvg.Recall, document.MacroAvg.F1, document.MacroAvg.Support),
                Cells("weighted avg", document.WeightedAvg.Precision, document.WeightedAvg.Recall, document.WeightedAvg.F1, document.WeightedAvg.Support),
            ]);
    }

    private static XElement Losses(EvaluatedModel model) => Elements.Gallery(model.Document.TopLosses.Select(image => Elements.Figure(
        Elements.Image(PixelImage.Png(GreyImage.Of(model.Images, image.Index)), $"Image {Summaries.Text(image.Index)}: {image.True}, taken for {image.Predicted}", pixelated: true),
        $"Image {Summaries.Text(image.Index)}: {image.True}", new XElement("br"), $"as {image.Predicted}, {Summaries.Text(image.Probability)}", new XElement("br"),
        $"p(true) {Summaries.Text(image.TrueProbability)}, loss {Summaries.Text(image.Loss)}")));

    private static object[] Training(IReadOnlyList<EpochDocument> epochs)
    {
        EpochDocument best = epochs.MaxBy(row => row.ValAccuracy) ?? epochs[^1];
        static string Or(double? value) => value is { } number ? Summaries.Text(number) : "-";
        return
        [
            Elements.SideBySide(
                Elements.Figure(Elements.Image(CurvePicture.Png("loss", epochs, row => row.TrainLoss, row => row.ValLoss, best), "Loss of training and validation by epoch", 480), "Loss by epoch"),
                Elements.Figure(Elements.Image(CurvePicture.Png("accuracy", epochs, row => row.TrainAccuracy, row => row.ValAccuracy, best), "Accuracy of training and validation by epoch", 480),
                    "Accuracy by epoch")),
            Elements.Table("Epochs", [">epoch", ">train loss", ">train accuracy", ">val loss", ">val accuracy", ">seconds"], epochs.Select(row => new[]
            {
                Summaries.Text(row.Epoch), Summaries.Text(row.TrainLoss), Summaries.Text(row.TrainAccuracy), Or(row.ValLoss), Or(row.ValAccuracy),
                row.TrainSeconds.ToString("0.00", CultureInfo.InvariantCulture),
            })),
        ];
    }
}
