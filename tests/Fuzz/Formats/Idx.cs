using System.Buffers.Binary;
using System.IO.Compression;
using CsCheck;

namespace GpuCnn.Fuzz.Formats;

/// <summary>Data sets: gzipped IDX files.</summary>
internal static class Idx
{
    private const string ImagesName = "t10k-images-idx3-ubyte.gz", LabelsName = "t10k-labels-idx1-ubyte.gz";

    private static readonly byte[][] Contents =
        [Content([3, 4, 5], 60, 1), Content([1, 1, 1], 1, 2), Content([2, 28, 28], 1568, 3), Content([40, 28, 28], 31360, 0)];

    /// <summary>Images as they lie in the file.</summary>
    public static Target Images { get; } = new("idx", "x.gz", [.. Contents.Select(Pack), [.. Pack(Contents[0]), .. Pack(Contents[1])]], path => IdxFile.Read(path, 3).Values.LongLength);

    /// <summary>Images with damage behind the compression.</summary>
    public static Target Unpacked { get; } = new("idx-unpacked", "x.gz", Contents, path => IdxFile.Read(path, 3).Values.LongLength)
    {
        Finish = Pack,
        Structures = from magic in Gen.Frequency((8, Gen.Const(0x803)), (1, Gen.Int[0x7ff, 0xe05]), (1, Gen.Int))
                     from sizes in Sizes.Array[3]
                     from off in Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[-3, 3]), (1, Gen.Int[-2000, 2000]))
                     from value in Gen.Byte
                     from level in Gen.OneOf(CompressionLevel.Fastest, CompressionLevel.SmallestSize, CompressionLevel.NoCompression)
                     select Pack(Content(magic, sizes, (long)sizes[0] * sizes[1] * sizes[2] + off, value), level),
    };

    /// <summary>Labels, beside images that are valid.</summary>
    public static Target Labels { get; } = new("labels", LabelsName, [Content([3], 3, 1), Content([1], 1, 0), Content([700], 700, 0)], path =>
    {
        // By itself first: the data set reads its two files on two threads, and only what this one allocates is counted.
        long labels = IdxFile.Read(path, 1).Values.LongLength;
        return labels + FashionMnist.LoadTest(Path.GetDirectoryName(path)!).Pixels.Length;
    })
    {
        Finish = Pack,
        Surround = folder => File.WriteAllBytes(Path.Combine(folder, ImagesName), Pack(Contents[0])),
    };

    /// <summary>Writes the four files of a data set whose labels are 0, 1 and 2.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="prefix">What their names begin with; EMNIST's if there is one.</param>
    public static void Surround(string folder, string prefix)
    {
        foreach (string part in (string[])["train", prefix.Length > 0 ? "test" : "t10k"])
        {
            File.WriteAllBytes(Path.Combine(folder, $"{prefix}{part}-images-idx3-ubyte.gz"), Pack(Contents[0]));
            File.WriteAllBytes(Path.Combine(folder, $"{prefix}{part}-labels-idx1-ubyte.gz"), Pack(Content([3], 3, 1)));
        }
    }

    private static Gen<int> Sizes => Gen.Frequency((6, Gen.Int[1, 30]), (2, Gen.OneOf(0, 1, -1, int.MaxValue, 1 << 16, 1 << 20)), (1, Gen.Int[1, 4000]));

    private static byte[] Content(int[] shape, int count, int step) => Content(0x800 + shape.Length, shape, count, step);

    private static byte[] Content(int magic, int[] shape, long count, int step)
    {
        var bytes = new byte[(4 * (shape.Length + 1)) + Math.Clamp(count, 0, 1 << 20)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, magic);
        for (int i = 0; i < shape.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * (i + 1)), shape[i]);
        }
        for (int i = 4 * (shape.Length + 1); i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i * step % 10);
        }
        return bytes;
    }

    private static byte[] Pack(byte[] content) => Pack(content, CompressionLevel.Fastest);

    private static byte[] Pack(byte[] content, CompressionLevel level)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, level))
        {
            stream.Write(content);
        }
        return packed.ToArray();
    }
}
