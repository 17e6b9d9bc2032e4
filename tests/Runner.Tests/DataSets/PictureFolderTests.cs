using GpuCnn.Runner.Data;
using GpuCnn.Runner.Pictures;
using SkiaSharp;
using Xunit;

namespace GpuCnn.Runner.Tests.DataSets;

/// <summary>Folders of pictures as data sets.</summary>
public sealed class PictureFolderTests : IDisposable
{
    private static readonly TensorShape Grey = new(1, 28, 28), Colour = new(3, 20, 24);

    private readonly string root = Directory.CreateTempSubdirectory("gpucnn-pictures-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Every_sixth_picture_of_a_class_tests_and_the_last_ones_are_of_all_classes()
    {
        string data = Shapes("data", 30);
        DataFolder folder = DataFolder.Open(data);
        Assert.Equal(PictureSamples.Shapes, folder.ClassNames);
        Assert.Null(folder.Shape);
        ImageSet train = folder.Load(DataSplit.Train, Grey).Images, test = folder.Load(DataSplit.Test, Grey).Images;
        Assert.Equal((125, 25), (train.Count, test.Count));
        Assert.All(train.Labels.ToArray().CountBy(label => label), pair => Assert.Equal(25, pair.Value));
        Assert.Equal(5, train.Labels.ToArray()[^25..].Distinct().Count());
        // No picture is in both, and each is there: found again by its pixels.
        var seen = new HashSet<string>();
        foreach (ImageSet set in (ImageSet[])[train, test])
        {
            for (int i = 0; i < set.Count; i++)
            {
                Assert.True(seen.Add(Convert.ToHexString(set.Pixels.Span.Slice(i * 784, 784))));
            }
        }
    }

    [Fact]
    public void Train_and_test_folders_are_taken_as_they_are()
    {
        foreach ((string split, int count) in ((string, int)[])[("train", 4), ("val", 3)])
        {
            foreach (string shape in PictureSamples.Shapes[..2])
            {
                for (int i = 0; i < count; i++)
                {
                    PictureSamples.WriteShape(Path.Combine(root, "data", split, shape, $"{i}.png"), shape, new Random(i));
                }
            }
        }
        DataFolder folder = DataFolder.Open(Path.Combine(root, "data"));
        Assert.Equal(PictureSamples.Shapes[..2], folder.ClassNames);
        Assert.Equal((8, 6), (folder.Load(DataSplit.Train, Grey).Images.Count, folder.Load(DataSplit.Test, Colour).Images.Count));
        Directory.CreateDirectory(Path.Combine(root, "data", "val", "hexagon"));
        Assert.Equal($"{Path.Combine(root, "data", "val", "hexagon")}: there is no class of that name in {Path.Combine(root, "data", "train")}",
            Assert.Throws<InvalidFileException>(() => DataFolder.Open(Path.Combine(root, "data"))).Message);
    }

    [Fact]
    public void What_cannot_be_read_is_left_out_and_named_from_the_cache_too()
    {
        string data = Shapes("data", 6), broken = Path.Combine(data, "ring", "0.png"), text = Path.Combine(data, "ring", "notes.txt");
        File.WriteAllBytes(broken, File.ReadAllBytes(broken)[..60]);
        File.WriteAllText(text, "not a picture");
        File.WriteAllText(Path.Combine(data, "ring", ".hidden"), "not looked at");
        LoadedImages[] twice = [.. Enumerable.Range(0, 2).Select(_ => DataFolder.Open(data).Load(DataSplit.Train, Grey))];
        ImageSet test = DataFolder.Open(data).Load(DataSplit.Test, Grey).Images;
        foreach (LoadedImages loaded in twice)
        {
            Assert.Equal(29, loaded.Images.Count + test.Count);
            Assert.Contains(loaded.Skipped, file => file.File == text && file.Reason == "not PNG or JPEG");
        }
        Assert.Equal(twice[0].Skipped, twice[1].Skipped);
        Assert.Equal(twice[0].Images.Pixels.ToArray(), twice[1].Images.Pixels.ToArray());
        SkippedFile[] damaged = [.. twice[1].Skipped.Concat(DataFolder.Open(data).Load(DataSplit.Test, Grey).Skipped).Where(file => file.Reason == "damaged")];
        Assert.Equal(broken, Assert.Single(damaged).File);
    }

    [Fact]
    public void A_picture_that_changes_is_read_again()
    {
        string data = Shapes("data", 6), file = Path.Combine(data, "circle", "1.png");
        byte[] before = All(data);
        PictureSamples.Write(file, 28, 28, canvas => canvas.Clear(SKColors.White));
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(1));
        Assert.NotEqual(before, All(data));
        static byte[] All(string data) => [.. ((DataSplit[])[DataSplit.Train, DataSplit.Test]).SelectMany(split => DataFolder.Open(data).Load(split, Grey).Images.Pixels.ToArray())];
    }

