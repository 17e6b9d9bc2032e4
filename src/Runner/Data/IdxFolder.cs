using System.Globalization;
using System.Security.Cryptography;

namespace GpuCnn.Runner.Data;

/// <summary>A data set in four IDX files, as MNIST and its relatives come: images and labels to train on and to test with, gzipped or not.</summary>
/// <remarks>MNIST, Fashion-MNIST and Kuzushiji-MNIST name their files <c>train-images-idx3-ubyte</c>, <c>t10k-labels-idx1-ubyte</c> and so on, EMNIST
/// <c>emnist-letters-test-images-idx3-ubyte</c>. Classes are the labels of the training images. Their names are in <c>classes.txt</c>, one a line, or in EMNIST's mapping
/// of labels to characters, or are the labels themselves.</remarks>
internal sealed class IdxFolder : DataFolder
{
    private const string ImagesEnd = "images-idx3-ubyte", LabelsEnd = "labels-idx1-ubyte";

    /// <summary>The SHA-256 of Fashion-MNIST's training labels: its files have MNIST's names and do not say which clothes the numbers are.</summary>
    private const string FashionLabels = "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7";

    private readonly Files train, test;
    private readonly byte[]? classOf;

    private IdxFolder(string path, Files train, Files test, TensorShape shape, IReadOnlyList<string> classNames, byte[]? classOf) : base(path, classNames) =>
        (this.train, this.test, Shape, this.classOf) = (train, test, shape, classOf);

    /// <inheritdoc/>
    public override TensorShape? Shape { get; }

    /// <summary>Opens a folder of IDX files.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>Null when no file in it looks like one.</returns>
    /// <exception cref="InvalidFileException">A file is missing or damaged, or there are several data sets.</exception>
    public static IdxFolder? TryOpen(string path)
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
        return new IdxFolder(path, train, test, new TensorShape(1, sizes[1], sizes[2]), classNames, classOf);
    }

    /// <inheritdoc/>
    public override LoadedImages Load(DataSplit split, TensorShape shape)
    {
        Files files = split == DataSplit.Train ? train : test;
        Task<IdxFile> reading = Task.Run(() => IdxFile.Read(files.Labels, 1));
        IdxFile images = IdxFile.Read(files.Images, 3), labels = reading.GetAwaiter().GetResult();
        if (images.Shape[0] != labels.Shape[0])
        {
            throw new InvalidFileException(files.Labels, $"it has {labels.Shape[0]} labels for {images.Shape[0]} images");
        }
        var own = new TensorShape(1, images.Shape[1], images.Shape[2]);
        if (own != shape)
        {
            throw new InvalidFileException(files.Images, $"its images are {own}, not {shape}");
        }
        byte[] classes = labels.Values;
        for (int i = 0; i < classes.Length; i++)
        {
            int known = classOf is null ? classes[i] : classOf[classes[i]];
            if (known >= ClassNames.Count)
            {
                throw new InvalidFileException(files.Labels, $"label {classes[i]} of image {i}, but the classes are {(classOf is null ? $"0 to {ClassNames.Count - 1}" : string.Join(", ", ClassNames))}");
            }
            classes[i] = (byte)known;
        }
        return new LoadedImages(new ImageSet(images.Values, classes, own, ClassNames), []);
    }

    private sealed record Files(string Images, string Labels);

    private static string Stem(string name) => name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;

    /// <summary>What stands before <c>train-</c> in the names: nothing, or for EMNIST the name of the variant.</summary>
    private static string Prefix(string path, string[] images)
    {
        string[] prefixes = [.. images.Select(name => Stem(name)[..^ImagesEnd.Length])
            .Select(start => start is "t10k-" ? "" : start.EndsWith("train-", StringComparison.Ordinal) ? start[..^6] : start.EndsWith("test-", StringComparison.Ordinal) ? start[..^5] : start).Distinct()];
        return prefixes.Length <= 1 ? prefixes.FirstOrDefault("") : throw new InvalidFileException(path,
            $"it holds {prefixes.Length} data sets ({string.Join(", ", prefixes.Select(prefix => $"{prefix}train"))}); give --data a folder with the four files of one");
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
        var classOf = new byte[MostClasses];
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
        var classOf = new byte[MostClasses];
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
}
