namespace GpuCnn;

/// <summary>How a layer's tensors are named behind the layer's name: as <c>torch.nn</c> names them.</summary>
internal static class ParameterNames
{
    public const string Weight = "weight", Bias = "bias", RunningMean = "running_mean", RunningVariance = "running_var";

    /// <summary>Whether a tensor holds a running moment, which no optimizer changes.</summary>
    public static bool IsRunning(string name) => name.EndsWith(RunningMean, StringComparison.Ordinal) || name.EndsWith(RunningVariance, StringComparison.Ordinal);
}
