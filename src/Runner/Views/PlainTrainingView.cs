namespace GpuCnn.Runner.Views;

/// <summary>One line an epoch, for logs and pipes.</summary>
internal sealed class PlainTrainingView(TextWriter writer, TrainingPlan plan) : ITrainingView
{
    /// <inheritdoc/>
    public void Follow(Action training)
    {
        writer.WriteLine(EpochTable.Heading);
        training();
    }

    /// <inheritdoc/>
    public void OnPast(IReadOnlyList<EpochResult> epochs, IReadOnlyList<float> stepLosses)
    {
        foreach (EpochResult result in epochs)
        {
            OnEpoch(result);
        }
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
    }

    /// <inheritdoc/>
    public void Abandon()
    {
    }
}
