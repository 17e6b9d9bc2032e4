using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace GpuCnn.Runner.Reports;

/// <summary>The folder that a training leaves behind. It is new, was empty or is resumed: no run is ever overwritten.</summary>
internal sealed class RunFolder : IDisposable
{
    private static readonly TimeSpan BetweenSteps = TimeSpan.FromSeconds(1);

    private readonly RunLock held;
    private StreamWriter? results, steps;
    private int stepsWritten;
    private long stepsTime = Stopwatch.GetTimestamp();

    private RunFolder(string path, RunLock held, ArgsDocument args)
    {
        (Path, this.held, Args) = (path, held, args);
        Directory.CreateDirectory(System.IO.Path.Combine(path, "weights"));
    }

    /// <summary>The folder, as the user gave it or as <c>runs/model-n</c>.</summary>
    public string Path { get; }

    /// <summary>The run's options.</summary>
    public ArgsDocument Args { get; private set; }

    /// <summary>The folder of checkpoints.</summary>
    public string Checkpoints => In(RunFiles.Checkpoints);

    /// <summary>The weights with the highest validation accuracy.</summary>
    public string BestWeights => In("weights/best.safetensors");

    /// <summary>The weights after the last step.</summary>
    public string LastWeights => In("weights/last.safetensors");

    /// <summary>The picture of the curves.</summary>
    public string Curves => In(RunFiles.Curves);

