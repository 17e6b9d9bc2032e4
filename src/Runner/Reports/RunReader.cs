using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Reports;

/// <summary>Reads a run folder, perhaps while another process writes it.</summary>
internal sealed class RunReader : IFollowed
{
    /// <summary>Columns of results.csv.</summary>
    public const int ResultColumns = 8;

    private readonly string path;
    private readonly SeedPlace? place;
    private readonly CsvTail results, steps;
    private readonly List<EpochResult> epochs = [];
    private readonly List<float> losses = [];
    private LearningRateCurve curve;
    private double best = double.NegativeInfinity, wholeRate;

    private RunReader(string path, SeedPlace? place)
    {
        (this.path, this.place) = (path, place);
        (results, steps) = (new CsvTail(In(RunFiles.Results), ResultColumns), new CsvTail(In(RunFiles.Steps), 2));
        State = ReadState();
        (Args, Plan, curve) = ReadPlan();
        Read(null);
    }

    /// <summary>The run's options.</summary>
    public ArgsDocument Args { get; private set; }

    /// <summary>How the run stands.</summary>
    public StateDocument State { get; private set; }

    /// <inheritdoc/>
    public string Status { get; private set; } = RunStatus.Running;

    /// <summary>Whether the process that computed it, or goes on computing it, is gone.</summary>
    public bool ProcessIsGone => RunStatus.HasDied(State with { Status = RunStatus.Running }, LastWrite(), DateTimeOffset.UtcNow);

    /// <summary>The size of the run.</summary>
    public TrainingPlan Plan { get; private set; }

    /// <summary>The epochs read.</summary>
    public IReadOnlyList<EpochResult> Epochs => epochs;

    /// <summary>The losses read.</summary>
    public IReadOnlyList<float> Losses => losses;

    /// <summary>Opens a run folder and reads what is there.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="place">The run's place among those of several seeds; null for a run of its own.</param>
    /// <exception cref="InvalidFileException">It is no run folder, or a file in it is damaged.</exception>
    public static RunReader Open(string path, SeedPlace? place = null)
    {
        RequireRun(path, RunFiles.State);
        return new RunReader(path, place);
    }

    /// <summary>Checks that a path is a run folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="file">The file that makes it one.</param>
    /// <exception cref="InvalidFileException">It is not.</exception>
    public static void RequireRun(string path, string file)
    {
        string? problem = Directory.Exists(path) ? File.Exists(System.IO.Path.Combine(path, file)) ? null : $"it is no run folder, it has no {file}"
            : File.Exists(path) ? "it is a file, give a run folder" : "there is no such folder";
        if (problem is not null)
        {
            throw new InvalidFileException(path, problem);
        }
    }

    /// <summary>When a run began, now when that is damaged; null when it was killed before it could say so.</summary>
    public static DateTimeOffset? WhenBegun(string path)
    {
        if (!File.Exists(System.IO.Path.Combine(path, RunFiles.State)))
        {
            return null;
        }
        try
        {
            return Document(System.IO.Path.Combine(path, RunFiles.State), Documents.Default.StateDocument).Started;
        }
        catch (InvalidFileException)
        {
            return DateTimeOffset.UtcNow;
        }
    }

    /// <summary>In words, which process trains in a folder that is locked.</summary>
    public static string WhoTrains(string path)
    {
        try
        {
            StateDocument state = Document(System.IO.Path.Combine(path, RunFiles.State), Documents.Default.StateDocument);
            return state.Status == RunStatus.Running ? string.Create(CultureInfo.InvariantCulture, $"process {state.Process} of {state.Machine}") : "another process";
        }
        catch (InvalidFileException)
        {
            // Between taking the lock and saying so.
            return "another process";
        }
    }

