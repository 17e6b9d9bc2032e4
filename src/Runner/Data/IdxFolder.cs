namespace GpuCnn.Runner.Data;

/// <summary>A data set in IDX files.</summary>
/// <param name="data">The data set.</param>
internal sealed class IdxFolder(IdxDataSet data) : DataFolder(data.Path, data.ClassNames)
{
    /// <inheritdoc/>
    public override TensorShape? Shape => data.Shape;

    /// <inheritdoc/>
    public override LoadedImages Load(DataSplit split, TensorShape shape) => shape == data.Shape
        ? new LoadedImages(split == DataSplit.Train ? data.LoadTrain() : data.LoadTest(), [])
        : throw new InvalidFileException(data.Path, $"its images are {data.Shape}, not {shape}");
}
