using System.Globalization;

namespace GpuCnn.Runner.Reports;

/// <summary>Results as text for people.</summary>
internal static class Summaries
{
    /// <summary>An evaluation in one line, without line feed.</summary>
    public static string Line(EvaluationResult result) =>
        string.Create(CultureInfo.InvariantCulture, $"accuracy {result.Accuracy:0.0000}  loss {result.Loss:0.0000}  {result.Samples} images");

    /// <summary>An evaluation in full.</summary>
    public static string Report(EvaluationResult result) =>
        $"{Line(result)}\n\n{ClassificationReport.Format(result)}\n{ClassificationReport.FormatConfusionMatrix(result)}";

    /// <summary>A number with its thousands apart.</summary>
    public static string Thousands(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A model in a few words.</summary>
    public static string Of(ModelDefinition model) => $"{model.Name}, {Thousands(model.Parameters)} parameters";

    /// <summary>An accelerator in a few words.</summary>
    public static string Of(Kernels.Device device) => $"{device.Info.Id}, {device.Info.Name}{(device.Info.Kind == Kernels.AcceleratorKind.Cpu
        ? string.Create(CultureInfo.InvariantCulture, $", {device.Workers} workers") : "")}";
}
