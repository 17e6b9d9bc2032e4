namespace GpuCnn;

/// <summary>The names of a layer's tensors after the layer's own: those of <c>torch.nn</c>.</summary>
internal static class ParameterNames
{
    public const string Weight = "weight", Bias = "bias", RunningMean = "running_mean", RunningVariance = "running_var";

    /// <summary>Whether a tensor holds a running moment, which no optimizer changes.</summary>
    public static bool IsRunning(string name) => name.EndsWith(RunningMean, StringComparison.Ordinal) || name.EndsWith(RunningVariance, StringComparison.Ordinal);
}
