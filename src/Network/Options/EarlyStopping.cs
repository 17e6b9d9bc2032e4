namespace GpuCnn;

/// <summary>When a training ends before all its epochs are done: when a metric of the images held out has not improved for so many epochs in a row.</summary>
public sealed record EarlyStopping
{
    /// <summary>Epochs in a row without improvement after which the training ends; 0 for never.</summary>
    public int Patience { get; init; }

    /// <summary>What is to improve.</summary>
    public ValidationMetric Metric { get; init; }

    /// <summary>An improvement on the best value by no more than this is none: as much loss, or as much of the share of images.</summary>
    public double MinChange { get; init; }

    /// <summary>Epochs at the start of the training that are not watched, because the metric still jumps; from 0.</summary>
    public int Skip { get; init; }
}
