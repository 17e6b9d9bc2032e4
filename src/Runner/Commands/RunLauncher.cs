using System.CommandLine;
using System.Globalization;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary>Begins runs as a command line says, and goes on with them. All input is checked before anything is created.</summary>
/// <param name="host">Where to write.</param>
/// <param name="parsed">The command line.</param>
internal sealed class RunLauncher(Host host, ParseResult parsed)
{
    /// <summary>Reads what the command line names, opens the accelerator, and makes a new training.</summary>
    /// <param name="host">For warnings.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="adapt">Sets training options that the command has not.</param>
    /// <returns>The training before its first step.</returns>
    public static TrainingSetup Prepare(Host host, ParseResult parsed, Func<TrainingOptions, TrainingOptions> adapt)
    {
        ModelDefinition? model = parsed.GetValue(CommonOptions.Model);
        IReadOnlyList<WeightTensor>? tensors = null;
        if (parsed.GetValue(TrainFlags.Weights) is { } weights)
        {
            (model, tensors) = TrainedModel.Load(weights, model);
        }
        DataFolder data = DataFolder.Open(parsed.GetValue(CommonOptions.Data));
        model = tensors is null ? Fit(parsed, model ?? ModelZoo.Cnn1, data) : model!;
        TrainingOptions options = adapt(TrainFlags.Over(model.Recipe, TrainFlags.Given(parsed, _ => true)));
        options.Validate();
        var setup = new TrainingSetup(host, model, options, data);
        try
        {
            setup.Use(AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads)));
            setup.Initialize(tensors);
            setup.Prepare();
            return setup;
        }
        catch
        {
            setup.Dispose();
            throw;
        }
    }

    /// <summary>Checks all input and makes a new training.</summary>
    /// <returns>The training before its first step.</returns>
    public TrainingSetup Prepare()
    {
        if (parsed.GetValue(TrainFlags.Folder) is { } wanted)
        {
            RunFolder.Check(wanted);
        }
        TrainingSetup setup = Prepare(host, parsed, all => all);
        TrainingOptions options = setup.Trainer.Options;
        if (options.Schedule.EpochsUnchanged >= options.Epochs)
        {
            host.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"gpucnn: warning: --schedule {options.Schedule} changes nothing within {options.Epochs} epochs"));
        }
        return setup;
    }

    /// <summary>The options of a new run.</summary>
    /// <param name="setup">The run's training.</param>
    public ArgsDocument ArgsOf(TrainingSetup setup)
    {
        (Device device, string? weights) = (setup.Device, parsed.GetValue(TrainFlags.Weights));
        return new ArgsDocument(ProgramVersion.Text, setup.Network.Model.Name, device.Info.Id, device.Info.Name, device.Workers, setup.Data,
            weights is null ? null : Path.GetFullPath(weights),
            setup.Trainer.Options, parsed.GetValue(TrainFlags.CheckpointEvery), setup.TrainFingerprint, setup.TestFingerprint);
    }

    /// <summary>Begins a run and trains it to its end.</summary>
    /// <returns>The exit code.</returns>
    public int Begin()
    {
        using TrainingSetup setup = Prepare();
        ArgsDocument args = ArgsOf(setup);
        ModelDefinition model = setup.Network.Model;
        using RunFolder folder = parsed.GetValue(TrainFlags.Folder) is { } wanted ? RunFolder.CreateAt(wanted, args, model) : RunFolder.CreateNext(host.Runs, args, model);
        using TrainingRun run = Make(setup, folder, null, null);
        return run.Execute();
    }

    /// <summary>Goes on with a run.</summary>
    /// <param name="path">Its folder.</param>
    /// <returns>The exit code.</returns>
    public int Resume(string path)
    {
        using RunFolder folder = RunFolder.Open(path);
        return Resume(folder, _ => true, null, null, null, out _);
    }

    /// <summary>Goes on with a run, or begins one that was only described.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="counts">Which of the options given are meant for it.</param>
    /// <param name="like">The options of a run that ends when it does; null for its own.</param>
    /// <param name="place">Its place among the runs of several seeds; null for a run of its own.</param>
    /// <param name="accepted">Called when nothing that was given is refused any more, before the run is changed; null for nothing.</param>
    /// <param name="document">What came of it.</param>
    /// <returns>The exit code.</returns>
    public int Resume(RunFolder folder, Predicate<Option> counts, ArgsDocument? like, SeedPlace? place, Action? accepted, out TrainDocument? document)
    {
        var resumption = new Resumption(host, parsed, folder, counts, like);
        ModelDefinition model = folder.Model;
        TrainingOptions options = resumption.Options(model);
        using var setup = new TrainingSetup(host, model, options, DataFolder.Open(counts(CommonOptions.Data) && parsed.GetValue(CommonOptions.Data) is { } data ? data : folder.Args.Data));
        Checkpoint? checkpoint = resumption.LoadCheckpoint(options);
        TrainingState? state = checkpoint?.State;
        setup.Use(resumption.OpenDevice());
        if (state is null)
        {
            setup.Initialize(folder.Args.Weights is { } weights ? TrainedModel.Load(weights, model).Weights : null);
        }
        setup.Prepare();
        resumption.RequireSameData(setup);
        if (state is not null)
        {
            // A run that went back has a lower rate than its options, until another is asked for.
            setup.Trainer.Restore(options.LearningRate == state.Options.LearningRate ? state : state with { LearningRate = options.LearningRate });
        }
        accepted?.Invoke();
        folder.Continue(resumption.ArgsFrom(setup, options, state?.Step ?? 0), [.. setup.Trainer.Epochs.Select(EpochDocument.Of)], setup.Trainer.StepLosses);
        using TrainingRun run = Make(setup, folder, checkpoint, place);
        int code = run.Execute();
        document = run.Document;
        return code;
    }

    private TrainingRun Make(TrainingSetup setup, RunFolder folder, Checkpoint? past, SeedPlace? place)
    {
        setup.Trainer.CheckpointEvery = folder.Args.CheckpointEvery;
        return new TrainingRun(host, new Output(host, parsed), setup.Trainer, folder, setup.Test, place)
        {
            Past = past,
            Style = parsed.GetValue(TrainingViews.Style),
            Pictures = !parsed.GetValue(TrainFlags.NoPictures),
        };
    }

    /// <summary>A configuration that comes with the program takes whatever images and classes the data have; a described one says itself what it takes.</summary>
    private static ModelDefinition Fit(ParseResult parsed, ModelDefinition model, DataFolder data)
    {
        int? size = parsed.GetValue(TrainFlags.ImageSize);
        bool colour = parsed.GetValue(TrainFlags.Colour), described = !ModelZoo.All.Contains(model);
        if ((size is not null || colour) && (described || data.Shape is not null))
        {
            throw new OptionException(size is not null ? TrainFlags.ImageSize.Name : TrainFlags.Colour.Name,
                described ? $"model {model.Name} says itself that it takes images of {model.Input}; change its description" : $"the images of {data.Path} are {data.Shape}, only pictures are brought to a size");
        }
        TensorShape shape = data.Shape ?? new TensorShape(colour ? 3 : model.Input.Channels, size ?? model.Input.Height, size ?? model.Input.Width);
        return described ? model : model.Fit(shape, data.ClassNames.Count);
    }
}
