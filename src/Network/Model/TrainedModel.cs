namespace GpuCnn;

/// <summary>A model, its weights, and what is known of them: all that a weights file holds, and all that a program needs to use the model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Weights">Its tensors, in any order.</param>
public sealed record TrainedModel(ModelDefinition Model, IReadOnlyList<WeightTensor> Weights)
{
    /// <summary>The names of the classes; null where they are not known.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>The accuracy on images held out from training; null where it is not known.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>The accuracy on the test images; null where it is not known.</summary>
    public double? TestAccuracy { get; init; }

    /// <summary>The mean of the outermost pixels of the training images, 0 for black to 1 for white; null where it is not known. It tells light on dark from dark on light.</summary>
    public double? BorderBrightness { get; init; }

    /// <summary>The decay of the exponential average that the weights are; null where they are no average, or it is not known.</summary>
    public double? AverageDecay { get; init; }

    /// <summary>Writes a weights file, which is replaced only when all is on the disk. The same model gives the same bytes.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelMismatchException">The weights are not the model's.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public void Save(string path)
    {
        Model.Match(Weights);
        SafetensorsFile.Save(path, new SafetensorsContent(Weights, ModelMetadata.Of(this)));
    }

    /// <summary>Reads a weights file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model that it must belong to; null for the one that it describes, or where it describes none for the one of <see cref="ModelZoo.All"/>
    /// that its tensors fit.</param>
    /// <returns>The model, its weights, and what the file says of them.</returns>
    /// <exception cref="InvalidFileException">The file is damaged, or describes no model and fits none, or not the one wanted.</exception>
    public static TrainedModel Load(string path, ModelDefinition? model = null)
    {
        SafetensorsContent content = SafetensorsFile.Load(path);
        ModelDefinition? described = ModelMetadata.Model(path, content.Metadata);
        try
        {
            ModelDefinition chosen = model ?? described ?? ModelZoo.All.FirstOrDefault(candidate => Fits(candidate, content.Tensors))
                ?? throw new InvalidFileException(path, $"its tensors are those of none of the models {string.Join(", ", ModelZoo.All.Select(each => each.Name))}");
            chosen.Match(content.Tensors);
            return described is null || Layers(described) == Layers(chosen)
                ? ModelMetadata.Complete(path, content.Metadata, new TrainedModel(chosen, content.Tensors))
                : throw new InvalidFileException(path, $"its weights fit model {chosen.Name}, but it says that it has other layers: leave out the model, the file describes it");
        }
        catch (ModelMismatchException exception)
        {
            throw new InvalidFileException(path, exception.Message, exception);
        }
    }

    private static bool Fits(ModelDefinition model, IReadOnlyList<WeightTensor> tensors) =>
        tensors.Count == model.Parameters.Count
        && model.Parameters.All(each => tensors.Any(tensor => tensor.Name == each.Name && tensor.Shape.SequenceEqual(each.Shape)));

    /// <summary>All of a model that its weights are bound to: its name and its epochs are not.</summary>
    private static string Layers(ModelDefinition model) => ModelFile.Text(new ModelDefinition("any", model.Input, 1, model.Layers), figures: false, indented: false);
}
