using System.Globalization;
using GpuCnn.Runner.Reports;

namespace GpuCnn.Runner.Views;

/// <summary>The table of epochs: the same text on a terminal and in a log, within 80 columns, or within 40 on a terminal that has no more.</summary>
internal static class EpochTable
{
    /// <summary>Columns that the whole table needs.</summary>
    public const int Width = 80;

    /// <summary>The heading, without line feed.</summary>
    public const string Heading = " epoch  train loss     acc  val loss     acc        lr  seconds  images/s";

    /// <summary>The heading of the table with four figures, without line feed.</summary>
    public const string NarrowHeading = "epoch     loss    acc  v.loss  v.acc";

    /// <summary>A row, without line feed.</summary>
    /// <param name="result">The epoch.</param>
    /// <param name="epochs">Epochs of the run.</param>
    public static string Row(EpochResult result, int epochs) => string.Create(CultureInfo.InvariantCulture,
        $"{Number(result, epochs),6}  {result.TrainLoss,10:0.0000}  {result.TrainAccuracy,6:0.0000}  {Or(result.ValLoss),8}  {Or(result.ValAccuracy),6}  {Summaries.Rate(result.LearningRate),8}  {result.TrainSeconds,7:0.00}  {result.ImagesPerSecond,8:0}{(result.Best ? "  best" : "")}");

    /// <summary>A row of the table with four figures, without line feed; a star marks the best.</summary>
    /// <param name="result">The epoch.</param>
    /// <param name="epochs">Epochs of the run.</param>
    public static string NarrowRow(EpochResult result, int epochs) => string.Create(CultureInfo.InvariantCulture,
        $"{Number(result, epochs),-7} {result.TrainLoss,6:0.0000} {result.TrainAccuracy,6:0.0000}  {Or(result.ValLoss),6} {Or(result.ValAccuracy),6}{(result.Best ? " *" : "")}");

    private static string Number(EpochResult result, int epochs) => string.Create(CultureInfo.InvariantCulture, $"{result.Epoch}/{epochs}");

    private static string Or(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "-";
}
