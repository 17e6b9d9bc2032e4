using System.Globalization;

namespace GpuCnn.Runner.Reports;

/// <summary>The folder that a training leaves behind, held against other processes. It is new, was empty or is resumed: no run is ever overwritten.</summary>
internal sealed class RunFolder : IDisposable
{
    private RunLock held;

    private RunFolder(string path, RunLock held, ArgsDocument args, ModelDefinition model)
    {
        (Path, this.held, Args, Model) = (path, held, args, model);
        DurableFolder.Create(In("weights"));
    }

    /// <summary>The folder, as the user gave it or as <c>runs/model-n</c>.</summary>
    public string Path { get; }

    /// <summary>The run's options, as the folder tells them.</summary>
    public ArgsDocument Args { get; private set; }

    /// <summary>The run's model.</summary>
    public ModelDefinition Model { get; }

    /// <summary>When a run that is resumed began; null for one that never did.</summary>
    public DateTimeOffset? Begun { get; private init; }

    /// <summary>The folder of checkpoints.</summary>
    public string Checkpoints => In(RunFiles.Checkpoints);

    /// <summary>The weights with the highest validation accuracy.</summary>
    public string BestWeights => In("weights/best.safetensors");

    /// <summary>The weights after the last step.</summary>
    public string LastWeights => In("weights/last.safetensors");

    /// <summary>How the run stands.</summary>
    public string State => In(RunFiles.State);

    /// <summary>The picture of the curves.</summary>
    public string Curves => In(RunFiles.Curves);

