namespace GpuCnn.Runner.Views;

/// <summary>One line an epoch, for logs and pipes.</summary>
internal sealed class PlainTrainingView(TextWriter writer, TrainingPlan plan) : ITrainingView
{
    private TrainingPlan plan = plan;
    private int written;

    /// <inheritdoc/>
    public void Follow(Action training)
    {
        writer.WriteLine(EpochTable.Heading);
        training();
    }

    /// <inheritdoc/>
    public void OnPast(TrainingPlan plan, IReadOnlyList<EpochResult> epochs, IReadOnlyList<float> stepLosses)
    {
        this.plan = plan;
        foreach (EpochResult result in epochs.Skip(written))
        {
            OnEpoch(result);
        }
        written = epochs.Count;
    }

    /// <inheritdoc/>
    public void OnStep(in StepResult result)
    {
    }

    /// <inheritdoc/>
    public void OnEpoch(EpochResult result)
    {
        writer.WriteLine(EpochTable.Row(result, plan.Epochs));
        writer.Flush();
        written++;
    }

    /// <inheritdoc/>
    public void Abandon()
    {
    }
}
