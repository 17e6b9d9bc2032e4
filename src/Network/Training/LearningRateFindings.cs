namespace GpuCnn;

/// <summary>A step of a search for a learning rate.</summary>
/// <param name="Step">Its number, from 1.</param>
/// <param name="LearningRate">The learning rate of its update.</param>
/// <param name="Loss">The batch's mean loss before that.</param>
/// <param name="SmoothedLoss">The mean of this loss and those before, which count ever less.</param>
internal readonly record struct LearningRatePoint(int Step, double LearningRate, double Loss, double SmoothedLoss);

/// <summary>Losses by learning rate, and what they suggest.</summary>
/// <remarks>The rules are those of fastai's lr_find (J. Howard, S. Gugger, "fastai: A Layered API for Deep Learning", Information 2020, 11(2), 108), on the
/// smoothed losses without the first tenth of the steps and the last five.</remarks>
internal sealed class LearningRateFindings
{
    /// <summary>Steps at the end that no suggestion looks at: there the loss has left its best behind.</summary>
    public const int StepsIgnoredAtEnd = 5;

    /// <summary>Parts of the steps at the beginning, one of which no suggestion looks at: there the smoothing has seen little.</summary>
    public const int PartsIgnoredAtStart = 10;

    /// <summary>Losses each less than the one before, below which nothing is suggested.</summary>
    public const int ShortestDescent = 3;

    /// <summary>The part of the first loss by which the best must be lower; less is what batches differ by.</summary>
    public const double LeastFall = 0.02;

    /// <summary>Judges the losses.</summary>
    /// <param name="points">The steps done.</param>
    /// <param name="wanted">The steps that were wanted.</param>
    public LearningRateFindings(IReadOnlyList<LearningRatePoint> points, int wanted)
    {
        ArgumentNullException.ThrowIfNull(points);
        Points = points;
        StepsWanted = wanted;
        int first = wanted / PartsIgnoredAtStart;
        LearningRatePoint[] judged = [.. points.Take(Math.Max(first, points.Count - StepsIgnoredAtEnd)).Skip(first)];
        (int start, int length) = LongestDescent(judged);
        if (length < ShortestDescent || judged[0].SmoothedLoss - judged.Min(point => point.SmoothedLoss) < LeastFall * Math.Abs(judged[0].SmoothedLoss))
        {
            return;
        }
        Valley = judged[Math.Max(0, start + (int)(length / 3.0) + (int)(length / 6.0))].LearningRate;
        Steepest = judged[IndexOfLeast(Enumerable.Range(0, judged.Length - 1).Select(i => judged[i + 1].SmoothedLoss - judged[i].SmoothedLoss))].LearningRate;
        Minimum = judged[IndexOfLeast(judged.Select(point => point.SmoothedLoss))].LearningRate / 10;
    }

    /// <summary>The steps, the learning rates ascending.</summary>
    public IReadOnlyList<LearningRatePoint> Points { get; }

    /// <summary>How many steps were wanted.</summary>
    public int StepsWanted { get; }

    /// <summary>Whether the search ended early, for the loss had grown past all hope.</summary>
    public bool Diverged => Points.Count < StepsWanted;

    /// <summary>Where the longest descent is half done: the longest sequence of losses each less than the one before, though others may lie between. Recommended: it depends on the
    /// whole curve, not on one step. Null when the loss does not fall.</summary>
    public double? Valley { get; }

    /// <summary>Where the loss falls most from one step to the next. Null when the loss does not fall.</summary>
    public double? Steepest { get; }

    /// <summary>A tenth of the learning rate with the least loss, which is too near to where it breaks. Null when the loss does not fall.</summary>
    public double? Minimum { get; }

    /// <summary>The longest sequence of losses each less than the one before; by fastai's count it starts one before its first, and is done by half a third and a sixth of its length later.</summary>
    private static (int Start, int Length) LongestDescent(LearningRatePoint[] points)
    {
        var lengths = new int[points.Length];
        int end = 0;
        for (int i = 0; i < points.Length; i++)
        {
            lengths[i] = 1;
            for (int j = 0; j < i; j++)
            {
                if (points[i].SmoothedLoss < points[j].SmoothedLoss)
                {
                    lengths[i] = Math.Max(lengths[i], lengths[j] + 1);
                }
            }
            if (lengths[i] > lengths[end])
            {
                end = i;
            }
        }
        return points.Length == 0 ? (0, 0) : (end - lengths[end], lengths[end]);
    }

    private static int IndexOfLeast(IEnumerable<double> values)
    {
        (int index, _) = values.Index().MinBy(pair => pair.Item);
        return index;
    }
}