    /// <summary>Reads a document of a run folder.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="type">How it is read.</param>
    /// <exception cref="InvalidFileException">It is missing or damaged.</exception>
    public static T Document<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(FileReader.ReadAll(path, FileLimits.DocumentBytes).Span, type) ?? throw new JsonException("null");
        }
        catch (JsonException exception)
        {
            throw new InvalidFileException(path, "it is not the JSON document that a training writes", exception);
        }
    }

    /// <inheritdoc/>
    public void Read(ITrainingView? view)
    {
        // State first: what it says was written last, so a run that is done has all its rows.
        StateDocument state = ReadState();
        bool restarted = state.Process != State.Process || state.Resumed != State.Resumed || results.WasCut || steps.WasCut;
        if (RunStatus.HasDied(state, LastWrite(), DateTimeOffset.UtcNow))
        {
            // It may have ended properly between the two looks.
            state = ReadState();
            Status = state.Status == RunStatus.Running ? RunStatus.Died : state.Status;
        }
        else
        {
            Status = state.Status;
        }
        State = state;
        if (restarted)
        {
            // Resumed, perhaps for more epochs than it was begun with.
            (Args, Plan, curve) = ReadPlan();
            results.Rewind();
            steps.Rewind();
            epochs.Clear();
            losses.Clear();
            best = double.NegativeInfinity;
        }
        int knownEpochs = epochs.Count, knownSteps = losses.Count;
        ReadRows();
        if (restarted)
        {
            view?.OnPast(Plan, epochs, losses);
            return;
        }
        for (int i = knownSteps; i < losses.Count; i++)
        {
            int ofEpoch = i % Plan.StepsPerEpoch;
            view?.OnStep(new StepResult((i / Plan.StepsPerEpoch) + 1, i + 1, ofEpoch + 1, Plan.StepsPerEpoch, losses[i], wholeRate * curve.ShareAt(i)));
        }
        foreach (EpochResult epoch in epochs.Skip(knownEpochs))
        {
            view?.OnEpoch(epoch);
        }
    }

    RunReader IFollowed.Run => this;

    private StateDocument ReadState() => Document(In(RunFiles.State), Documents.Default.StateDocument);

    /// <remarks>The table of steps has no rates: they are those of the curve.</remarks>
    private (ArgsDocument Args, TrainingPlan Plan, LearningRateCurve Curve) ReadPlan()
    {
        ArgsDocument args = Document(In(RunFiles.Args), Documents.Default.ArgsDocument);
        var plan = new TrainingPlan(args.Options.Epochs, State.StepsPerEpoch, State.TrainingImages, args.Options.BatchSize, args.Options.LearningRate, place?.ToString());
        if (plan is not { Epochs: > 0, StepsPerEpoch: > 0, ImagesPerEpoch: > 0, BatchSize: > 0 })
        {
            throw new InvalidFileException(In(RunFiles.State), "it does not say how many steps and images an epoch has");
        }
        try
        {
            var rates = new LearningRateCurve(args.Options, plan.StepsPerEpoch);
            wholeRate = args.Options.LearningRate;
            return (args, plan with { LearningRate = args.Options.LearningRate * rates.ShareAt(0) }, rates);
        }
        catch (ArgumentException exception) when (TrainingOption.TryTranslate(exception, option => option.Name, out string? problem))
        {
            throw new InvalidFileException(In(RunFiles.Args), problem, exception);
        }
    }

    private void ReadRows()
    {
        results.Read(cells =>
        {
            if (epochs.Count == FileLimits.ResultRows)
            {
                throw new InvalidFileException(In(RunFiles.Results), $"it has more than {FileLimits.ResultRows} rows");
            }
            // Without validation the last is best, as in the training itself.
            bool isBest = cells[4] is not { } accuracy || accuracy > best;
            best = isBest && cells[4] is { } higher ? higher : best;
            epochs.Add(new EpochResult((int)cells[0]!, cells[1] ?? double.NaN, cells[2] ?? double.NaN, cells[3], cells[4], cells[5] ?? double.NaN,
                cells[6] ?? double.NaN, cells[7] ?? double.NaN, isBest, false));
            // A run that went back, or was given another rate, takes its shares of that.
            wholeRate = epochs[^1].LearningRate / curve.ShareAt(((long)epochs.Count * Plan.StepsPerEpoch) - 1);
            curve.Add(epochs[^1]);
        });
        steps.Read(cells => losses.Add((float)(cells[1] ?? double.NaN)));
    }

    private DateTimeOffset LastWrite() => ((string[])[RunFiles.State, RunFiles.Results, RunFiles.Steps]).Max(name => File.GetLastWriteTimeUtc(In(name)));

    private string In(string name) => System.IO.Path.Combine(path, name);
}
