namespace GpuCnn.Runner.Data;

/// <summary>A folder of labelled images: IDX files, or pictures sorted into a folder a class.</summary>
/// <param name="path">The folder.</param>
/// <param name="classNames">The classes' names.</param>
internal abstract class DataFolder(string path, IReadOnlyList<string> classNames)
{
    /// <summary>The folder.</summary>
    public string Path { get; } = path;

    /// <summary>The classes' names, in the order of their numbers.</summary>
    public IReadOnlyList<string> ClassNames { get; } = classNames;

    /// <summary>The shape that the images have; null where they are pictures, which take any.</summary>
    public abstract TensorShape? Shape { get; }

    /// <summary>Finds out what a folder holds. No image is read yet.</summary>
    /// <param name="given">What the user gave; null for Fashion-MNIST, where it is found.</param>
    /// <exception cref="InvalidFileException">There is no such folder, or it holds no data set.</exception>
    public static DataFolder Open(string? given)
    {
        if (given is not null && !Directory.Exists(given))
        {
            throw new InvalidFileException(given, File.Exists(given) ? "it is a file, --data takes a folder" : "there is no such folder");
        }
        string path = given ?? FashionMnist.FindFolder()
            ?? throw new InvalidFileException(FashionMnist.RepositoryFolder, "no such folder here or above; give --data a folder with the four Fashion-MNIST .gz files");
        if (IdxDataSet.TryOpen(path) is { } files)
        {
            return new IdxFolder(files);
        }
        return PictureFolder.TryOpen(path) ?? throw new InvalidFileException(path,
            "it holds no data set: give --data a folder with IDX files (train-images-idx3-ubyte.gz and so on), or with one folder of PNG or JPEG files for each class");
    }

    /// <summary>Reads a split.</summary>
    /// <param name="split">Which.</param>
    /// <param name="shape">The shape that the images are to have: <see cref="Shape"/>, or for pictures any.</param>
    /// <exception cref="InvalidFileException">A file is missing or damaged; the message names it.</exception>
    public abstract LoadedImages Load(DataSplit split, TensorShape shape);
}

/// <summary>The images of a split that could be read, and the files that could not.</summary>
/// <param name="Images">The images.</param>
/// <param name="Skipped">What was left out and why.</param>
internal sealed record LoadedImages(ImageSet Images, IReadOnlyList<SkippedFile> Skipped);

/// <summary>A file that was left out.</summary>
/// <param name="File">The file.</param>
/// <param name="Reason">Of which kind it is, for a count: <c>damaged</c>.</param>
/// <param name="Problem">What is wrong with it.</param>
internal sealed record SkippedFile(string File, string Reason, string Problem)
{
    /// <summary>The reason of a picture that cannot be read.</summary>
    public const string Damaged = "damaged";
}
