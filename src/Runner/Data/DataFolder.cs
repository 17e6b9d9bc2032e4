namespace GpuCnn.Runner.Data;

/// <summary>A folder of labelled images: IDX files, or pictures sorted into a folder a class.</summary>
/// <param name="path">The folder.</param>
/// <param name="classNames">The classes' names.</param>
internal abstract class DataFolder(string path, IReadOnlyList<string> classNames)
{
    /// <summary>The most classes: labels are bytes.</summary>
    public const int MostClasses = 256;

    /// <summary>The folder.</summary>
    public string Path { get; } = path;

    /// <summary>The classes' names, in the order of their numbers.</summary>
    public IReadOnlyList<string> ClassNames { get; } = classNames;

    /// <summary>The shape that the images have; null where they are pictures, which take any.</summary>
    public abstract TensorShape? Shape { get; }

    /// <summary>Finds out what a folder holds. No image is read yet.</summary>
    /// <param name="given">What the user gave; null for the Fashion-MNIST of the repository.</param>
    /// <exception cref="InvalidFileException">There is no such folder, or it holds no data set.</exception>
    public static DataFolder Open(string? given)
    {
        string path = FashionMnist.FindFolder(given);
        if (IdxFolder.TryOpen(path) is { } files)
        {
            return files;
        }
        return PictureFolder.TryOpen(path) ?? throw new InvalidFileException(path,
            "it holds no data set: give --data a folder with IDX files (train-images-idx3-ubyte.gz and so on), or with one folder of PNG or JPEG files for each class");
    }

    /// <summary>Reads a split.</summary>
    /// <param name="split">Which.</param>
    /// <param name="shape">The shape that the images are to have: <see cref="Shape"/>, or for pictures any.</param>
    /// <exception cref="InvalidFileException">A file is missing or damaged; the message names it.</exception>
    public abstract LoadedImages Load(DataSplit split, TensorShape shape);

    /// <summary>Reads the names of classes, one a line.</summary>
    protected static IReadOnlyList<string>? ReadClassNames(string folder)
    {
        string file = System.IO.Path.Combine(folder, "classes.txt");
        if (!File.Exists(file))
        {
            return null;
        }
        string[] names = [.. ReadLines(file).Where(line => line.Length > 0)];
        return names.Length is > 0 and <= MostClasses && names.Distinct().Count() == names.Length
            ? names
            : throw new InvalidFileException(file, $"it has {names.Length} names, {names.Distinct().Count()} of them different; 1 to {MostClasses} different names are needed, one a line");
    }

    /// <summary>The lines of a small text file, without blanks around them.</summary>
    protected static IReadOnlyList<string> ReadLines(string file)
    {
        const int Most = 1 << 20;
        try
        {
            return new FileInfo(file).Length <= Most
                ? [.. File.ReadLines(file).Select(line => line.Trim())]
                : throw new InvalidFileException(file, $"it has more than {Most} bytes, too many for a list of names");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidFileException(file, $"it cannot be read ({exception.Message.Split('\n')[0]})", exception);
        }
    }
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
