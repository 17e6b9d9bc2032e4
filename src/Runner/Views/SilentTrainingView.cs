namespace GpuCnn.Runner.Views;

/// <summary>Says nothing.</summary>
internal sealed class SilentTrainingView : ITrainingView
{
    /// <inheritdoc/>
    public void Follow(Action training) => training();

    /// <inheritdoc/>
    public void OnPast(TrainingPlan plan, IReadOnlyList<EpochResult> epochs, IReadOnlyList<float> stepLosses)
    {
    }

    /// <inheritdoc/>
    public void OnStep(in StepResult result)
    {
    }

    /// <inheritdoc/>
    public void OnEpoch(EpochResult result)
    {
    }

    /// <inheritdoc/>
    public void Aside(Action write) => write();

    /// <inheritdoc/>
    public void Abandon()
    {
    }
}
