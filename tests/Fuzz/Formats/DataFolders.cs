using System.IO.Hashing;
using System.Text;
using CsCheck;
using GpuCnn.Runner.Data;
using SkiaSharp;

namespace GpuCnn.Fuzz.Formats;

/// <summary>Folders of data: the names of their classes, of files and folders, and what is kept of pictures that were decoded.</summary>
internal static class DataFolders
{
    private static readonly TensorShape Shape = new(1, 4, 4);

    private static readonly Picture[] Kept = [new("/data/a/1.png", 0), new("/data/a/2.png", 0), new("/data/b/1.png", 1)];

    /// <summary>The names of classes beside IDX files.</summary>
    public static Target ClassNames { get; } = new("classes", "classes.txt", [Bytes("shirt\nshoe\nbag\n"), Bytes("\u00e9\r\n\u4e2d\r\n x \r\n"), Bytes("0\n1\n2")], path => Opened(path, ""))
    {
        Surround = folder => Idx.Surround(folder, ""),
        Words = ["\r", "\n", "\u001b[31m", "\u202e", "\0", "\u2028"],
    };

    /// <summary>EMNIST's mapping of labels to characters.</summary>
    public static Target Mapping { get; } = new("mapping", "emnist-x-mapping.txt", [Bytes("0 48\n1 49\n2 50 51\n"), Bytes("0 65 97\r\n1 66 98\r\n2 67\r\n200 33")], path => Opened(path, "emnist-x-"))
    {
        Surround = folder => Idx.Surround(folder, "emnist-x-"),
        Words = ["\n", " ", "255", "256", "-1", "2147483648", "127", "32"],
        Structures = from lines in Gen.Select(Gen.Frequency((6, Gen.Int[0, 4]), (1, Gen.Int)), Gen.Frequency((6, Gen.Int[33, 126]), (1, Gen.Int)).Array[0, 3]).Array[0, 8]
                     select Bytes(string.Concat(lines.Select(line => $"{line.Item1} {string.Join(' ', line.Item2)}\n"))),
    };

    /// <summary>Names of class folders and of the files in them, a line each: <c>folder/file</c>.</summary>
    public static Target Names { get; } = new("picture-names", "names", [Bytes("a/1.png\na/2.png\nb/1.png\nb/2.png"), Bytes("train/a/1.png\ntrain/b/1.png\ntest/a/2.png"), Bytes("a/1.PNG\na/x/y.jpeg\nb/.hidden.png\nb/z.jpg")], ReadNamed)
    {
        Words = ["train/", "test/", "validation/", "/", ".png", ".PNG", ".jpg", "\u001b[31m", "\u202e", "\u00e9", "e\u0301", " ", "..", "\\", "'", "\"", "\n"],
    };

    /// <summary>What is kept of decoded pictures, its checksum made right.</summary>
    public static Target Cache { get; } = new("picture-cache", "pictures-0123", [Entry(3, "[]"), Entry(2, "[{\"File\":\"/data/a/2.png\",\"Reason\":\"damaged\",\"Problem\":\"it is empty\"}]")], path =>
    {
        try
        {
            return PictureCache.Read(path, Kept, Shape) is { } found ? new ImageSet(found.Pixels, found.Labels, Shape, ["a", "b"]).Pixels.Length + found.Damaged.Sum(each => (long)each.Problem.Length) : 0;
        }
        catch (System.Text.Json.JsonException)
        {
            return 0;
        }
    })
    {
        Finish = content => [.. content, .. XxHash64.Hash(content)],
        Words = ["GPUCNN1\n", "[", "]", "null", "{}", "\"File\":", "\"Problem\":null", "damaged"],
    };

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static long Opened(string path, string prefix)
    {
        IdxDataSet data = IdxDataSet.Open(Path.GetDirectoryName(path)!);
        string? bad = data.LoadTest().ClassNames.FirstOrDefault(name => !Oracle.IsPlain(name));
        return bad is null ? prefix.Length + data.ClassNames.Sum(name => 2L * name.Length) : throw new FormatException($"a class is named {bad}");
    }

    private static byte[] Entry(int count, string damaged)
    {
        byte[] json = Bytes(damaged), labels = count == 3 ? [0, 0, 1] : [0, 1];
        return [.. "GPUCNN1\n"u8, .. BitConverter.GetBytes(count), .. BitConverter.GetBytes(json.Length), .. labels, .. new byte[count * Shape.Count], .. json];
    }

    /// <summary>Makes folders and files of the names, as far as the system takes them, and opens the folder as a data set.</summary>
    private static long ReadNamed(string path)
    {
        string root = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(path)!, "data")).FullName;
        try
        {
            foreach (string name in Encoding.UTF8.GetString(File.ReadAllBytes(path)).Split('\n').Take(40))
            {
                Make(root, name.Split('/'));
            }
            DataFolder data = DataFolder.Open(root);
            var pictures = Directory.EnumerateFiles(root, "*", PictureFolder.Visible).Select(file => new Picture(file, 0)).ToList();
            return 2 * (DecodedPictures.Decode(pictures, Shape).Pixels.Length + data.ClassNames.Sum(name => (long)name.Length));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void Make(string root, string[] parts)
    {
        if (parts.Length > 6 || Array.Exists(parts, part => part.Length == 0 || part is "." or ".." || part.Contains('\0', StringComparison.Ordinal)))
        {
            return;
        }
        try
        {
            Directory.CreateDirectory(Path.Combine([root, .. parts[..^1]]));
            File.WriteAllBytes(Path.Combine([root, .. parts]), Picture.Value);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A name that is too long, or a file where a folder is to be.
        }
    }

    private static readonly Lazy<byte[]> Picture = new(() =>
    {
        using var bitmap = new SKBitmap(new SKImageInfo(5, 3, SKColorType.Gray8, SKAlphaType.Opaque));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 80);
        return data.ToArray();
    });
}
