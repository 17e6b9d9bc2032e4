using System.IO.Hashing;
using System.Text;
using GpuCnn.Runner.Pictures;

namespace GpuCnn.Runner.Data;

/// <summary>A data set of pictures: a folder for each class, with PNG and JPEG files of any size. The names of the folders are the classes' names.</summary>
/// <remarks>The class folders lie in the folder itself, or in <c>train</c> and <c>test</c> (also <c>val</c>, <c>valid</c> or <c>validation</c>) below it. Where nothing is
/// set apart to test with, every sixth picture of a class is. Pictures come in an order that looks random and depends on their names alone, so that the last ones,
/// which are held out from training, are of all classes.</remarks>
internal sealed class PictureFolder : DataFolder
{
    /// <summary>One in so many pictures of a class tests, as in Fashion-MNIST.</summary>
    private const int TestShare = 6;

    private static readonly string[] TestNames = ["test", "val", "valid", "validation"];

    /// <summary>What is looked at in folders: nothing hidden, and no link, which might lead round in a circle.</summary>
    public static readonly EnumerationOptions Visible = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint };

    private readonly string train;
    private readonly string? test;

    private PictureFolder(string path, string train, string? test, IReadOnlyList<string> classNames) : base(path, classNames) => (this.train, this.test) = (train, test);

    /// <inheritdoc/>
    public override TensorShape? Shape => null;

    /// <summary>Opens a folder of pictures.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>Null when there are no folders in it, or no pictures in those.</returns>
    /// <exception cref="InvalidFileException">A class has no pictures, or there are too many classes.</exception>
    public static PictureFolder? TryOpen(string path)
    {
        string[] folders = Folders(path);
        string train = folders.Contains("train") ? System.IO.Path.Combine(path, "train") : path;
        string? test = train == path ? null : TestNames.FirstOrDefault(folders.Contains) is { } name ? System.IO.Path.Combine(path, name) : null;
        string[] classes = Folders(train);
        if (!classes.Any(name => Files(train, name).Any(ImageFile.HasImageName)))
        {
            return null;
        }
        if (classes.Length is < 2 or > FileLimits.Classes)
        {
            throw new InvalidFileException(train, $"it has {classes.Length} folder{(classes.Length == 1 ? "" : "s")} with pictures, one a class; 2 to {FileLimits.Classes} are needed");
        }
        return classes.FirstOrDefault(name => !Files(train, name).Any(ImageFile.HasImageName)) is { } empty
            ? throw new InvalidFileException(System.IO.Path.Combine(train, empty), "there is no PNG or JPEG file in it, and each folder here is a class; fill or remove it")
            : test is not null && Folders(test).FirstOrDefault(name => !classes.Contains(name)) is { } unknown
                ? throw new InvalidFileException(System.IO.Path.Combine(test, unknown), $"there is no class of that name in {train}")
                : new PictureFolder(path, train, test, classes);
    }

    /// <inheritdoc/>
    public override LoadedImages Load(DataSplit split, TensorShape shape)
    {
        var skipped = new List<SkippedFile>();
        List<Picture> pictures = List(split, skipped);
        if (pictures.Count == 0)
        {
            throw split == DataSplit.Test && test is not null
                ? new InvalidFileException(test, "there are no pictures to test with in it; fill or remove it")
                : new InvalidFileException(split == DataSplit.Train ? train : Path, $"there are no pictures to {(split == DataSplit.Train ? "train on" : "test with")}; a class needs at least {TestShare} for one to be set apart");
        }
        DecodedPictures decoded = PictureCache.Find(Path, split, pictures, shape) ?? Decode(pictures, shape, split);
        skipped.AddRange(decoded.Damaged);
        return decoded.Labels.Length > 0
            ? new LoadedImages(new ImageSet(decoded.Pixels, decoded.Labels, shape, ClassNames), skipped)
            : throw new InvalidFileException(decoded.Damaged[0].File, $"{decoded.Damaged[0].Problem}; and none of the other pictures can be read");
    }

    private DecodedPictures Decode(List<Picture> pictures, TensorShape shape, DataSplit split)
    {
        DecodedPictures decoded = DecodedPictures.Decode(pictures, shape);
        PictureCache.Keep(Path, split, pictures, shape, decoded);
        return decoded;
    }

    private List<Picture> List(DataSplit split, List<SkippedFile> skipped)
    {
        var pictures = new List<(ulong Order, Picture Picture)>();
        for (int label = 0; label < ClassNames.Count; label++)
        {
            string folder = split == DataSplit.Test && test is not null ? test : train;
            (ulong Order, Picture Picture)[] ordered = [.. Pictures(folder, (byte)label, split, skipped)
                .Select(picture => (XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(System.IO.Path.GetRelativePath(folder, picture.File).Replace('\\', '/'))), picture))
                .OrderBy(each => each.Item1).ThenBy(each => each.picture.File, StringComparer.Ordinal)];
            int testing = test is null ? ordered.Length / TestShare : 0;
            pictures.AddRange(test is not null ? ordered : split == DataSplit.Test ? ordered[..testing] : ordered[testing..]);
        }
        return [.. pictures.OrderBy(each => each.Order).ThenBy(each => each.Picture.File, StringComparer.Ordinal).Select(each => each.Picture)];
    }

    private IEnumerable<Picture> Pictures(string folder, byte label, DataSplit split, List<SkippedFile> skipped)
    {
        if (!Directory.Exists(System.IO.Path.Combine(folder, ClassNames[label])))
        {
            yield break;
        }
        foreach (string file in Files(folder, ClassNames[label]))
        {
            if (ImageFile.HasImageName(file))
            {
                yield return new Picture(file, label);
            }
            else if (split == DataSplit.Train || test is not null)
            {
                // Where both splits come from one folder, it is said once.
                skipped.Add(new SkippedFile(file, "not PNG or JPEG", "it is no PNG or JPEG file"));
            }
        }
    }

    private static string[] Folders(string path) =>
        [.. new DirectoryInfo(path).EnumerateDirectories("*", new EnumerationOptions { AttributesToSkip = Visible.AttributesToSkip }).Select(folder => folder.Name).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Files(string folder, string name) => Directory.EnumerateFiles(System.IO.Path.Combine(folder, name), "*", Visible);
}

/// <summary>A picture of a data set.</summary>
/// <param name="File">The file.</param>
/// <param name="Label">Its class.</param>
internal sealed record Picture(string File, byte Label);
