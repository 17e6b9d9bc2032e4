namespace GpuCnn;

/// <summary>Fashion-MNIST as its authors publish it: four gzipped IDX files in a folder.</summary>
internal static class FashionMnist
{
    /// <summary>Where a clone of the repository, and the command-line tool, keep the files.</summary>
    public const string RepositoryFolder = "data/fashion-mnist";

    private const string DebianFolder = "/usr/share/datasets/fashion-mnist";

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

    /// <summary>Looks for the folder with the four files: <see cref="RepositoryFolder"/> in the current folder or beside the program, or in a folder above one of them; then
    /// where Debian's package dataset-fashion-mnist puts them.</summary>
    /// <returns>The folder; null when there is none.</returns>
    public static string? FindFolder()
    {
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
        return Directory.Exists(DebianFolder) ? DebianFolder : null;
    }

    private static ImageSet Load(string folder, string part) =>
        IdxFile.ReadImages(Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"), Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz"), ClassNames);
}
