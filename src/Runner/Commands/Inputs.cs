using GpuCnn.Runner.Data;

namespace GpuCnn.Runner.Commands;

/// <summary>What several commands read before they compute.</summary>
internal static class Inputs
{
    /// <summary>Starts to read a split of the data set: unpacking it takes as long as starting the accelerator, so both are done at once.</summary>
    /// <returns>The images, or the exception that says what is wrong with a file.</returns>
    public static Task<ImageSet> StartReading(string folder, DataSplit split) => Task.Run(() => split == DataSplit.Train ? FashionMnist.LoadTrain(folder) : FashionMnist.LoadTest(folder));

    /// <summary>Takes the fingerprint of images as soon as they are read, beside whatever else is done.</summary>
    /// <param name="reading">The images, being read.</param>
    public static async Task<string> StartFingerprint(Task<ImageSet> reading) => DataFingerprint.Of(await reading.ConfigureAwait(false));

    /// <summary>Reads a weights file and finds its model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model it must belong to; null for the one that its tensors fit.</param>
    /// <returns>The model and its tensors.</returns>
    /// <exception cref="InvalidFileException">The file is damaged, or fits no model, or not the one wanted.</exception>
    public static (ModelDefinition Model, IReadOnlyList<WeightTensor> Tensors) Weights(string path, ModelDefinition? model)
    {
        IReadOnlyList<WeightTensor> tensors = WeightsFile.Load(path);
        try
        {
            model ??= ModelDefinition.All.FirstOrDefault(candidate => Fits(candidate, tensors))
                ?? throw new InvalidFileException(path, $"its tensors are those of none of the models {string.Join(", ", ModelDefinition.All.Select(each => each.Name))}");
            model.Match(tensors);
            return (model, tensors);
        }
        catch (ModelMismatchException exception)
        {
            throw new InvalidFileException(path, exception.Message, exception);
        }
    }

    private static bool Fits(ModelDefinition model, IReadOnlyList<WeightTensor> tensors) =>
        tensors.Count == model.ParameterSpecs.Count
        && model.ParameterSpecs.All(spec => tensors.Any(tensor => tensor.Name == spec.Name && tensor.Shape.SequenceEqual(spec.Shape)));
}
