using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace GpuCnn;

/// <summary>A type of elements that safetensors files have for weights. All are read as single precision, which holds every value of them.</summary>
/// <param name="Name">Its name in files.</param>
/// <param name="Size">Bytes of an element.</param>
internal sealed record ElementType(string Name, int Size)
{
    /// <summary>Single precision, the only one that is written.</summary>
    public static ElementType Single { get; } = new("F32", sizeof(float));

    /// <summary>Half precision of IEEE 754.</summary>
    public static ElementType Half { get; } = new("F16", sizeof(ushort));

    /// <summary>The upper half of single precision.</summary>
    public static ElementType BrainHalf { get; } = new("BF16", sizeof(ushort));

    /// <summary>All that are read.</summary>
    public static IReadOnlyList<ElementType> All { get; } = [Single, Half, BrainHalf];

    /// <summary>What PyTorch counts a batch normalization's steps in.</summary>
    private static readonly ElementType Counter = new("I64", sizeof(long));

    /// <summary>Whether a tensor counts a batch normalization's steps: PyTorch writes it, it is no weight, and it is passed over, cast to another type too.</summary>
    /// <param name="tensor">The tensor's name.</param>
    public static bool IsCount(string tensor) => tensor.EndsWith(".num_batches_tracked", StringComparison.Ordinal);

    /// <summary>The type of a tensor; null for one that is not read.</summary>
    /// <param name="type">Its name in files.</param>
    /// <param name="tensor">The tensor's name.</param>
    public static ElementType? Find(string type, string tensor) => All.FirstOrDefault(each => each.Name == type)
        ?? (type == Counter.Name && IsCount(tensor) ? Counter : null);

    /// <summary>Reads elements, little endian in files.</summary>
    /// <param name="stream">The file, at the first element.</param>
    /// <param name="count">The number of elements.</param>
    public float[] Read(Stream stream, long count)
    {
        var values = new float[count];
        if (this == Single)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }
        var bytes = new byte[count * Size];
        stream.ReadExactly(bytes);
        for (int i = 0; i < values.Length; i++)
        {
            ushort bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(i * Size));
            values[i] = this == Half ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)bits << 16);
        }
        return values;
    }
}
