namespace GpuCnn;

/// <summary>The softmax of one image's logits. NaN among them makes every probability NaN.</summary>
internal readonly ref struct Softmax
{
    private readonly ReadOnlySpan<float> logits;
    private readonly double max, sum;

    /// <summary>Looks at the logits once; they are read again by every other member.</summary>
    public Softmax(ReadOnlySpan<float> logits)
    {
        this.logits = logits;
        for (int i = 1; i < logits.Length; i++)
        {
            Class = logits[i] > logits[Class] ? i : Class;
        }
        max = logits[Class];
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }
        LogSum = max + Math.Log(sum);
    }

    /// <summary>The class with the largest logit, the lowest among equals.</summary>
    public int Class { get; }

    /// <summary>The logarithm of the sum of all logits' exponentials; less a class's logit, the cross-entropy.</summary>
    public double LogSum { get; }

    /// <summary>A class's probability.</summary>
    public double this[int index] => Math.Exp(logits[index] - LogSum);

    /// <summary>The probabilities in single precision; they may overwrite the logits.</summary>
    public void CopyTo(Span<float> probabilities)
    {
        for (int i = 0; i < logits.Length; i++)
        {
            // The exponential is rounded too: predictions.csv has these digits.
            probabilities[i] = (float)((float)Math.Exp(logits[i] - max) / sum);
        }
    }
}