    /// <summary>The paths of all files in it that say something, in order.</summary>
    public IReadOnlyList<string> Files() =>
        [.. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).Where(file => file != In(RunFiles.Lock)).Order(StringComparer.Ordinal)];

    /// <summary>Says, before anything is created, whether a folder may be used.</summary>
    /// <exception cref="OutputPathException">It is a file, lies below one, or is not empty.</exception>
    public static void Check(string path)
    {
        if (File.Exists(path))
        {
            throw new OutputPathException(path, "it is a file; give --output a new or empty folder");
        }
        if (!Directory.Exists(path))
        {
            for (string? above = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)); above is not null; above = System.IO.Path.GetDirectoryName(above))
            {
                if (File.Exists(above))
                {
                    throw new OutputPathException(path, $"{above} is a file, no folder can be below it; give --output another place");
                }
            }
            return;
        }
        if (Guard(path, () => Directory.EnumerateFileSystemEntries(path).Any(entry => !IsBegun(System.IO.Path.GetFileName(entry)))))
        {
            throw new OutputPathException(path, "the folder is not empty; give --output a new or empty one");
        }
    }

    /// <summary>Creates an empty folder, or takes one that is empty.</summary>
    /// <exception cref="OutputPathException">The folder cannot be used.</exception>
    public static void CreateEmpty(string path)
    {
        Check(path);
        Guard(path, () =>
        {
            DurableFolder.Create(path);
            return path;
        });
    }

    /// <summary>Creates a run in the very folder given.</summary>
    /// <exception cref="OutputPathException">The folder cannot be used.</exception>
    public static RunFolder CreateAt(string path, ArgsDocument args, ModelDefinition model)
    {
        Check(path);
        return Guard(path, () =>
        {
            DurableFolder.Create(path);
            RunLock held = Take(path);
            try
            {
                // Another process may have found the folder empty too, and been faster.
                Check(path);
                Describe(path, args, model);
                return new RunFolder(path, held, args, model);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        });
    }

    /// <summary>Creates a run in the first free of the folders <c>model-1</c>, <c>model-2</c>, ...</summary>
    /// <exception cref="OutputPathException">It cannot be written to.</exception>
    public static RunFolder CreateNext(string runs, ArgsDocument args, ModelDefinition model) => Guard(runs, () =>
    {
        string path = MakeNext(runs, args.Model, prepared => Describe(prepared, args, model));
        return new RunFolder(path, Take(path), args, model);
    });

    /// <summary>Makes the first free of the folders <c>name-1</c>, <c>name-2</c>, ..., with all that it is to hold from the first.</summary>
    /// <exception cref="IOException">It cannot be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static string MakeNext(string runs, string name, Action<string> fill)
    {
        // A folder that is filled first and then renamed takes its number in one step: a rename onto a folder with files in it fails.
        string prepared = TemporaryFiles.NameFor(System.IO.Path.Combine(runs, $".{name}"));
        DurableFolder.Create(prepared);
        TemporaryFiles.RemoveAbandoned(runs);
        try
        {
            fill(prepared);
            for (int number = 1; ; number++)
            {
                string path = System.IO.Path.Combine(runs, string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"));
                if (System.IO.Path.Exists(path))
                {
                    continue;
                }
                try
                {
                    DurableFolder.Rename(prepared, path);
                }
                catch (IOException) when (System.IO.Path.Exists(path))
                {
                    continue;
                }
                return path;
            }
        }
        catch when (Directory.Exists(prepared))
        {
            TemporaryFiles.TryDeleteFolder(prepared);
            throw;
        }
    }

    /// <summary>Opens a run to resume it; no other process can meanwhile.</summary>
    /// <exception cref="InvalidFileException">It is no run folder, or what it says of its options is damaged.</exception>
    /// <exception cref="OutputPathException">Another process trains in it, or it cannot be written to.</exception>
    public static RunFolder Open(string path)
    {
        RunReader.RequireRun(path, RunFiles.Args);
        return Guard(path, () =>
        {
            RunLock held = Take(path);
            try
            {
                foreach (string each in (string[])[path, .. Directory.EnumerateDirectories(path)])
                {
                    TemporaryFiles.RemoveAbandoned(each);
                }
                ArgsDocument args = RunReader.Document(System.IO.Path.Combine(path, RunFiles.Args), Documents.Default.ArgsDocument);
                return new RunFolder(path, held, args, ModelFile.Load(System.IO.Path.Combine(path, RunFiles.Model))) { Begun = RunReader.WhenBegun(path) };
            }
            catch
            {
                held.Dispose();
                throw;
            }
        });
    }

    /// <summary>Writes the options that hold from here on.</summary>
    public void Write(ArgsDocument args)
    {
        AtomicFile.Write(In(RunFiles.Args), Text(args));
        Args = args;
    }

    /// <summary>When somebody has removed the folder, makes it again with what it tells of the run.</summary>
    /// <param name="fill">Writes the other files that are known.</param>
    /// <returns>Whether it was removed.</returns>
    /// <exception cref="IOException">It cannot be made, or is another run's by now.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be made.</exception>
    public bool MakeAgain(Action fill)
    {
        if (held.IsThere)
        {
            return false;
        }
        string args = In(RunFiles.Args);
        if (File.Exists(args) && File.ReadAllText(args) != Text(Args))
        {
            throw new IOException("it was removed, and is another run's now");
        }
        DurableFolder.Create(In("weights"));
        RunLock again = RunLock.TryTake(Path) ?? throw new IOException("it was removed, and another process trains in it now");
        try
        {
            Describe(Path, Args, Model);
            fill();
        }
        catch
        {
            // So that the next save begins anew.
            again.Dispose();
            throw;
        }
        held.Dispose();
        held = again;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();

    /// <summary>Takes the lock of a folder.</summary>
    /// <exception cref="OutputPathException">Another process has it.</exception>
    public static RunLock Take(string path) => RunLock.TryTake(path) ?? throw new OutputPathException(path, $"{RunReader.WhoTrains(path)} is training it; wait for its end, or stop it first");

    /// <summary>Whether a file is one that a training leaves which was killed before its options made the folder a run.</summary>
    private static bool IsBegun(string name) => name is RunFiles.Lock or RunFiles.Model
        || (name.EndsWith(".tmp", StringComparison.Ordinal) && (name.StartsWith(RunFiles.Model + ".", StringComparison.Ordinal) || name.StartsWith(RunFiles.Args + ".", StringComparison.Ordinal)));

    /// <summary>Writes what makes a folder a run: the options last, for with them it can be resumed.</summary>
    public static void Describe(string path, ArgsDocument args, ModelDefinition model)
    {
        AtomicFile.Write(System.IO.Path.Combine(path, RunFiles.Model), ModelFile.Text(model));
        AtomicFile.Write(System.IO.Path.Combine(path, RunFiles.Args), Text(args));
    }

    private static string Text(ArgsDocument args) => Documents.Text(args, Documents.Indented.ArgsDocument) + "\n";

    private string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Does something with a folder; what the system says against it is told with the folder's name.</summary>
    public static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputPathException(path, $"cannot be written to: {exception.Message}", exception);
        }
    }
}
