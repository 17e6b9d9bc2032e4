namespace GpuCnn.Runner.Views;

/// <summary>A point of a curve; a run's epochs lie along X.</summary>
internal readonly record struct ChartPoint(double X, double Y);

/// <summary>The losses of any number of steps in memory of a fixed size: means of ever longer stretches.</summary>
internal sealed class StepCurve
{
    private const int Bins = 1024;

    private readonly double[] sums = new double[Bins];
    private long steps, stepsPerBin = 1;

    /// <summary>Adds the loss of the next step.</summary>
    public void Add(double loss)
    {
        if (steps == Bins * stepsPerBin)
        {
            for (int i = 0; i < Bins / 2; i++)
            {
                sums[i] = sums[2 * i] + sums[(2 * i) + 1];
            }
            Array.Clear(sums, Bins / 2, Bins / 2);
            stepsPerBin *= 2;
        }
        sums[steps++ / stepsPerBin] += loss;
    }

    /// <summary>The means, each in the middle of its stretch.</summary>
    public ChartPoint[] Points(int stepsPerEpoch)
    {
        var points = new ChartPoint[(steps + stepsPerBin - 1) / stepsPerBin];
        for (int i = 0; i < points.Length; i++)
        {
            long first = i * stepsPerBin, count = Math.Min(stepsPerBin, steps - first);
            points[i] = new ChartPoint((first + (count / 2.0)) / stepsPerEpoch, sums[i] / count);
        }
        return points;
    }
}
