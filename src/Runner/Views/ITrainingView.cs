namespace GpuCnn.Runner.Views;

/// <summary>Shows a training: told of what happens, it runs nothing.</summary>
internal interface ITrainingView
{
    /// <summary>Shows from now on.</summary>
    void Start()
    {
    }

    /// <summary>What was done before the view began, by a run that is resumed or watched from its middle. It replaces all that the view was told before.</summary>
    /// <param name="plan">The size of the training, which may have changed.</param>
    /// <param name="epochs">The epochs done.</param>
    /// <param name="stepLosses">The losses of all steps done.</param>
    void OnPast(TrainingPlan plan, IReadOnlyList<EpochResult> epochs, IReadOnlyList<float> stepLosses)
    {
    }

    /// <summary>A step is done.</summary>
    void OnStep(in StepResult result)
    {
    }

    /// <summary>An epoch is done.</summary>
    void OnEpoch(EpochResult result)
    {
    }

    /// <summary>Writes something else to the terminal, out of the way of what is shown.</summary>
    /// <param name="write">Writes whole lines.</param>
    void Aside(Action write) => write();

    /// <summary>Shows no more, and leaves the terminal as it was, with all that stays.</summary>
    void Stop()
    {
    }

    /// <summary>The process ends at once: leaves the terminal as it was, if that is quick.</summary>
    void Abandon()
    {
    }
}

/// <summary>Shows nothing.</summary>
internal sealed class SilentTrainingView : ITrainingView;

/// <summary>The size of a training.</summary>
/// <param name="Epochs">Epochs of the run.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="ImagesPerEpoch">Training images.</param>
/// <param name="BatchSize">Images of a step; the last of an epoch may have fewer.</param>
/// <param name="LearningRate">The learning rate of the first step, or of the next when the run goes on.</param>
/// <param name="Place">Which of several trainings it is, in words; null for one alone.</param>
internal sealed record TrainingPlan(int Epochs, int StepsPerEpoch, int ImagesPerEpoch, int BatchSize, double LearningRate, string? Place = null)
{
    /// <summary>Steps of the run.</summary>
    public long Steps => (long)Epochs * StepsPerEpoch;

    /// <summary>Images that a number of steps take.</summary>
    public double Images(long steps) => ((double)(steps / StepsPerEpoch) * ImagesPerEpoch) + Math.Min((double)(steps % StepsPerEpoch) * BatchSize, ImagesPerEpoch);
}
