using System.Buffers.Binary;

namespace GpuCnn.Runner.Import;

/// <summary>Sizes that the HDF5 library believes: it allocates what a heap, or a text in one, claims to have before it reads it. They are looked at first, wherever they are in a file.</summary>
internal static class HeapSizes
{
    /// <summary>Signature and version, padded to the size that follows.</summary>
    private const int HeadLength = 8, SizeLength = 8;

    private static readonly byte[] Texts = [.. "GCOL"u8, 1], Names = [.. "HEAP"u8, 0];

    /// <summary>Checks every heap of a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">One is larger than the file.</exception>
    public static void Check(string path)
    {
        ReadOnlySpan<byte> file = FileReader.ReadAll(path, FileLimits.KerasBytes).Span;
        CheckAll(path, file, Names, _ => { });
        CheckAll(path, file, Texts, heap => CheckTexts(path, heap));
    }

    private static void CheckAll(string path, ReadOnlySpan<byte> file, byte[] signature, HeapCheck more)
    {
        for (int next = 0; file[next..].IndexOf(signature) is >= 0 and int ahead;)
        {
            ReadOnlySpan<byte> heap = file[(next + ahead)..];
            next += ahead + signature.Length;
            if (heap.Length >= HeadLength + SizeLength)
            {
                Require(path, BinaryPrimitives.ReadUInt64LittleEndian(heap[HeadLength..]), file.Length);
                more(heap);
            }
        }
    }

    /// <summary>Texts follow each other: number, references, reserved bytes, size, and as many bytes, filled up to eight; number 0 ends them.</summary>
    private static void CheckTexts(string path, ReadOnlySpan<byte> heap)
    {
        ReadOnlySpan<byte> text = heap[..(int)Math.Min((ulong)heap.Length, BinaryPrimitives.ReadUInt64LittleEndian(heap[HeadLength..]))];
        text = text[Math.Min(text.Length, HeadLength + SizeLength)..];
        while (text.Length >= HeadLength + SizeLength && BinaryPrimitives.ReadUInt16LittleEndian(text) != 0)
        {
            ulong size = BinaryPrimitives.ReadUInt64LittleEndian(text[HeadLength..]);
            Require(path, size, text.Length);
            text = text[Math.Min(text.Length, HeadLength + SizeLength + (int)((size + 7) / 8 * 8))..];
        }
    }

    private static void Require(string path, ulong size, int most)
    {
        if (size > (ulong)most)
        {
            throw new InvalidFileException(path, $"it claims a heap of {size} bytes where it has {most}; it is damaged");
        }
    }

    private delegate void HeapCheck(ReadOnlySpan<byte> heap);
}
