namespace GpuCnn.Runner.Data;

/// <summary>Fashion-MNIST as its authors publish it: four gzipped IDX files in a folder.</summary>
public static class FashionMnist
{
    /// <summary>Where the repository keeps the files.</summary>
    public const string RepositoryFolder = "data/fashion-mnist";

    /// <summary>The ten classes.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>Reads the training images.</summary>
    /// <param name="folder">The folder with the four files.</param>
    /// <returns>60,000 images of 1x28x28, if the folder holds the original files.</returns>
    /// <exception cref="InvalidFileException">A file is missing or damaged; the message names it.</exception>
    public static ImageSet LoadTrain(string folder) => Load(folder, "train");

    /// <summary>Reads the test images.</summary>
    /// <param name="folder">The folder with the four files.</param>
    /// <returns>10,000 images of 1x28x28, if the folder holds the original files.</returns>
    /// <exception cref="InvalidFileException">A file is missing or damaged; the message names it.</exception>
    public static ImageSet LoadTest(string folder) => Load(folder, "t10k");

    /// <summary>The folder to read: the one given, else the repository's, looked for from the current folder and from the program upwards.</summary>
    /// <param name="given">What the user gave; null for nothing.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="InvalidFileException">There is no such folder.</exception>
    public static string FindFolder(string? given)
    {
        if (given is not null)
        {
            return Directory.Exists(given) ? given : throw new InvalidFileException(given, File.Exists(given) ? "it is a file, --data takes a folder" : "there is no such folder");
        }
        foreach (string start in (string[])[Directory.GetCurrentDirectory(), AppContext.BaseDirectory])
        {
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
            {
                string candidate = Path.Combine(folder.FullName, RepositoryFolder);
                if (Directory.Exists(candidate))
                {
                    return candidate;
                }
            }
        }
        throw new InvalidFileException(RepositoryFolder, "no such folder here or above; give --data a folder with the four Fashion-MNIST .gz files");
    }

    private static ImageSet Load(string folder, string part)
    {
        string imagesPath = Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"), labelsPath = Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz");
        Task<IdxFile> reading = Task.Run(() => IdxFile.Read(labelsPath, 1));
        IdxFile images = IdxFile.Read(imagesPath, 3), labels = reading.GetAwaiter().GetResult();
        if (images.Shape[0] != labels.Shape[0])
        {
            throw new InvalidFileException(labelsPath, $"it has {labels.Shape[0]} labels for {images.Shape[0]} images");
        }
        int wrong = labels.Values.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(ClassNames.Count - 1));
        return wrong < 0
            ? new ImageSet(images.Values, labels.Values, new TensorShape(1, images.Shape[1], images.Shape[2]), ClassNames)
            : throw new InvalidFileException(labelsPath, $"label {labels.Values[wrong]} of image {wrong}, but the classes are 0 to {ClassNames.Count - 1}");
    }
}
