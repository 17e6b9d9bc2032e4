using Microsoft.Win32.SafeHandles;

namespace GpuCnn.Runner.Tests.Files;

/// <summary>One call to the system that changed files.</summary>
/// <param name="Call">Which.</param>
/// <param name="Path">The file or folder; null where it is known by its handle.</param>
/// <param name="To">The new name of a rename.</param>
/// <param name="Opening">Which opening of a file it belongs to, counted from 1.</param>
/// <param name="Mode">How a file was opened.</param>
/// <param name="Content">What was written.</param>
/// <param name="Offset">Where to, or the length that was cut to.</param>
internal sealed record FileOperation(string Call, string? Path, string? To = null, int Opening = 0, FileMode Mode = default, byte[]? Content = null, long Offset = 0);

/// <summary>Hands every call on, and may do something before and after each.</summary>
internal abstract class WatchedFileCalls : IFileCalls
{
    private readonly SystemFileCalls system = new();
    private readonly Dictionary<SafeFileHandle, int> openings = [];
    private readonly Lock gate = new();
    private int opened;

    public void CreateFolder(string path) => Watch(new(nameof(CreateFolder), path), () => system.CreateFolder(path));

    public SafeFileHandle Open(string path, FileMode mode, FileShare share)
    {
        SafeFileHandle? handle = null;
        int opening = Interlocked.Increment(ref opened);
        Watch(new(nameof(Open), path, Opening: opening, Mode: mode), () => handle = system.Open(path, mode, share));
        lock (gate)
        {
            openings[handle!] = opening;
        }
        return handle!;
    }

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> content, long offset)
    {
        byte[] bytes = content.ToArray();
        Watch(new(nameof(Write), null, Opening: Opening(file), Content: bytes, Offset: offset), () => system.Write(file, bytes, offset),
            () => system.Write(file, bytes.AsSpan(0, bytes.Length / 2), offset));
    }

    public void Cut(SafeFileHandle file, long length) => Watch(new(nameof(Cut), null, Opening: Opening(file), Offset: length), () => system.Cut(file, length));

    // The real flush would only cost time: what is on the disk is the model's business.
    public void Flush(SafeFileHandle file) => Watch(new(nameof(Flush), null, Opening: Opening(file)), () => { });

    public void Close(SafeFileHandle file) => Watch(new(nameof(Close), null, Opening: Opening(file)), () => system.Close(file));

    public void Rename(string from, string to) => Watch(new(nameof(Rename), from, to), () => system.Rename(from, to));

    public void RenameFolder(string from, string to) => Watch(new(nameof(RenameFolder), from, to), () => system.RenameFolder(from, to));

    public void Delete(string path) => Watch(new(nameof(Delete), path), () => system.Delete(path));

    public void DeleteFolder(string path) => Watch(new(nameof(DeleteFolder), path), () => system.DeleteFolder(path));

    public void FlushFolder(string path) => Watch(new(nameof(FlushFolder), path), () => { });

    /// <summary>A call.</summary>
    /// <param name="operation">Which.</param>
    /// <param name="act">Does it.</param>
    /// <param name="half">Does half of it; null where there is no half.</param>
    protected abstract void Watch(FileOperation operation, Action act, Action? half = null);

    private int Opening(SafeFileHandle file)
    {
        lock (gate)
        {
            return openings[file];
        }
    }
}

/// <summary>Keeps a list of the calls that were done.</summary>
internal sealed class RecordedFileCalls : WatchedFileCalls
{
    private readonly Lock gate = new();

    /// <summary>The calls, in order.</summary>
    public List<FileOperation> Done { get; } = [];

    protected override void Watch(FileOperation operation, Action act, Action? half)
    {
        // In one piece: two threads that change one file in turn must be written down in the same turn.
        lock (gate)
        {
            act();
            Done.Add(operation);
        }
    }
}

/// <summary>Lets calls fail.</summary>
/// <param name="fails">Whether a call fails, by its number from 1 and what it is; with what.</param>
/// <param name="halves">Whether a write that fails writes half.</param>
internal sealed class FailingFileCalls(Func<int, FileOperation, Exception?> fails, bool halves = false) : WatchedFileCalls
{
    private int calls;

    /// <summary>Calls so far.</summary>
    public int Calls => calls;

    /// <summary>Those that failed.</summary>
    public List<FileOperation> Failed { get; } = [];

    /// <summary>What a full disk says.</summary>
    public static IOException NoSpace() => new("No space left on device : 'somewhere'", 28);

    protected override void Watch(FileOperation operation, Action act, Action? half)
    {
        if (fails(Interlocked.Increment(ref calls), operation) is not { } failure)
        {
            act();
            return;
        }
        lock (Failed)
        {
            Failed.Add(operation);
        }
        if (operation.Call == nameof(Close))
        {
            // A file whose closing fails is closed all the same.
            act();
        }
        else if (halves)
        {
            half?.Invoke();
        }
        throw failure;
    }
}
