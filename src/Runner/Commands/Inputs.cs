using GpuCnn.Runner.Data;

namespace GpuCnn.Runner.Commands;

/// <summary>What several commands read before they compute.</summary>
internal static class Inputs
{
    /// <summary>How many files that were left out are named, each on a line.</summary>
    private const int NamedSkips = 5;

    /// <summary>Starts to read a split of a data set: unpacking it takes as long as starting the accelerator, so both are done at once.</summary>
    /// <param name="host">Where to say which files were left out.</param>
    /// <param name="data">The data set.</param>
    /// <param name="split">The split.</param>
    /// <param name="shape">What pictures are brought to; data of one size keep theirs.</param>
    /// <returns>The images, or the exception that says what is wrong with a file.</returns>
    public static Task<ImageSet> StartReading(Host host, DataFolder data, DataSplit split, TensorShape shape) => Task.Run(() =>
    {
        LoadedImages loaded = data.Load(split, data.Shape ?? shape);
        SaySkipped(host.Error, data.Path, loaded);
        return loaded.Images;
    });

    private static void SaySkipped(TextWriter error, string folder, LoadedImages loaded)
    {
        if (loaded.Skipped.Count == 0)
        {
            return;
        }
        string reasons = string.Join(", ", loaded.Skipped.CountBy(file => file.Reason).OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Value} {pair.Key}"));
        SkippedFile[] damaged = [.. loaded.Skipped.Where(file => file.Reason == SkippedFile.Damaged).Take(NamedSkips)];
        // One write: two splits are read at once.
        error.Write(string.Concat(damaged.Select(file => $"gpucnn: warning: {file.File}: {file.Problem}\n"))
            + $"gpucnn: warning: {folder}: {loaded.Skipped.Count} of {loaded.Images.Count + loaded.Skipped.Count} files are left out: {reasons}\n");
    }

    /// <summary>Checks that images of a data set can go through a model, and says what to give if they cannot: without <c>--data</c> they are Fashion-MNIST's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">The images.</param>
    /// <exception cref="OptionException">They cannot.</exception>
    public static void RequireFit(ModelDefinition model, ImageSet images)
    {
        try
        {
            model.RequireFit(images);
        }
        catch (ModelException exception)
        {
            throw new OptionException("--data", $"{exception.Message}; give images that the model is for");
        }
    }

    /// <summary>Warns when images call a class otherwise than those that a model was trained on: its number may mean something else.</summary>
    /// <param name="host">Where to warn.</param>
    /// <param name="model">The model.</param>
    /// <param name="images">The images, which fit it.</param>
    public static void CompareClasses(Host host, TrainedModel model, ImageSet images)
    {
        int other = model.ClassNames is { } names ? Enumerable.Range(0, names.Count).FirstOrDefault(i => names[i] != images.ClassNames[i], -1) : -1;
        if (other >= 0)
        {
            host.Error.WriteLine($"gpucnn: warning: class {other} is '{model.ClassNames![other]}' in the weights and '{images.ClassNames[other]}' in the images");
        }
    }
}
