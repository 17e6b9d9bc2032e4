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
