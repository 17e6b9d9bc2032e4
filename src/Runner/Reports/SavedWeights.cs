namespace GpuCnn.Runner.Reports;

/// <summary>A weights file of a run. What could not be written is kept until it can be.</summary>
internal sealed class SavedWeights(string path)
{
    private TrainedModel? model;
    private bool written = true;

    /// <summary>The weights that the file has or is to have.</summary>
    /// <exception cref="InvalidFileException">They were saved before this process began, and cannot be read.</exception>
    public TrainedModel Model => model ??= TrainedModel.Load(path);

    /// <summary>Their tensors where this process has them; null when they are only in the file, or there are none yet.</summary>
    public IReadOnlyList<WeightTensor>? Known => model?.Weights;

    /// <summary>Takes other weights, to be written.</summary>
    public void Set(TrainedModel weights) => (model, written) = (weights, false);

    /// <summary>Somebody has removed the file.</summary>
    public void Removed() => written = model is null;

    /// <summary>Writes what is not written yet.</summary>
    /// <param name="write">Writes a file; whether it could.</param>
    public void Save(Func<string, Action, bool> write) => written = written || write(path, () => model!.Save(path));

    /// <summary>Saves elsewhere what could not be saved where it should be.</summary>
    /// <param name="folder">Makes the folder; called where it is needed.</param>
    /// <exception cref="IOException">That is impossible too.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Rescue(Func<string> folder)
    {
        if (!written)
        {
            model!.Save(Path.Combine(folder(), Path.GetFileName(path)));
        }
    }
}
