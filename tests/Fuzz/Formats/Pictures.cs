using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using CsCheck;
using GpuCnn.Runner.Pictures;
using SkiaSharp;

namespace GpuCnn.Fuzz.Formats;

/// <summary>Image files.</summary>
internal static class Pictures
{
    private static readonly byte[] PngStart = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    /// <summary>Bytes a decoded pixel takes: four for the decoder's picture, one for the grey one.</summary>
    private const int BytesPerPixel = 5;

    /// <summary>Files as they are: PNG and JPEG, and other formats that must not reach a decoder.</summary>
    public static Target Any { get; } = new("image", "x.png",
        [
            Encoded(SKEncodedImageFormat.Png, SKColorType.Gray8), Encoded(SKEncodedImageFormat.Png, SKColorType.Rgba8888), Encoded(SKEncodedImageFormat.Jpeg, SKColorType.Gray8),
            Encoded(SKEncodedImageFormat.Jpeg, SKColorType.Rgba8888), Encoded(SKEncodedImageFormat.Webp, SKColorType.Rgba8888), [.. "GIF89a"u8, 1, 0, 1, 0, 0, 0, 0, 0x3b], [.. "BM"u8, .. new byte[60]],
        ], Read)
    {
        Words = ["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "iCCP", "gAMA", "acTL", "eXIf", "Exif", "ICC_PROFILE", "JFIF"],
    };

    /// <summary>PNG whose checksums are right.</summary>
    public static Target Png { get; } = new("png", "x.png",
        [Encoded(SKEncodedImageFormat.Png, SKColorType.Gray8), Encoded(SKEncodedImageFormat.Png, SKColorType.Rgba8888), Interlaced()], Read)
    {
        Words = ["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "iCCP", "gAMA", "acTL", "eXIf"],
        Finish = RightSums,
        Structures = from size in Gen.Frequency((8, Gen.Int[1, 40].Array[2]), (1, Gen.OneOf(0, -1, int.MaxValue, 1, 5_000, 9_999, 70_000).Array[2]))
                     from depth in Gen.OneOf<byte>(1, 2, 4, 8, 8, 8, 16, 3)
                     from colours in Gen.OneOf<byte>(0, 2, 3, 4, 6, 0, 2, 1)
                     from interlace in Gen.OneOf<byte>(0, 0, 1, 2)
                     from data in Gen.Frequency((4, Gen.Int[0, 8000]), (1, Gen.Int[0, 400_000]))
                     from extra in Gen.Frequency((2, Gen.Const<(string, byte[])[]>([])), (1, Chunks.Array[1, 3]))
                     select Made(size, [depth, colours, 0, 0, interlace], new byte[data], extra),
    };

    private static Gen<(string, byte[])> Chunks =>
        Gen.Select(Gen.OneOf("PLTE", "tRNS", "gAMA", "cHRM", "iCCP", "tEXt", "zTXt", "eXIf", "acTL", "fcTL", "IHDR", "IEND", "IDAT"), Gen.Byte.Array[0, 800]);

    private static long Read(string path) => ImageFile.Read(path).Pixels.Length * (long)BytesPerPixel;

    private static byte[] Encoded(SKEncodedImageFormat format, SKColorType colours)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(13, 9, colours, SKAlphaType.Opaque));
        for (int i = 0; i < 13 * 9; i++)
        {
            bitmap.SetPixel(i % 13, i / 13, new SKColor((byte)(i * 2), (byte)(255 - i), (byte)(i * 7)));
        }
        using SKData data = bitmap.Encode(format, 80);
        return data.ToArray();
    }

    /// <summary>8 x 8 grey pixels in Adam7's seven passes; the encoder makes no such files.</summary>
    private static byte[] Interlaced() => Made([8, 8], [8, 0, 0, 0, 1], new byte[(1 + 1) + (1 + 1) + (1 + 2) + (2 * (1 + 2)) + (2 * (1 + 4)) + (4 * (1 + 4)) + (4 * (1 + 8))], []);

    private static byte[] Made(int[] size, byte[] rest, byte[] rows, (string Kind, byte[] Data)[] extra)
    {
        var head = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, size[0]);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), size[1]);
        rest.CopyTo(head, 8);
        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Fastest))
        {
            stream.Write(rows);
        }
        return [.. PngStart, .. Chunk("IHDR", head), .. extra.SelectMany(each => Chunk(each.Kind, each.Data)), .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string kind, byte[] data)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        return RightSum([.. length, .. System.Text.Encoding.ASCII.GetBytes(kind), .. data, 0, 0, 0, 0], 0, data.Length);
    }

    /// <summary>Walks the chunks as far as their lengths lead, and puts the checksum that each should have.</summary>
    private static byte[] RightSums(byte[] png)
    {
        for (int at = 8; at + 12 <= png.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at));
            if (length > png.Length - at - 12)
            {
                break;
            }
            RightSum(png, at, (int)length);
            at += 12 + (int)length;
        }
        return png;
    }

    private static byte[] RightSum(byte[] png, int at, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(at + 8 + length), Crc32.HashToUInt32(png.AsSpan(at + 4, 4 + length)));
        return png;
    }
}
