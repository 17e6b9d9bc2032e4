namespace GpuCnn.Runner.Views;

/// <summary>Where a training is.</summary>
/// <param name="Plan">Its size.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Epoch">The epoch under way, from 1; the last one when all are done.</param>
/// <param name="StepOfEpoch">Steps done of that epoch.</param>
/// <param name="Loss">The mean loss of that epoch's steps so far; null before the first step.</param>
/// <param name="LearningRate">The learning rate of the last step, or of the first before it.</param>
/// <param name="ImagesPerSecond">How fast it is; null while that is not known.</param>
/// <param name="Left">How long the steps left will take; null while that is not known.</param>
/// <param name="Epochs">The epochs done.</param>
/// <param name="StepLosses">The losses of the steps, averaged over short stretches.</param>
internal sealed record TrainingSnapshot(TrainingPlan Plan, long Step, int Epoch, int StepOfEpoch, double? Loss, double LearningRate, double? ImagesPerSecond, TimeSpan? Left,
    IReadOnlyList<EpochResult> Epochs, IReadOnlyList<ChartPoint> StepLosses)
{
    /// <summary>The epoch with the highest validation accuracy; null when there is none.</summary>
    public EpochResult? Best => Epochs.LastOrDefault(epoch => epoch.Best && epoch.ValAccuracy is not null);
}

/// <summary>Takes the numbers of a training from its thread and gives them to the thread that draws.</summary>
internal sealed class TrainingProgress(TrainingPlan plan, TimeProvider clock)
{
    /// <summary>Losses that a GPU or a file delivers together arrive within this time, and say nothing about speed.</summary>
    private static readonly TimeSpan Bunch = TimeSpan.FromMilliseconds(1);

    /// <summary>Speed is not measured over less.</summary>
    private static readonly TimeSpan ShortestMeasure = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private readonly List<EpochResult> epochs = [];
    private TrainingPlan plan = plan;
    private StepCurve curve = new();
    private long step, lastTime, firstStep = -1, firstTime, epochStep, epochTime;
    private double epochLoss, learningRate = plan.LearningRate;
    private int lossEpoch;

    /// <summary>Replaces all that was told before by what a run did earlier.</summary>
    public void OnPast(TrainingPlan plan, IReadOnlyList<EpochResult> past, IReadOnlyList<float> stepLosses)
    {
        lock (gate)
        {
            this.plan = plan;
            epochs.Clear();
            epochs.AddRange(past);
            curve = new StepCurve();
            (step, firstStep, lossEpoch, epochLoss, learningRate) = (0, -1, 0, 0, past.Count > 0 ? past[^1].LearningRate : plan.LearningRate);
            foreach (float loss in stepLosses)
            {
                Add((int)(step / plan.StepsPerEpoch) + 1, step + 1, loss);
            }
        }
    }

    /// <summary>A step is done.</summary>
    public void OnStep(in StepResult result)
    {
        lock (gate)
        {
            Add(result.Epoch, result.Step, result.Loss);
            learningRate = result.LearningRate;
            lastTime = clock.GetTimestamp();
            // Rates are measured from the end of the first bunch, so its first step, which compiles the kernels, does not count.
            if (firstStep < 0 || (firstTime == epochTime && clock.GetElapsedTime(firstTime, lastTime) < Bunch))
            {
                firstTime = epochTime = firstStep < 0 ? lastTime : firstTime;
                firstStep = epochStep = result.Step;
            }
        }
    }

    /// <summary>An epoch is done.</summary>
    public void OnEpoch(EpochResult result)
    {
        lock (gate)
        {
            epochs.Add(result);
            learningRate = result.LearningRate;
            (epochStep, epochTime) = (step, clock.GetTimestamp());
        }
    }

    /// <summary>Where the training is now.</summary>
    public TrainingSnapshot Snapshot()
    {
        lock (gate)
        {
            int epoch = (int)Math.Clamp((step + plan.StepsPerEpoch - 1) / plan.StepsPerEpoch, 1, plan.Epochs);
            if (epochs.Count >= epoch && epoch < plan.Epochs)
            {
                epoch++;
            }
            long before = (epoch - 1L) * plan.StepsPerEpoch, stepOfEpoch = Math.Max(0, step - before);
            return new TrainingSnapshot(plan, step, epoch, (int)stepOfEpoch, step > 0 ? epochLoss / Math.Max(1, stepOfEpoch > 0 ? stepOfEpoch : plan.StepsPerEpoch) : null,
                learningRate, Speed(), Left(), [.. epochs], curve.Points(plan.StepsPerEpoch));
        }
    }

    private void Add(int epoch, long number, float loss)
    {
        if (epoch != lossEpoch)
        {
            (lossEpoch, epochLoss) = (epoch, 0);
        }
        epochLoss += loss;
        curve.Add(loss);
        step = number;
    }

    private double? Speed()
    {
        TimeSpan elapsed = clock.GetElapsedTime(epochTime, lastTime);
        return firstStep >= 0 && step > epochStep && elapsed >= ShortestMeasure ? (plan.Images(step) - plan.Images(epochStep)) / elapsed.TotalSeconds
            : epochs.Count > 0 ? epochs[^1].ImagesPerSecond
            : null;
    }

    private TimeSpan? Left()
    {
        TimeSpan elapsed = clock.GetElapsedTime(firstTime, lastTime);
        if (firstStep >= 0 && step > firstStep && elapsed >= ShortestMeasure)
        {
            // The whole run's pace, validation and saving included, less what has gone by since the last step.
            double seconds = elapsed.TotalSeconds / (step - firstStep) * (plan.Steps - step);
            return Span(Math.Max(0, seconds - clock.GetElapsedTime(lastTime).TotalSeconds));
        }
        return epochs.Count > 0 && epochs[^1].ImagesPerSecond is > 0 and double pace ? Span((plan.Images(plan.Steps) - plan.Images(step)) / pace) : null;
    }

    /// <summary>A pace next to nothing, as a file may claim it, leaves a time that is none.</summary>
    private static TimeSpan? Span(double seconds) => seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
}
