namespace GpuCnn.Runner.Tests.Files;

/// <summary>What of the changes that were not flushed has reached the disk when the power goes.</summary>
internal enum PowerCut
{
    /// <summary>All of it: as if only the process had been killed.</summary>
    NothingLost,

    /// <summary>None of it.</summary>
    AllLost,

    /// <summary>Names, but no content.</summary>
    ContentLost,

    /// <summary>Content, but no names.</summary>
    NamesLost,

    /// <summary>Names, and content but for half of the last write of each file.</summary>
    ContentTorn,

    /// <summary>Names and lengths; zeros stand where the content should.</summary>
    ContentZero,

    /// <summary>Some names, whichever; for each file its content, none, half or zeros.</summary>
    Some,
}

/// <summary>What a disk holds after calls to the system, flushed and not flushed apart. It is stricter than any file system: nothing that was not asked for is durable.</summary>
/// <param name="root">The folder that it models; calls elsewhere are ignored.</param>
internal sealed class DiskModel(string root)
{
    private readonly Folder top = new();
    private readonly Dictionary<int, Document?> openings = [];

    /// <summary>Takes everything that is in the folder now as being on the disk.</summary>
    public DiskModel Load()
    {
        Load(top, root);
        return this;
    }

    /// <summary>Does a call.</summary>
    public void Apply(FileOperation operation)
    {
        switch (operation.Call)
        {
            case nameof(IFileCalls.Open):
                openings[operation.Opening] = Parent(operation.Path!) is { } place ? Open(place, operation.Mode) : null;
                break;
            case nameof(IFileCalls.Write):
                openings[operation.Opening]?.Change(new Change(operation.Offset, operation.Content!));
                break;
            case nameof(IFileCalls.Cut):
                openings[operation.Opening]?.Change(new Change(operation.Offset, null));
                break;
            case nameof(IFileCalls.Flush):
                openings[operation.Opening]?.Flush();
                break;
            case nameof(IFileCalls.Close):
                break;
            case nameof(IFileCalls.FlushFolder):
                (Find(operation.Path!) as Folder)?.Flush();
                break;
            default:
                if (Parent(operation.Path!) is var (folder, name))
                {
                    ChangeNames(folder, name, operation);
                }
                break;
        }
    }

    /// <summary>Writes what is on the disk after a power cut into an empty folder.</summary>
    /// <param name="target">The folder, which is created.</param>
    /// <param name="cut">What has been lost.</param>
    /// <param name="random">Chooses, for <see cref="PowerCut.Some"/>.</param>
    public void Leave(string target, PowerCut cut, Random random) => Leave(top, target, cut, random);

    private static void Load(Folder folder, string path)
    {
        foreach (FileSystemInfo entry in new DirectoryInfo(path).EnumerateFileSystemInfos())
        {
            if (entry is FileInfo)
            {
                folder.Set(entry.Name, new Document(File.ReadAllBytes(entry.FullName)));
            }
            else
            {
                var below = new Folder();
                Load(below, entry.FullName);
                folder.Set(entry.Name, below);
            }
        }
        folder.Flush();
    }

    private static void Leave(Folder folder, string target, PowerCut cut, Random random)
    {
        Directory.CreateDirectory(target);
        IReadOnlyDictionary<string, Node> names = cut switch
        {
            PowerCut.AllLost or PowerCut.NamesLost => folder.Durable,
            PowerCut.Some => folder.SomeNames(random),
            _ => folder.Names,
        };
        foreach ((string name, Node node) in names)
        {
            string path = Path.Combine(target, name);
            if (node is Folder below)
            {
                Leave(below, path, cut, random);
            }
            else
            {
                File.WriteAllBytes(path, ((Document)node).After(cut, random));
            }
        }
    }

    private static Document Open((Folder Folder, string Name) place, FileMode mode)
    {
        var file = (Document?)place.Folder.Names.GetValueOrDefault(place.Name);
        if (file is null)
        {
            place.Folder.Set(place.Name, file = new Document([]));
        }
        else if (mode == FileMode.Create)
        {
            file.Change(new Change(0, null));
        }
        return file;
    }

