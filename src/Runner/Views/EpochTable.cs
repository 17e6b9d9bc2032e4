using System.Globalization;

namespace GpuCnn.Runner.Views;

/// <summary>The table of epochs: the same text on a terminal and in a log, within 80 columns.</summary>
internal static class EpochTable
{
    /// <summary>The heading, without line feed.</summary>
    public const string Heading = " epoch  train loss     acc  val loss     acc        lr  seconds  images/s";

    /// <summary>A row, without line feed.</summary>
    /// <param name="result">The epoch.</param>
    /// <param name="epochs">Epochs of the run.</param>
    public static string Row(EpochResult result, int epochs)
    {
        string number = string.Create(CultureInfo.InvariantCulture, $"{result.Epoch}/{epochs}");
        return string.Create(CultureInfo.InvariantCulture,
            $"{number,6}  {result.TrainLoss,10:0.0000}  {result.TrainAccuracy,6:0.0000}  {Or(result.ValLoss),8}  {Or(result.ValAccuracy),6}  {result.LearningRate,8:0.######}  {result.TrainSeconds,7:0.00}  {result.ImagesPerSecond,8:0}{(result.Best ? "  best" : "")}");
    }

    private static string Or(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "-";
}
