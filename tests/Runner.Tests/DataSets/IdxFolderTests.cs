using GpuCnn.Runner.Data;
using Xunit;

namespace GpuCnn.Runner.Tests.DataSets;

/// <summary>Folders of IDX files as data sets: MNIST's relatives.</summary>
public sealed class IdxFolderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("gpucnn-idx-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Fashion_mnist_knows_its_classes()
    {
        DataFolder folder = DataFolder.Open(null);
        Assert.Equal(FashionMnist.ClassNames, folder.ClassNames);
        Assert.Equal(new TensorShape(1, 28, 28), folder.Shape);
        ImageSet test = folder.Load(DataSplit.Test, folder.Shape!.Value).Images, same = FashionMnist.LoadTest(folder.Path);
        Assert.Equal(same.Labels.ToArray(), test.Labels.ToArray());
        Assert.True(same.Pixels.Span.SequenceEqual(test.Pixels.Span));
    }

    [Theory]
    [InlineData("", "t10k-", ".gz")]
    [InlineData("", "t10k-", "")]
    [InlineData("emnist-letters-", "emnist-letters-test-", ".gz")]
    public void Classes_and_size_come_from_the_data(string prefix, string test, string end)
    {
        Write($"{prefix}train-", end, [3, 1, 2, 3], 5, 4);
        Write(test, end, [2, 3], 5, 4);
        DataFolder folder = DataFolder.Open(root);
        Assert.Equal(["1", "2", "3"], folder.ClassNames);
        Assert.Equal(new TensorShape(1, 5, 4), folder.Shape);
        Assert.Equal([2, 0, 1, 2], folder.Load(DataSplit.Train, folder.Shape!.Value).Images.Labels.ToArray());
        Assert.Equal([1, 2], folder.Load(DataSplit.Test, folder.Shape!.Value).Images.Labels.ToArray());
    }

    [Fact]
    public void Names_are_read_from_emnists_mapping_and_from_a_list()
    {
        Write("emnist-mini-train-", ".gz", [0, 7, 0], 2, 2);
        Write("emnist-mini-test-", ".gz", [7], 2, 2);
        File.WriteAllText(Path.Combine(root, "emnist-mini-mapping.txt"), "0 48\n7 65 97\n");
        DataFolder mapped = DataFolder.Open(root);
        Assert.Equal(["0", "A/a"], mapped.ClassNames);
        Assert.Equal([1], mapped.Load(DataSplit.Test, mapped.Shape!.Value).Images.Labels.ToArray());
        File.WriteAllText(Path.Combine(root, "classes.txt"), "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\n");
        DataFolder named = DataFolder.Open(root);
        Assert.Equal("seven", named.ClassNames[named.Load(DataSplit.Test, named.Shape!.Value).Images.Labels.Span[0]]);
    }

    [Fact]
    public void What_does_not_belong_together_is_refused_in_one_line()
    {
        Write("train-", ".gz", [0, 1], 2, 2);
        Assert.Equal($"{Path.Combine(root, "t10k-images-idx3-ubyte.gz")}: there is no such file", Message(() => DataFolder.Open(root).Load(DataSplit.Test, new TensorShape(1, 2, 2))));
        Write("t10k-", ".gz", [2], 2, 2);
        Assert.Equal($"{Path.Combine(root, "t10k-labels-idx1-ubyte.gz")}: label 2 of image 0, but the classes are 0 to 1", Message(() => DataFolder.Open(root).Load(DataSplit.Test, new TensorShape(1, 2, 2))));
        Write("t10k-", ".gz", [1], 3, 2);
        Assert.Equal($"{Path.Combine(root, "t10k-images-idx3-ubyte.gz")}: its images are 1x3x2, not 1x2x2", Message(() => DataFolder.Open(root).Load(DataSplit.Test, new TensorShape(1, 2, 2))));
        Assert.Equal($"{root}: its images are 1x2x2, not 1x3x3", Message(() => DataFolder.Open(root).Load(DataSplit.Train, new TensorShape(1, 3, 3))));
        File.WriteAllText(Path.Combine(root, "classes.txt"), "a\na\n");
        Assert.Equal($"{Path.Combine(root, "classes.txt")}: it has 2 names, 1 of them different; 1 to 256 different names are needed, one a line", Message(() => DataFolder.Open(root)));
        Write("emnist-letters-train-", ".gz", [1], 2, 2);
        Assert.Equal($"{root}: it holds 2 data sets (emnist-letters-train, train); give a folder with the four files of one", Message(() => DataFolder.Open(root)));
    }

    private static string Message(Action action) => Assert.Throws<InvalidFileException>(action).Message;

    private void Write(string start, string end, byte[] labels, int height, int width)
    {
        TinyData.WriteIdx(Path.Combine(root, $"{start}images-idx3-ubyte{end}"), [.. Enumerable.Range(0, labels.Length * height * width).Select(i => (byte)i)], labels.Length, height, width);
        TinyData.WriteIdx(Path.Combine(root, $"{start}labels-idx1-ubyte{end}"), labels, labels.Length);
    }
}