    private void ChangeNames(Folder folder, string name, FileOperation operation)
    {
        switch (operation.Call)
        {
            case nameof(IFileCalls.CreateFolder):
                folder.Set(name, new Folder());
                break;
            case nameof(IFileCalls.Rename) or nameof(IFileCalls.RenameFolder):
                (Folder other, string to) = Parent(operation.To!)!.Value;
                folder.Rename(name, ReferenceEquals(folder, other) ? to : throw new NotSupportedException($"{operation}: from one folder to another"));
                break;
            case nameof(IFileCalls.Delete) or nameof(IFileCalls.DeleteFolder):
                folder.Set(name, null);
                break;
            default:
                throw new NotSupportedException(operation.Call);
        }
    }

    private (Folder Folder, string Name)? Parent(string path) =>
        Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent && Find(parent) is Folder folder ? (folder, Path.GetFileName(path)) : null;

    private Node? Find(string path)
    {
        string relative = Path.GetRelativePath(root, Path.GetFullPath(path));
        Node? node = top;
        foreach (string part in relative == "." ? [] : relative.Split(Path.DirectorySeparatorChar))
        {
            node = part == ".." ? null : (node as Folder)?.Names.GetValueOrDefault(part);
        }
        return node;
    }

    private abstract class Node;

    private sealed class Folder : Node
    {
        private readonly List<(string? Removed, string Name, Node? Node)> changes = [];

        public Dictionary<string, Node> Names { get; } = [];

        public Dictionary<string, Node> Durable { get; private set; } = [];

        public void Set(string name, Node? node) => Add((null, name, node));

        public void Rename(string from, string to) => Add((from, to, Names[from]));

        public void Flush()
        {
            changes.Clear();
            Durable = new Dictionary<string, Node>(Names);
        }

        public Dictionary<string, Node> SomeNames(Random random)
        {
            var names = new Dictionary<string, Node>(Durable);
            foreach ((string?, string, Node?) change in changes.Where(_ => random.Next(2) == 0))
            {
                Do(names, change);
            }
            return names;
        }

        private void Add((string? Removed, string Name, Node? Node) change)
        {
            changes.Add(change);
            Do(Names, change);
        }

        private static void Do(Dictionary<string, Node> names, (string? Removed, string Name, Node? Node) change)
        {
            if (change.Removed is not null)
            {
                names.Remove(change.Removed);
            }
            if (change.Node is null)
            {
                names.Remove(change.Name);
            }
            else
            {
                names[change.Name] = change.Node;
            }
        }
    }

    /// <summary>Bytes written at a place; or a cut to a length, without bytes.</summary>
    private sealed record Change(long Offset, byte[]? Content);

    private sealed class Document(byte[] durable) : Node
    {
        private readonly List<Change> changes = [];
        private byte[] durable = durable;

        public void Change(Change change) => changes.Add(change);

        public void Flush()
        {
            durable = Contents(changes);
            changes.Clear();
        }

        public byte[] After(PowerCut cut, Random random)
        {
            switch (cut)
            {
                case PowerCut.NothingLost or PowerCut.NamesLost:
                    return Contents(changes);
                case PowerCut.AllLost or PowerCut.ContentLost:
                    return durable;
                case PowerCut.ContentTorn when changes is [.. var before, { Content: { } last } torn]:
                    return Contents([.. before, torn with { Content = last[..(last.Length / 2)] }]);
                case PowerCut.ContentTorn:
                    return durable;
                case PowerCut.ContentZero:
                    return Contents(changes.Select(change => change with { Content = change.Content is null ? null : new byte[change.Content.Length] }));
                default:
                    PowerCut[] each = [PowerCut.NothingLost, PowerCut.AllLost, PowerCut.ContentTorn, PowerCut.ContentZero];
                    return After(each[random.Next(each.Length)], random);
            }
        }

        private byte[] Contents(IEnumerable<Change> done)
        {
            byte[] content = durable;
            foreach (Change change in done)
            {
                long length = change.Content is null ? change.Offset : Math.Max(content.Length, change.Offset + change.Content.Length);
                // A copy each time: what is durable stays as it is.
                byte[] changed = new byte[length];
                content.AsSpan(0, (int)Math.Min(content.Length, length)).CopyTo(changed);
                change.Content?.CopyTo(changed, change.Offset);
                content = changed;
            }
            return content;
        }
    }
}