    [Fact]
    public void Folders_that_are_no_data_set_are_refused_in_one_line()
    {
        Refused("it holds no data set");
        PictureSamples.WriteShape(Path.Combine(root, "one", "a.png"), "ring", new Random(1));
        Refused("it has 1 folder with pictures, one a class; 2 to 256 are needed");
        Directory.CreateDirectory(Path.Combine(root, "two"));
        Assert.Contains("there is no PNG or JPEG file in it", Assert.Throws<InvalidFileException>(() => DataFolder.Open(root)).Message, StringComparison.Ordinal);
        PictureSamples.WriteShape(Path.Combine(root, "two", "a.png"), "ring", new Random(1));
        Assert.Contains("there are no pictures to test with", Assert.Throws<InvalidFileException>(() => DataFolder.Open(root).Load(DataSplit.Test, Grey)).Message, StringComparison.Ordinal);
        string split = Path.Combine(root, "split"), test = Directory.CreateDirectory(Path.Combine(split, "test")).FullName;
        foreach (string name in (string[])["a", "b"])
        {
            PictureSamples.WriteShape(Path.Combine(split, "train", name, "a.png"), "ring", new Random(1));
        }
        Assert.Equal($"{test}: there are no pictures to test with in it; fill or remove it", Assert.Throws<InvalidFileException>(() => DataFolder.Open(split).Load(DataSplit.Test, Grey)).Message);
        void Refused(string problem) => Assert.StartsWith($"{root}: {problem}", Assert.Throws<InvalidFileException>(() => DataFolder.Open(root)).Message);
    }

    [Fact]
    public void A_picture_of_the_right_size_keeps_its_pixels()
    {
        string file = Path.Combine(root, "exact.png");
        PictureSamples.Write(file, 24, 20, canvas =>
        {
            for (int i = 0; i < 24 * 20; i++)
            {
                canvas.DrawPoint(i % 24, i / 24, new SKColor((byte)(i * 7), (byte)(i * 11), (byte)(i * 13)));
            }
        });
        var pixels = new byte[Colour.Count];
        ImageFile.ReadScaled(file, Colour, pixels);
        Assert.Equal([.. Enumerable.Range(0, 24 * 20).SelectMany(i => (byte[])[(byte)(i * 7), (byte)(i * 11), (byte)(i * 13)])], pixels);
    }

    [Fact]
    public void A_wide_picture_is_shrunk_whole_and_its_border_goes_on()
    {
        string file = Path.Combine(root, "wide.png");
        // 112 x 56, white, with a black right half: at 28 x 28 it takes the rows 7 to 20.
        PictureSamples.Write(file, 112, 56, canvas =>
        {
            canvas.Clear(SKColors.White);
            using var black = new SKPaint { Color = SKColors.Black };
            canvas.DrawRect(56, 8, 48, 40, black);
        });
        var pixels = new byte[Grey.Count];
        ImageFile.ReadScaled(file, Grey, pixels);
        byte At(int x, int y) => pixels[(y * 28) + x];
        Assert.Equal((255, 255, 255, 0), (At(3, 3), At(3, 14), At(27, 14), At(20, 14)));
        Assert.Equal(255, At(20, 2));
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(2, 1, 0)]
    [InlineData(3, 1, 1)]
    [InlineData(4, 0, 1)]
    [InlineData(5, 0, 0)]
    [InlineData(6, 1, 0)]
    [InlineData(7, 1, 1)]
    [InlineData(8, 0, 1)]
    public void A_photograph_is_turned_as_its_camera_says(int orientation, int right, int below)
    {
        // The corner that is stored at the top left is seen where EXIF says.
        string file = Path.Combine(root, $"{orientation}.jpg");
        PictureSamples.Write(file, 64, 64, canvas =>
        {
            canvas.Clear(SKColors.Black);
            using var white = new SKPaint { Color = SKColors.White };
            canvas.DrawRect(0, 0, 32, 32, white);
        });
        byte[] jpeg = File.ReadAllBytes(file);
        byte[] exif = [0xff, 0xe1, 0, 34, .. "Exif"u8, 0, 0, .. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
        File.WriteAllBytes(file, [.. jpeg[..2], .. exif, .. jpeg[2..]]);
        var pixels = new byte[Grey.Count];
        ImageFile.ReadScaled(file, Grey, pixels);
        for (int corner = 0; corner < 4; corner++)
        {
            int x = (corner % 2 * 14) + 7, y = (corner / 2 * 14) + 7;
            Assert.Equal(corner % 2 == right && corner / 2 == below, pixels[(y * 28) + x] > 128);
        }
    }

    private string Shapes(string name, int each)
    {
        string folder = Path.Combine(root, name);
        for (int shape = 0; shape < PictureSamples.Shapes.Length; shape++)
        {
            for (int i = 0; i < each; i++)
            {
                PictureSamples.WriteShape(Path.Combine(folder, PictureSamples.Shapes[shape], $"{i}.{(i % 2 == 0 ? "png" : "jpg")}"), PictureSamples.Shapes[shape], new Random((shape * 1000) + i));
            }
        }
        return folder;
    }
}
