using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace GpuCnn.Runner.Reports;

/// <summary>The folder that a training leaves behind. It is new or was empty: no run is ever overwritten.</summary>
internal sealed class RunFolder : IDisposable
{
    private static readonly TimeSpan BetweenSteps = TimeSpan.FromSeconds(1);

    private readonly StreamWriter results, steps;
    private int stepsWritten;
    private long stepsTime = Stopwatch.GetTimestamp();

    private RunFolder(string path)
    {
        Path = path;
        Directory.CreateDirectory(System.IO.Path.Combine(path, "weights"));
        results = Open(RunFiles.Results, "epoch,train_loss,train_accuracy,val_loss,val_accuracy,learning_rate,train_seconds,images_per_second");
        steps = Open(RunFiles.Steps, "step,loss");
    }

    /// <summary>The folder, as the user gave it or as <c>runs/model-n</c>.</summary>
    public string Path { get; }

    /// <summary>The weights with the highest validation accuracy.</summary>
    public string BestWeights => In("weights/best.safetensors");

    /// <summary>The weights after the last step.</summary>
    public string LastWeights => In("weights/last.safetensors");

    /// <summary>The picture of the curves.</summary>
    public string Curves => In(RunFiles.Curves);

    /// <summary>The paths of all files in it, in order.</summary>
    public IReadOnlyList<string> Files() => [.. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

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
        if (Guard(path, () => Directory.EnumerateFileSystemEntries(path).Any()))
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
            // Another process may have found the folder empty too: only one of them creates this file.
            using (var stream = new FileStream(System.IO.Path.Combine(path, RunFiles.Args), FileMode.CreateNew))
            using (var writer = new StreamWriter(stream))
            {
                writer.Write(ArgsText(args));
            }
            return new RunFolder(path);
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
            File.WriteAllText(System.IO.Path.Combine(prepared, RunFiles.Args), ArgsText(args));
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
                return new RunFolder(path);
            }
        }
        catch when (Directory.Exists(prepared))
        {
            Directory.Delete(prepared, recursive: true);
            throw;
        }
    });

    /// <summary>Writes model.json.</summary>
    /// <param name="model">The model.</param>
    public void WriteModel(ModelDefinition model) =>
        File.WriteAllText(In(RunFiles.Model), Documents.Text(ModelDocument.Of(model), Documents.Indented.ModelDocument) + "\n");

    /// <summary>Writes state.json.</summary>
    /// <param name="state">How the run stands.</param>
    public void WriteState(StateDocument state) => AtomicFile.Write(In(RunFiles.State),
        stream => stream.Write(Encoding.UTF8.GetBytes(Documents.Text(state, Documents.Indented.StateDocument) + "\n")));

    /// <summary>Appends a row to results.csv, flushed.</summary>
    /// <param name="row">The epoch.</param>
    public void Append(EpochDocument row)
    {
        results.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{row.Epoch},{row.TrainLoss},{row.TrainAccuracy},{row.ValLoss},{row.ValAccuracy},{row.LearningRate},{row.TrainSeconds},{row.ImagesPerSecond}"));
        results.Flush();
    }

    /// <summary>Appends the steps that steps.csv has not yet, flushed.</summary>
    /// <param name="losses">The losses of all steps so far.</param>
    public void AppendSteps(IReadOnlyList<float> losses)
    {
        for (; stepsWritten < losses.Count; stepsWritten++)
        {
            steps.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{stepsWritten + 1},{losses[stepsWritten]}"));
        }
        steps.Flush();
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
        results.Dispose();
        steps.Dispose();
    }

    private static string ArgsText(ArgsDocument args) => Documents.Text(args, Documents.Indented.ArgsDocument) + "\n";

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private StreamWriter Open(string name, string header)
    {
        var writer = new StreamWriter(new FileStream(In(name), FileMode.CreateNew, FileAccess.Write, FileShare.Read)) { NewLine = "\n" };
        writer.WriteLine(header);
        writer.Flush();
        return writer;
    }

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
