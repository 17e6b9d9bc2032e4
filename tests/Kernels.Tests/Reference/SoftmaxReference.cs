namespace GpuCnn.Kernels.Tests;

/// <summary>Softmax and cross-entropy from the definition, in double.</summary>
public static class SoftmaxReference
{
    /// <summary>-log(exp(x[label]) / sum over k of exp(x[k])), written so that only differences of logits are exponentiated.</summary>
    public static double Loss(double[] logits, int label) => Math.Log(logits.Sum(x => Math.Exp(x - logits[label])));

    /// <summary>The cross-entropy of a target that is 1 - s on the label and s / C on every class: - sum over k of q[k] log p[k].</summary>
    public static double Loss(double[] logits, int label, double smoothing) =>
        logits.Select((_, k) => ((k == label ? 1 - smoothing : 0) + (smoothing / logits.Length)) * Loss(logits, k)).Sum();

    /// <summary>Gradient of the mean over a batch of <paramref name="batch"/> with respect to one row's logits: (softmax - target) / N.</summary>
    public static double[] Gradient(double[] logits, int label, int batch, double smoothing = 0) =>
        [.. logits.Select((x, j) => ((1 / logits.Sum(y => Math.Exp(y - x))) - (j == label ? 1 - smoothing : 0) - (smoothing / logits.Length)) / batch)];

    /// <summary>The lowest index among the largest.</summary>
    public static int Class(double[] logits) => Array.IndexOf(logits, logits.Max());
}
