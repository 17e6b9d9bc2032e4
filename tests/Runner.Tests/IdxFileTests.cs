using System.Buffers.Binary;
using System.IO.Compression;
using CsCheck;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Reading of Fashion-MNIST's files, and of files that only look like them.</summary>
public sealed class IdxFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gpucnn-idx-").FullName;

    private string File => Path.Combine(folder, "x.gz");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_real_files_are_read()
    {
        string data = FashionMnist.FindFolder()!;
        ImageSet train = FashionMnist.LoadTrain(data), test = FashionMnist.LoadTest(data);
        Assert.Equal((60_000, 10_000), (train.Count, test.Count));
        Assert.Equal(new TensorShape(1, 28, 28), train.Shape);
        Assert.Equal([9, 0, 0, 3, 0, 2, 7, 2, 5, 5], train.Labels.Span[..10].ToArray());
        foreach (ImageSet set in (ImageSet[])[train, test])
        {
            Assert.All(set.Labels.ToArray().CountBy(label => label), pair => Assert.Equal(set.Count / 10, pair.Value));
        }
        // The mean pixel of the training images, as everybody finds it: 0.2860 of 255.
        Assert.Equal(0.2860, train.Pixels.ToArray().Average(pixel => pixel / 255.0), 4);
    }

    [Fact]
    public void A_small_file_is_read()
    {
        Write(Idx([2, 1, 3], [1, 2, 3, 4, 5, 6]));
        IdxFile file = IdxFile.Read(File, 3);
        Assert.Equal([2, 1, 3], file.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], file.Values);
    }

    [Fact]
    public void Files_that_are_not_what_they_should_be_are_refused_in_one_line()
    {
        Refused(3, "there is no such file");
        System.IO.File.WriteAllBytes(File, []);
        Refused(3, "it ends too early");
        System.IO.File.WriteAllText(File, "this is not gzip at all, whatever its name says");
        Refused(3, "its gzip data is damaged");
        Write(Idx([4], [1, 2, 3, 4]));
        Refused(3, "it starts with 0x00000801, an IDX file of bytes with 3 dimensions starts with 0x00000803");
        Write(Idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7]));
        Refused(3, "it ends too early");
        Write(Idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9]));
        Refused(3, "it has more than the 8 elements that it claims");
        Write(Idx([-1, -1, -1], [1]));
        Refused(3, "it claims 79228162458924105385300197375 elements");
        Write(Idx([0, 28, 28], []));
        Refused(3, "it claims 0 elements");
        Write(Idx([1 << 20, 28, 28], [1, 2, 3]));
        Refused(3, "it claims 822083584 elements, which a file of");
    }

    [Fact]
    public void A_file_cut_or_changed_anywhere_is_refused_or_read_but_nothing_else()
    {
        var random = new Random(1);
        var values = new byte[600];
        random.NextBytes(values);
        Write(Idx([6, 10, 10], values));
        byte[] valid = System.IO.File.ReadAllBytes(File);
        for (int cut = 0; cut < valid.Length; cut++)
        {
            System.IO.File.WriteAllBytes(File, valid[..cut]);
            Assert.Throws<InvalidFileException>(() => IdxFile.Read(File, 3));
        }
        Gen.Select(Gen.Int[0, valid.Length - 1].Array[1, 4], Gen.Byte.Array[1, 4]).Sample((places, bytes) =>
        {
            byte[] mutated = [.. valid];
            for (int i = 0; i < places.Length; i++)
            {
                mutated[places[i]] = bytes[i % bytes.Length];
            }
            System.IO.File.WriteAllBytes(File, mutated);
            Attempt();
        }, iter: 3000, threads: 1);
        // Damage behind the compression is found only by what it says.
        byte[] inner = Idx([6, 10, 10], values);
        Gen.Select(Gen.Int[0, 20], Gen.Byte).Sample((place, value) =>
        {
            byte[] mutated = [.. inner];
            mutated[place] = value;
            Write(mutated);
            Attempt();
        }, iter: 1000, threads: 1);
    }

    [Fact]
    public void Labels_and_images_that_disagree_are_refused_by_name()
    {
        string images = Path.Combine(folder, "t10k-images-idx3-ubyte.gz"), labels = Path.Combine(folder, "t10k-labels-idx1-ubyte.gz");
        WriteTo(images, Idx([3, 2, 2], new byte[12]));
        WriteTo(labels, Idx([2], [1, 2]));
        Assert.Equal($"{labels}: it has 2 labels for 3 images", Assert.Throws<InvalidFileException>(() => FashionMnist.LoadTest(folder)).Message);
        WriteTo(labels, Idx([3], [1, 200, 2]));
        Assert.Equal($"{labels}: label 200 of image 1, but the classes are 0 to 9", Assert.Throws<InvalidFileException>(() => FashionMnist.LoadTest(folder)).Message);
        System.IO.File.Delete(labels);
        Assert.Equal($"{labels}: there is no such file", Assert.Throws<InvalidFileException>(() => FashionMnist.LoadTest(folder)).Message);
    }

    private void Attempt()
    {
        try
        {
            IdxFile.Read(File, 3);
        }
        catch (InvalidFileException exception)
        {
            Assert.StartsWith(File, exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', exception.Message);
        }
    }

    private void Refused(int dimensions, string problem)
    {
        InvalidFileException exception = Assert.Throws<InvalidFileException>(() => IdxFile.Read(File, dimensions));
        Assert.StartsWith($"{File}: {problem}", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    private static byte[] Idx(int[] shape, byte[] values)
    {
        var bytes = new byte[4 * (shape.Length + 1)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, 0x800 + shape.Length);
        for (int i = 0; i < shape.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * (i + 1)), shape[i]);
        }
        return [.. bytes, .. values];
    }

    private void Write(byte[] content) => WriteTo(File, content);

    private static void WriteTo(string path, byte[] content)
    {
        using var stream = new GZipStream(System.IO.File.Create(path), CompressionLevel.Fastest);
        stream.Write(content);
    }
}
