using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace GpuCnn.Runner.Data;

/// <summary>Keeps decoded pictures between runs, in the user's own cache folder. An entry is found by the names, lengths and times of all files and by the shape, so a picture
/// that was changed, added or removed makes a new one; what cannot be kept or read is decoded.</summary>
internal static class PictureCache
{
    /// <summary>Entries that nobody used for so long are removed when one is added.</summary>
    private static readonly TimeSpan Unused = TimeSpan.FromDays(30);

    /// <summary>What a picture that could not be read takes at most: its path and the reason, in JSON.</summary>
    private const int MostBytesOfProblem = 1 << 16;

    private static ReadOnlySpan<byte> Magic => "GPUCNN1\n"u8;

    /// <summary>Where entries lie: <c>GPUCNN_CACHE</c>, else what the system has for it.</summary>
    private static string Folder => Environment.GetEnvironmentVariable("GPUCNN_CACHE") is { Length: > 0 } given ? given
        : Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "gpucnn");

    /// <summary>The pictures, if they were decoded before.</summary>
    public static DecodedPictures? Find(string folder, DataSplit split, IReadOnlyList<Picture> pictures, TensorShape shape)
    {
        string file = FileOf(folder, split, pictures, shape);
        try
        {
            DecodedPictures? found = Read(file, pictures, shape);
            File.SetLastAccessTimeUtc(file, DateTime.UtcNow);
            return found;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps decoded pictures; where that cannot be done nothing is lost but time.</summary>
    public static void Keep(string folder, DataSplit split, IReadOnlyList<Picture> pictures, TensorShape shape, DecodedPictures decoded)
    {
        string file = FileOf(folder, split, pictures, shape);
        try
        {
            DurableFolder.Create(Folder);
            foreach (FileInfo old in new DirectoryInfo(Folder).EnumerateFiles("pictures-*").Where(old => DateTime.UtcNow - old.LastAccessTimeUtc > Unused))
            {
                AtomicFile.Delete(old.FullName);
            }
            byte[] damaged = JsonSerializer.SerializeToUtf8Bytes(decoded.Damaged, CacheJson.Default.IReadOnlyListSkippedFile);
            var head = new byte[Magic.Length + 8];
            Magic.CopyTo(head);
            BitConverter.TryWriteBytes(head.AsSpan(Magic.Length), decoded.Labels.Length);
            BitConverter.TryWriteBytes(head.AsSpan(Magic.Length + 4), damaged.Length);
            byte[][] parts = [head, decoded.Labels, decoded.Pixels, damaged];
            var hash = new XxHash64();
            Array.ForEach(parts, hash.Append);
            AtomicFile.Write(file, stream =>
            {
                Array.ForEach(parts, part => stream.Write(part));
                stream.Write(hash.GetCurrentHash());
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Reads an entry; null when it is damaged, or cannot be of these pictures.</summary>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    /// <exception cref="JsonException">The list of damaged pictures is none.</exception>
    internal static DecodedPictures? Read(string file, IReadOnlyList<Picture> pictures, TensorShape shape)
    {
        long most = Magic.Length + 16L + (pictures.Count * (1L + shape.Count + MostBytesOfProblem));
        if (new FileInfo(file).Length > most || Parse(File.ReadAllBytes(file), pictures.Count, shape) is not { } found)
        {
            return null;
        }
        // Each picture was read or is damaged, and in their order those that were read have these labels.
        var damaged = found.Damaged.Select(each => each?.File).ToHashSet();
        return found.Damaged.All(each => each is { File: not null, Reason: not null, Problem: not null })
            && pictures.Where(picture => !damaged.Contains(picture.File)).Select(picture => picture.Label).SequenceEqual(found.Labels) ? found : null;
    }

    private static DecodedPictures? Parse(byte[] content, int most, TensorShape shape)
    {
        int head = Magic.Length + 8;
        if (content.Length < head + 8 || !content.AsSpan(0, Magic.Length).SequenceEqual(Magic) || !XxHash64.Hash(content.AsSpan(..^8)).AsSpan().SequenceEqual(content.AsSpan(^8..)))
        {
            return null;
        }
        int count = BitConverter.ToInt32(content, Magic.Length), damaged = BitConverter.ToInt32(content, Magic.Length + 4);
        if (count < 0 || count > most || damaged < 0 || head + count + ((long)count * shape.Count) + damaged + 8 != content.Length)
        {
            return null;
        }
        int pixels = head + count, json = pixels + (count * shape.Count);
        return new DecodedPictures(content[pixels..json], content[head..pixels], JsonSerializer.Deserialize(content.AsSpan(json, damaged), CacheJson.Default.IReadOnlyListSkippedFile) ?? []);
    }

    private static string FileOf(string folder, DataSplit split, IReadOnlyList<Picture> pictures, TensorShape shape)
    {
        var hash = new XxHash128();
        void Add(string text) => hash.Append(Encoding.UTF8.GetBytes(text));
        Add($"{Path.GetFullPath(folder)}\n{split}\n{shape.Channels}x{shape.Height}x{shape.Width}\n");
        foreach (Picture picture in pictures)
        {
            var file = new FileInfo(picture.File);
            Add(string.Create(CultureInfo.InvariantCulture, $"{picture.Label} {(file.Exists ? file.Length : -1)} {file.LastWriteTimeUtc.Ticks} {picture.File}\n"));
        }
        return Path.Combine(Folder, $"pictures-{Convert.ToHexStringLower(hash.GetCurrentHash())}");
    }
}

/// <summary>How the list of damaged pictures is written.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(IReadOnlyList<SkippedFile>))]
internal sealed partial class CacheJson : System.Text.Json.Serialization.JsonSerializerContext;
