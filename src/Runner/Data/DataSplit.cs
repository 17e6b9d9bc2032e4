namespace GpuCnn.Runner.Data;

/// <summary>A part of a data set.</summary>
internal enum DataSplit
{
    /// <summary>The images that training never sees.</summary>
    Test,

    /// <summary>The images to train on, those held out for validation included.</summary>
    Train,
}
