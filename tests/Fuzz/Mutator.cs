using System.Buffers.Binary;
using System.Text;
using CsCheck;

namespace GpuCnn.Fuzz;

/// <summary>Changes a valid content here and there, as told by a random generator alone.</summary>
internal static class Mutator
{
    private const int MostChanges = 6, LongestRun = 64;

    /// <summary>Nothing grows beyond this by repeated doubling.</summary>
    private const int LongestContent = 1 << 20;

    private static readonly long[] Numbers =
        [0, 1, -1, 2, 3, 4, 7, 8, 16, 32, 64, 100, 127, 128, 255, 256, 1024, 4096, 32767, 32768, 65535, 65536, 1 << 20, 1 << 24, 1 << 30, int.MaxValue, int.MinValue,
            uint.MaxValue, 1L << 32, 1L << 40, 1L << 53, long.MaxValue, long.MinValue];

    private static readonly string[] Texts =
        ["null", "true", "[]", "{}", "\"\"", "1e999", "-1e999", "NaN", "1e-400", "1e-300", "1e300", "0.5", "99999999999999999999", "\u001b[31m", "\n", "\r", "\0", "\"", "\\", ",", ":", "[", "{", "\\u001b", "\\ud800",
            "\u202e", "\u009b", "../../etc/passwd", "<script>alert(1)</script>", "%s%n", "-0", "0x10", "1_000"];

    /// <summary>A changed content.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="seeds">Valid contents.</param>
    /// <param name="words">Words of the format.</param>
    public static byte[] Mutate(PCG random, IReadOnlyList<byte[]> seeds, IReadOnlyList<string> words)
    {
        byte[] seed = seeds[Below(random, seeds.Count)];
        var content = new List<byte>(seed);
        for (int changes = 1 + Below(random, MostChanges); changes > 0; changes--)
        {
            Change(random, content, seeds, words);
        }
        return [.. content];
    }

    private static int Below(PCG random, int count) => (int)random.Next((uint)count);

    private static void Change(PCG random, List<byte> content, IReadOnlyList<byte[]> seeds, IReadOnlyList<string> words)
    {
        int at = Below(random, content.Count + 1), run = Math.Min(1 + Below(random, 1 + Below(random, LongestRun)), content.Count - at);
        switch (Below(random, 13))
        {
            case 0 when at < content.Count:
                content[at] ^= (byte)(1 << Below(random, 8));
                break;
            case 1 when at < content.Count:
                content[at] = (byte)random.Next();
                break;
            case 2 when at < content.Count:
                content[at] += (byte)(Below(random, 35) - 17);
                break;
            case 3:
                PutNumber(random, content, at);
                break;
            case 4:
                content.RemoveRange(at, run);
                break;
            case 5:
                content.RemoveRange(at, content.Count - at);
                break;
            case 6:
                content.InsertRange(at, content.GetRange(at, run));
                break;
            case 7:
                Splice(random, content, at, seeds[Below(random, seeds.Count)]);
                break;
            case 8:
                content.InsertRange(at, Enumerable.Range(0, run).Select(_ => (byte)random.Next()));
                break;
            case 9:
                Repeat(random, content, at, run);
                break;
            case 10:
                ReplaceDigits(random, content, at);
                break;
            case 11:
                PutWord(random, content, at, run, words);
                break;
            default:
                Move(random, content, at, run);
                break;
        }
    }

    /// <summary>A number of 1 to 8 bytes over what was there: fields of lengths and sizes are such.</summary>
    private static void PutNumber(PCG random, List<byte> content, int at)
    {
        Span<byte> bytes = stackalloc byte[8];
        long number = Numbers[Below(random, Numbers.Length)];
        int length = 1 << Below(random, 4);
        bool big = Below(random, 2) == 0;
        if (big)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        }
        else
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        }
        for (int i = 0; i < length && at + i < content.Count; i++)
        {
            content[at + i] = bytes[big ? 8 - length + i : i];
        }
    }

    private static void Splice(PCG random, List<byte> content, int at, byte[] other)
    {
        content.RemoveRange(at, content.Count - at);
        content.AddRange(other[Below(random, other.Length + 1)..]);
    }

    private static void Repeat(PCG random, List<byte> content, int at, int run)
    {
        List<byte> part = content.GetRange(at, run);
        for (int times = 1 << Below(random, 12); times > 0 && part.Count > 0 && content.Count + part.Count < LongestContent; times--)
        {
            content.InsertRange(at, part);
        }
    }

    /// <summary>Another number where the next digits are, as text has them.</summary>
    private static void ReplaceDigits(PCG random, List<byte> content, int at)
    {
        int first = content.FindIndex(at, each => char.IsAsciiDigit((char)each));
        if (first < 0)
        {
            return;
        }
        int end = content.FindIndex(first, each => !char.IsAsciiDigit((char)each));
        content.RemoveRange(first, (end < 0 ? content.Count : end) - first);
        content.InsertRange(first, Encoding.ASCII.GetBytes($"{Numbers[Below(random, Numbers.Length)]}"));
    }

    private static void PutWord(PCG random, List<byte> content, int at, int run, IReadOnlyList<string> words)
    {
        int choice = Below(random, Texts.Length + words.Count);
        content.RemoveRange(at, Below(random, 2) == 0 ? run : 0);
        content.InsertRange(at, Encoding.UTF8.GetBytes(choice < Texts.Length ? Texts[choice] : words[choice - Texts.Length]));
    }

    private static void Move(PCG random, List<byte> content, int at, int run)
    {
        List<byte> part = content.GetRange(at, run);
        content.RemoveRange(at, run);
        content.InsertRange(Below(random, content.Count + 1), part);
    }
}
