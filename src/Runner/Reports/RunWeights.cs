namespace GpuCnn.Runner.Reports;

/// <summary>The two weights files of a run. What could not be written is kept until it can.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="write">Writes a file; whether it could.</param>
internal sealed class RunWeights(RunFolder folder, Func<string, Action, bool> write)
{
    private TrainedModel? last, best;
    private bool lastIsWritten = true, bestIsWritten = true;

    /// <summary>The best weights so far.</summary>
    /// <exception cref="InvalidFileException">They were saved before this process began, and cannot be read.</exception>
    public TrainedModel Best => best ??= TrainedModel.Load(folder.BestWeights);

    /// <summary>The tensors of <see cref="Best"/> where this process has them; null when they are only in their file, or there are none yet.</summary>
    public IReadOnlyList<WeightTensor>? KnownBest => best?.Weights;

    /// <summary>Saves best weights of which a checkpoint tells, whatever their file holds.</summary>
    /// <param name="weights">The weights.</param>
    public void RestoreBest(TrainedModel weights)
    {
        (best, bestIsWritten) = (weights, false);
        SaveUnwritten();
    }

    /// <summary>Saves the weights of now, and the best ones where that was not possible before.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="areBest">Whether they are the best.</param>
    public void Save(TrainedModel weights, bool areBest)
    {
        (last, lastIsWritten) = (weights, false);
        if (areBest)
        {
            (best, bestIsWritten) = (weights, false);
        }
        SaveUnwritten();
    }

    /// <summary>Adds to the files how their weights did on the test images.</summary>
    /// <param name="lastAccuracy">The accuracy of the last weights.</param>
    /// <param name="bestAccuracy">The accuracy of the best.</param>
    /// <exception cref="InvalidFileException">They were saved before this process began, and cannot be read.</exception>
    public void SaveAccuracies(double lastAccuracy, double bestAccuracy)
    {
        last = (last ?? TrainedModel.Load(folder.LastWeights)) with { TestAccuracy = lastAccuracy };
        best = Best with { TestAccuracy = bestAccuracy };
        lastIsWritten = bestIsWritten = false;
        SaveUnwritten();
    }

    /// <summary>Somebody has removed the files.</summary>
    public void Removed() => (lastIsWritten, bestIsWritten) = (last is null, best is null);

    /// <summary>Tries again to save what could not be saved.</summary>
    public void SaveUnwritten()
    {
        lastIsWritten = lastIsWritten || write(folder.LastWeights, () => last!.Save(folder.LastWeights));
        bestIsWritten = bestIsWritten || write(folder.BestWeights, () => best!.Save(folder.BestWeights));
    }

    /// <summary>Saves in the folder for temporary files what cannot be saved where it should be, so that hours of training end in a file and not in nothing.</summary>
    /// <returns>The folder; null when nothing was left to be saved.</returns>
    /// <exception cref="IOException">That is impossible too.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public string? Rescue()
    {
        if (lastIsWritten && bestIsWritten)
        {
            return null;
        }
        string elsewhere = Directory.CreateTempSubdirectory("gpucnn-").FullName;
        if (!lastIsWritten)
        {
            last!.Save(Path.Combine(elsewhere, Path.GetFileName(folder.LastWeights)));
        }
        if (!bestIsWritten)
        {
            best!.Save(Path.Combine(elsewhere, Path.GetFileName(folder.BestWeights)));
        }
        return elsewhere;
    }
}
