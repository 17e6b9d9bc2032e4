using System.Globalization;
using System.Security.Cryptography;

namespace GpuCnn;

/// <summary>A data set in four IDX files, as MNIST and its relatives come: images and labels to train on and to test with, gzipped or not.</summary>
/// <remarks>MNIST, Fashion-MNIST and Kuzushiji-MNIST name their files <c>train-images-idx3-ubyte</c>, <c>t10k-labels-idx1-ubyte</c> and so on, EMNIST
/// <c>emnist-letters-test-images-idx3-ubyte</c>. Classes are the labels of the training images. Their names are in <c>classes.txt</c>, one a line, or in EMNIST's mapping
/// of labels to characters, or are the labels themselves.</remarks>
public sealed class IdxDataSet
{
    private const string ImagesEnd = "images-idx3-ubyte", LabelsEnd = "labels-idx1-ubyte";

    /// <summary>The SHA-256 of Fashion-MNIST's training labels: its files have MNIST's names and do not say which clothes the numbers are.</summary>
    private const string FashionLabels = "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7";

    private readonly Files train, test;
    private readonly byte[]? classOf;

    private IdxDataSet(string path, Files train, Files test, TensorShape shape, IReadOnlyList<string> classNames, byte[]? classOf) =>
        (Path, this.train, this.test, Shape, ClassNames, this.classOf) = (path, train, test, shape, classNames, classOf);

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The classes' names, in the order of their numbers.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The shape of the images, of one channel.</summary>
    public TensorShape Shape { get; }

    /// <summary>Reads two IDX files, gzip-compressed or not.</summary>
    /// <param name="imagesPath">[images, height, width].</param>
    /// <param name="labelsPath">[images].</param>
    /// <param name="classNames">The classes' names; label 0 is the first.</param>
    /// <returns>The images, of one channel.</returns>
    /// <exception cref="InvalidFileException">A file is missing or damaged, they do not belong together, or a label has no class; the message names the file.</exception>
    public static ImageSet ReadImages(string imagesPath, string labelsPath, IReadOnlyList<string> classNames) =>
        IdxFile.ReadImages(imagesPath, labelsPath, classNames);

    /// <summary>Opens a folder of IDX files. The images are not read yet.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The data set.</returns>
    /// <exception cref="InvalidFileException">There is no such folder, it holds no data set or several, or a file is missing or damaged.</exception>
    public static IdxDataSet Open(string path) => !Directory.Exists(path) ? throw new InvalidFileException(path, "there is no such folder")
        : TryOpen(path) ?? throw new InvalidFileException(path, "it holds no IDX files; their names are train-images-idx3-ubyte.gz and so on");

