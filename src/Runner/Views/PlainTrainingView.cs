namespace GpuCnn.Runner.Views;

/// <summary>One line an epoch, for logs and pipes.</summary>
internal sealed class PlainTrainingView(TextWriter writer, TrainingPlan plan) : ITrainingView
{
    private TrainingPlan plan = plan;
    private int written;
    private bool gone;

    /// <inheritdoc/>
    public void Start() => Write(EpochTable.Heading);

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
    public void OnEpoch(EpochResult result)
    {
        Write(EpochTable.Row(result, plan.Epochs));
        written++;
    }

    private void Write(string line)
    {
        if (gone)
        {
            return;
        }
        try
        {
            writer.WriteLine(line);
            writer.Flush();
        }
        catch (IOException)
        {
            // The terminal or the file is gone; the training is not.
            gone = true;
        }
    }
}
