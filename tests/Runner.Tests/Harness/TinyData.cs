using System.Buffers.Binary;
using System.IO.Compression;

namespace GpuCnn.Runner.Tests;

/// <summary>A data folder with Fashion-MNIST's file names and 300 + 100 images that are easy to tell apart, and a weights file trained on them.</summary>
public sealed class TinyData : IDisposable
{
    public const int TrainImages = 300, TestImages = 100;

    public TinyData()
    {
        Root = Directory.CreateTempSubdirectory("gpucnn-tests-").FullName;
        Data = Path.Combine(Root, "data");
        Write(Data, "train", TrainImages);
        File.WriteAllLines(Path.Combine(Data, "classes.txt"), FashionMnist.ClassNames);
        Write(Data, "t10k", TestImages);
        WeightsFile.Save(Weights, Tensors(ModelZoo.Cnn1, 0.01f));
    }

    /// <summary>A folder that is empty but for the data, the weights and what tests put there.</summary>
    public string Root { get; }

    public string Data { get; }

    /// <summary>Weights of cnn1, all the same number.</summary>
    public string Weights => Path.Combine(Root, "cnn1.safetensors");

    public static IReadOnlyList<WeightTensor> Tensors(ModelDefinition model, float value) =>
        [.. model.Parameters.Select(spec => new WeightTensor(spec.Name, spec.Shape, [.. Enumerable.Repeat(value, spec.Shape.Aggregate(1, (a, b) => a * b))]))];

    /// <summary>A path that nothing has used yet.</summary>
    public string New(string name) => Path.Combine(Root, $"{name}-{Guid.NewGuid():N}");

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>Images whose bright rows tell the class, with a little noise.</summary>
    private static void Write(string folder, string part, int count)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(count);
        byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % 10))];
        var pixels = new byte[count * 784];
        for (int i = 0; i < pixels.Length; i++)
        {
            bool bright = i % 784 / 28 / 2 == labels[i / 784];
            pixels[i] = (byte)((bright ? 200 : 0) + random.Next(50));
        }
        WriteIdx(Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"), pixels, count, 28, 28);
        WriteIdx(Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz"), labels, count);
    }

    /// <summary>Gives the last image of a label file another class.</summary>
    public static void ChangeOneLabel(string path)
    {
        var content = new MemoryStream();
        using (var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress))
        {
            stream.CopyTo(content);
        }
        byte[] bytes = content.ToArray();
        bytes[^1] = (byte)(9 - bytes[^1]);
        using var changed = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        changed.Write(bytes);
    }

    /// <summary>Writes an IDX file of bytes, gzipped if its name says so.</summary>
    public static void WriteIdx(string path, byte[] values, params int[] shape)
    {
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.Create(path), CompressionLevel.Fastest) : File.Create(path);
        var word = new byte[4];
        foreach (int number in (int[])[0x800 + shape.Length, .. shape])
        {
            BinaryPrimitives.WriteInt32BigEndian(word, number);
            stream.Write(word);
        }
        stream.Write(values);
    }
}