    /// <summary>Opens a folder that may hold IDX files. The images are not read yet.</summary>
    /// <param name="path">The folder, which must be there.</param>
    /// <returns>The data set; null when no file looks like one of it.</returns>
    /// <exception cref="InvalidFileException">A file is missing or damaged, or there are several data sets.</exception>
    public static IdxDataSet? TryOpen(string path)
    {
        string[] names = [.. Directory.EnumerateFiles(path).Select(file => System.IO.Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        string[] images = [.. names.Where(name => Stem(name).EndsWith(ImagesEnd, StringComparison.Ordinal))];
        if (images.Length == 0 && !names.Any(name => Stem(name).EndsWith(LabelsEnd, StringComparison.Ordinal)))
        {
            return null;
        }
        string prefix = Prefix(path, images);
        Files train = Find(path, names, $"{prefix}train-"), test = Find(path, names, prefix.Length == 0 && !names.Any(name => name.StartsWith("test-", StringComparison.Ordinal)) ? "t10k-" : $"{prefix}test-");
        IReadOnlyList<int> sizes = IdxFile.ReadShape(train.Images, 3);
        byte[] labels = IdxFile.Read(train.Labels, 1).Values;
        (IReadOnlyList<string> classNames, byte[]? classOf) = Classes(path, prefix, train.Labels, labels);
        return new IdxDataSet(path, train, test, new TensorShape(1, sizes[1], sizes[2]), classNames, classOf);
    }

    /// <summary>Reads the images to train on, those to be held out for validation included.</summary>
    /// <returns>The images.</returns>
    /// <exception cref="InvalidFileException">A file is missing or damaged; the message names it.</exception>
    public ImageSet LoadTrain() => Load(train);

    /// <summary>Reads the images that training never sees.</summary>
    /// <returns>The images.</returns>
    /// <exception cref="InvalidFileException">A file is missing or damaged, or has images of another size; the message names it.</exception>
    public ImageSet LoadTest() => Load(test);

    private ImageSet Load(Files files)
    {
        IReadOnlyList<int> sizes = IdxFile.ReadShape(files.Images, 3);
        var own = new TensorShape(1, sizes[1], sizes[2]);
        return own == Shape
            ? IdxFile.ReadImages(files.Images, files.Labels, ClassNames, classOf)
            : throw new InvalidFileException(files.Images, $"its images are {own}, not {Shape}");
    }

    private sealed record Files(string Images, string Labels);

    private static string Stem(string name) => name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;

    /// <summary>What stands before <c>train-</c> in the names: nothing, or for EMNIST the name of the variant.</summary>
    private static string Prefix(string path, string[] images)
    {
        string[] prefixes = [.. images.Select(name => Stem(name)[..^ImagesEnd.Length])
            .Select(start => start is "t10k-" ? "" : start.EndsWith("train-", StringComparison.Ordinal) ? start[..^6] : start.EndsWith("test-", StringComparison.Ordinal) ? start[..^5] : start).Distinct()];
        return prefixes.Length <= 1 ? prefixes.FirstOrDefault("") : throw new InvalidFileException(path,
            $"it holds {prefixes.Length} data sets ({string.Join(", ", prefixes.Select(prefix => $"{prefix}train"))}); give a folder with the four files of one");
    }

    private static Files Find(string path, string[] names, string start)
    {
        string One(string end)
        {
            string wanted = start + end;
            string name = names.FirstOrDefault(name => Stem(name) == wanted) ?? $"{wanted}.gz";
            return System.IO.Path.Combine(path, name);
        }
        return new Files(One(ImagesEnd), One(LabelsEnd));
    }

    /// <summary>The names of the classes, and the class of each label where that is not the label itself.</summary>
    private static (IReadOnlyList<string> Names, byte[]? ClassOf) Classes(string path, string prefix, string labelsFile, byte[] labels)
    {
        if (ReadClassNames(path) is { } names)
        {
            return (names, null);
        }
        if (Convert.ToHexStringLower(SHA256.HashData(labels)) == FashionLabels)
        {
            return (FashionMnist.ClassNames, null);
        }
        byte[] distinct = [.. labels.Distinct().Order()];
        string mapping = System.IO.Path.Combine(path, $"{prefix}mapping.txt");
        if (File.Exists(mapping))
        {
            return Mapped(mapping, labelsFile, distinct);
        }
        var classOf = new byte[FileLimits.Classes];
        Array.Fill(classOf, byte.MaxValue);
        for (int i = 0; i < distinct.Length; i++)
        {
            classOf[distinct[i]] = (byte)i;
        }
        return ([.. distinct.Select(label => label.ToString(CultureInfo.InvariantCulture))], distinct[^1] == distinct.Length - 1 ? null : classOf);
    }

    /// <summary>EMNIST's mapping: a line a class, its label and the codes of the characters that it stands for.</summary>
    private static (IReadOnlyList<string> Names, byte[] ClassOf) Mapped(string file, string labelsFile, byte[] distinct)
    {
        var names = new List<string>();
        var classOf = new byte[FileLimits.Classes];
        Array.Fill(classOf, byte.MaxValue);
        foreach (string line in ReadLines(file).Where(line => line.Length > 0))
        {
            int[] numbers = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1)];
            if (numbers.Length < 2 || numbers[0] is < 0 or > byte.MaxValue || numbers[1..].Any(code => code is < 33 or > 126) || classOf[numbers[0]] != byte.MaxValue || names.Count == byte.MaxValue)
            {
                throw new InvalidFileException(file, "a line of it is not a label, each once, and the codes of characters");
            }
            classOf[numbers[0]] = (byte)names.Count;
            names.Add(string.Join('/', numbers[1..].Select(code => (char)code)));
        }
        return distinct.FirstOrDefault(label => classOf[label] == byte.MaxValue) is var unknown && distinct.Any(label => classOf[label] == byte.MaxValue)
            ? throw new InvalidFileException(labelsFile, $"label {unknown} is not in {file}")
            : (names, classOf);
    }

    /// <summary>Reads the names of classes, one a line.</summary>
    private static string[]? ReadClassNames(string folder)
    {
        string file = System.IO.Path.Combine(folder, "classes.txt");
        if (!File.Exists(file))
        {
            return null;
        }
        string[] names = [.. ReadLines(file).Where(line => line.Length > 0)];
        return names.Length is > 0 and <= FileLimits.Classes && names.Distinct().Count() == names.Length
            ? names
            : throw new InvalidFileException(file, $"it has {names.Length} names, {names.Distinct().Count()} of them different; 1 to {FileLimits.Classes} different names are needed, one a line");
    }

    /// <summary>The lines of a small text file, without blanks around them.</summary>
    private static string[] ReadLines(string file)
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