    /// <summary>The paths of all files in it that say something, in order.</summary>
    public IReadOnlyList<string> Files() =>
        [.. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).Where(file => file != In(RunFiles.Lock)).Order(StringComparer.Ordinal)];

    /// <summary>Says, before anything is created, whether a folder may be used.</summary>
    /// <param name="path">The folder.</param>
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
        // A lock alone is what a training leaves that was ended before it wrote anything.
        if (Guard(path, () => Directory.EnumerateFileSystemEntries(path).Any(entry => System.IO.Path.GetFileName(entry) != RunFiles.Lock)))
        {
            throw new OutputPathException(path, "the folder is not empty; give --output a new or empty one");
        }
    }

    /// <summary>Creates an empty folder, or takes one that is empty.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="OutputPathException">The folder cannot be used.</exception>
    public static void CreateEmpty(string path)
    {
        Check(path);
        Guard(path, () => Directory.CreateDirectory(path));
    }

    /// <summary>Creates a run in the very folder given.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="args">The run's options.</param>
    /// <exception cref="OutputPathException">The folder cannot be used.</exception>
    public static RunFolder CreateAt(string path, ArgsDocument args)
    {
        Check(path);
        return Guard(path, () =>
        {
            Directory.CreateDirectory(path);
            RunLock held = Take(path);
            try
            {
                // Another process may have found the folder empty too, and been faster.
                Check(path);
                AtomicFile.Write(System.IO.Path.Combine(path, RunFiles.Args), Writer(args));
                return Begun(path, held, args);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        });
    }

    /// <summary>Creates a run in the first free of the folders <c>model-1</c>, <c>model-2</c>, ...</summary>
    /// <param name="runs">The folder of run folders.</param>
    /// <param name="args">The run's options.</param>
    /// <exception cref="OutputPathException">It cannot be written to.</exception>
    public static RunFolder CreateNext(string runs, ArgsDocument args) => Guard(runs, () =>
    {
        // A folder that is filled first and then renamed takes its number in one step: a rename onto a folder with files in it fails.
        string prepared = System.IO.Path.Combine(runs, $".{args.Model}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(prepared);
        try
        {
            AtomicFile.Write(System.IO.Path.Combine(prepared, RunFiles.Args), Writer(args));
            for (int number = 1; ; number++)
            {
                string path = System.IO.Path.Combine(runs, string.Create(CultureInfo.InvariantCulture, $"{args.Model}-{number}"));
                if (System.IO.Path.Exists(path))
                {
                    continue;
                }
                try
                {
                    Directory.Move(prepared, path);
                }
                catch (IOException) when (System.IO.Path.Exists(path))
                {
                    continue;
                }
                return Begun(path, Take(path), args);
            }
        }
        catch when (Directory.Exists(prepared))
        {
            Directory.Delete(prepared, recursive: true);
            throw;
        }
    });

    /// <summary>Opens a run to resume it; no other process can meanwhile.</summary>
    /// <param name="path">The folder.</param>
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
                foreach (string left in Directory.EnumerateFiles(path, "*.tmp", SearchOption.AllDirectories))
                {
                    // Half a file of a process that was ended while it wrote.
                    File.Delete(left);
                }
                return new RunFolder(path, held, RunReader.Document(System.IO.Path.Combine(path, RunFiles.Args), Documents.Default.ArgsDocument));
            }
            catch
            {
                held.Dispose();
                throw;
            }
        });
    }

    /// <summary>Resumes a run from a point of it: what its tables have beyond that is dropped, so that no line stands in them twice.</summary>
    /// <param name="args">The options from here on.</param>
    /// <param name="rows">The epochs done at that point.</param>
    /// <param name="losses">The losses of the steps done at that point.</param>
    public void Continue(ArgsDocument args, IReadOnlyList<EpochDocument> rows, IReadOnlyList<float> losses)
    {
        AtomicFile.Write(In(RunFiles.Args), Writer(args));
        Args = args;
        Begin(rows, losses);
    }

    /// <summary>Writes model.json.</summary>
    /// <param name="model">The model.</param>
    public void WriteModel(ModelDefinition model) => AtomicFile.Write(In(RunFiles.Model), Writer(ModelDocument.Of(model), Documents.Indented.ModelDocument));

    /// <summary>Writes state.json.</summary>
    /// <param name="state">How the run stands.</param>
    public void WriteState(StateDocument state) => AtomicFile.Write(In(RunFiles.State), Writer(state, Documents.Indented.StateDocument));

    /// <summary>Appends a row to results.csv, flushed.</summary>
    /// <param name="row">The epoch.</param>
    public void Append(EpochDocument row)
    {
        results!.WriteLine(Line(row));
        results.Flush();
    }

    /// <summary>Appends the steps that steps.csv has not yet, flushed.</summary>
    /// <param name="losses">The losses of all steps so far.</param>
    public void AppendSteps(IReadOnlyList<float> losses)
    {
        for (; stepsWritten < losses.Count; stepsWritten++)
        {
            steps!.WriteLine(Line(stepsWritten + 1, losses[stepsWritten]));
        }
        steps!.Flush();
        stepsTime = Stopwatch.GetTimestamp();
    }

    /// <summary>Appends the new steps if that was not done for a second: for a step it costs nothing, and whoever watches the run sees it move.</summary>
    /// <param name="losses">The losses of all steps so far.</param>
    public void AppendStepsNowAndThen(IReadOnlyList<float> losses)
    {
        if (Stopwatch.GetElapsedTime(stepsTime) >= BetweenSteps)
        {
            AppendSteps(losses);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        results?.Dispose();
        steps?.Dispose();
        held.Dispose();
    }

    private static RunLock Take(string path) => RunLock.TryTake(path) ?? throw new OutputPathException(path, $"{RunReader.WhoTrains(path)} is training it; wait for its end, or stop it first");

    private static RunFolder Begun(string path, RunLock held, ArgsDocument args)
    {
        var folder = new RunFolder(path, held, args);
        folder.Begin([], []);
        return folder;
    }

    private static Action<Stream> Writer(ArgsDocument args) => Writer(args, Documents.Indented.ArgsDocument);

    private static Action<Stream> Writer<T>(T document, JsonTypeInfo<T> type) => stream => stream.Write(Encoding.UTF8.GetBytes(Documents.Text(document, type) + "\n"));

    private static string Line(EpochDocument row) => string.Create(CultureInfo.InvariantCulture,
        $"{row.Epoch},{row.TrainLoss},{row.TrainAccuracy},{row.ValLoss},{row.ValAccuracy},{row.LearningRate},{row.TrainSeconds},{row.ImagesPerSecond}");

    private static string Line(int step, float loss) => string.Create(CultureInfo.InvariantCulture, $"{step},{loss}");

    /// <summary>Writes the two tables as they stand at a point of the run, and opens them for what comes.</summary>
    private void Begin(IReadOnlyList<EpochDocument> rows, IReadOnlyList<float> losses)
    {
        results = Table(RunFiles.Results, "epoch,train_loss,train_accuracy,val_loss,val_accuracy,learning_rate,train_seconds,images_per_second", rows.Select(Line));
        steps = Table(RunFiles.Steps, "step,loss", losses.Select((loss, i) => Line(i + 1, loss)));
        stepsWritten = losses.Count;
    }

    private StreamWriter Table(string name, string heading, IEnumerable<string> lines)
    {
        AtomicFile.Write(In(name), stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            writer.WriteLine(heading);
            foreach (string line in lines)
            {
                writer.WriteLine(line);
            }
        });
        return new StreamWriter(new FileStream(In(name), FileMode.Append, FileAccess.Write, FileShare.Read)) { NewLine = "\n" };
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private static T Guard<T>(string path, Func<T> action)
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
