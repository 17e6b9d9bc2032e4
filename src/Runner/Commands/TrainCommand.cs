using System.CommandLine;
using GpuCnn.Kernels;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary><c>train</c>: trains a model and leaves a run folder, or goes on with one. All input is checked before anything is created.</summary>
internal sealed class TrainCommand
{
    private readonly Host host;

    public TrainCommand(Host host)
    {
        this.host = host;
        Command = new Command("train", "Trains a model and writes a run folder. Ctrl-C ends it after the step under way and saves; a second Ctrl-C ends it at once. "
            + "--resume goes on with a run that was interrupted, failed or was killed, bit for bit as if it had not been.");
        foreach (Option option in (Option[])[CommonOptions.Model, CommonOptions.Data, TrainFlags.Epochs, TrainFlags.LearningRate,
            TrainFlags.Schedule, TrainFlags.WarmUp, TrainFlags.StopPatience, TrainFlags.StopMetric, TrainFlags.StopMinChange,
            .. SetupOptions, TrainFlags.Folder, TrainFlags.OnNan, TrainFlags.CheckpointEvery, TrainFlags.Resume, TrainFlags.NoPictures, TrainingViews.Style, CommonOptions.Accelerator, CommonOptions.Threads])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(parsed => parsed.GetValue(TrainFlags.Resume) is { } run ? Resume(parsed, run) : Begin(parsed));
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    /// <summary>Options that say what a step computes, but for the learning rate; lr-find has them too.</summary>
    public static IReadOnlyList<Option> SetupOptions { get; } = [TrainFlags.BatchSize, TrainFlags.Optimizer, TrainFlags.WeightDecay, TrainFlags.LabelSmoothing,
        TrainFlags.GradientClip, TrainFlags.WeightAverage, TrainFlags.ValidationSplit, TrainFlags.NoShuffle, TrainFlags.NoDropout, TrainFlags.Augment,
        TrainFlags.TrainSamples, TrainFlags.Seed, TrainFlags.Weights, TrainFlags.ImageSize, TrainFlags.Colour];

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
        model = tensors is null ? Fit(parsed, model ?? ModelDefinition.Cnn1, data) : model!;
        TrainingOptions options = adapt(Options(parsed, model));
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

    private int Begin(ParseResult parsed)
    {
        string? wanted = parsed.GetValue(TrainFlags.Folder);
        if (wanted is not null)
        {
            RunFolder.Check(wanted);
        }
        using TrainingSetup setup = Prepare(host, parsed, options => options);
        (ModelDefinition model, TrainingOptions options, Device device) = (setup.Network.Model, setup.Trainer.Options, setup.Device);
        string? weights = parsed.GetValue(TrainFlags.Weights);
        var args = new ArgsDocument(ProgramVersion.Text, model.Name, device.Info.Id, device.Info.Name, device.Workers, setup.Data,
            weights is null ? null : Path.GetFullPath(weights), options.Seed, options.Epochs, options.BatchSize, options.LearningRate, options.ValidationSplit,
            options.Shuffle, options.Dropout, options.TrainSamples, parsed.GetValue(TrainFlags.CheckpointEvery), setup.TrainFingerprint, setup.TestFingerprint,
            TrainFlags.NameOf(options.OnNonFinite), options.Augmentation.ToString(), options.Schedule.ToString(), options.WarmUp,
            TrainFlags.NameOf(options.Optimizer), options.WeightDecay, options.LabelSmoothing, options.GradientClip, options.WeightAverage,
            options.EarlyStopping.Patience, ValidationMetrics.NameOf(options.EarlyStopping.Metric), options.EarlyStopping.MinChange);
        using RunFolder folder = wanted is not null ? RunFolder.CreateAt(wanted, args, model) : RunFolder.CreateNext(host.Runs, args, model);
        return Execute(parsed, setup, folder);
    }

    private int Resume(ParseResult parsed, string run)
    {
        using RunFolder folder = RunFolder.Open(run);
        var resumption = new Resumption(host, parsed, folder);
        ModelDefinition model = folder.Model;
        TrainingOptions options = resumption.Options(model);
        using var setup = new TrainingSetup(host, model, options, DataFolder.Open(parsed.GetValue(CommonOptions.Data) ?? folder.Args.Data));
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
        folder.Continue(resumption.ArgsFrom(setup, options, state?.Step ?? 0), [.. setup.Trainer.Epochs.Select(EpochDocument.Of)], setup.Trainer.StepLosses);
        return Execute(parsed, setup, folder, checkpoint);
    }

    private int Execute(ParseResult parsed, TrainingSetup setup, RunFolder folder, Checkpoint? past = null)
    {
        setup.Trainer.CheckpointEvery = folder.Args.CheckpointEvery;
        using var run = new TrainingRun(host, new Output(host, parsed), setup.Trainer, folder, setup.Test)
        {
            Past = past,
            Style = parsed.GetValue(TrainingViews.Style),
            Pictures = !parsed.GetValue(TrainFlags.NoPictures),
        };
        return run.Execute();
    }

    /// <summary>A configuration that comes with the program takes whatever images and classes the data have; a described one says itself what it takes.</summary>
    private static ModelDefinition Fit(ParseResult parsed, ModelDefinition model, DataFolder data)
    {
        int? size = parsed.GetValue(TrainFlags.ImageSize);
        bool colour = parsed.GetValue(TrainFlags.Colour), described = !ModelDefinition.All.Contains(model);
        if ((size is not null || colour) && (described || data.Shape is not null))
        {
            throw new OptionException(size is not null ? TrainFlags.ImageSize.Name : TrainFlags.Colour.Name,
                described ? $"model {model.Name} says itself that it takes images of {model.Input}; change its description" : $"the images of {data.Path} are {data.Shape}, only pictures are brought to a size");
        }
        TensorShape shape = data.Shape ?? new TensorShape(colour ? 3 : model.Input.Channels, size ?? model.Input.Height, size ?? model.Input.Width);
        return described ? model : model.Fit(shape, data.ClassNames.Count);
    }

    private static TrainingOptions Options(ParseResult parsed, ModelDefinition model)
    {
        OptimizerKind optimizer = parsed.GetValue(TrainFlags.Optimizer);
        return new TrainingOptions
        {
            Epochs = parsed.GetValue(TrainFlags.Epochs) ?? model.Epochs,
            BatchSize = parsed.GetValue(TrainFlags.BatchSize),
            Optimizer = optimizer,
            LearningRate = parsed.GetValue(TrainFlags.LearningRate) ?? TrainingOptions.DefaultLearningRate(optimizer),
            Schedule = parsed.GetValue(TrainFlags.Schedule)!,
            WarmUp = parsed.GetValue(TrainFlags.WarmUp),
            EarlyStopping = TrainFlags.Stopping(parsed, new EarlyStopping()),
            WeightDecay = parsed.GetValue(TrainFlags.WeightDecay) ?? TrainingOptions.DefaultWeightDecay(optimizer),
            LabelSmoothing = parsed.GetValue(TrainFlags.LabelSmoothing),
            GradientClip = parsed.GetValue(TrainFlags.GradientClip),
            WeightAverage = parsed.GetValue(TrainFlags.WeightAverage),
            ValidationSplit = parsed.GetValue(TrainFlags.ValidationSplit),
            Shuffle = !parsed.GetValue(TrainFlags.NoShuffle),
            Dropout = !parsed.GetValue(TrainFlags.NoDropout),
            Augmentation = parsed.GetValue(TrainFlags.Augment),
            Seed = parsed.GetValue(TrainFlags.Seed),
            TrainSamples = parsed.GetValue(TrainFlags.TrainSamples),
            OnNonFinite = parsed.GetValue(TrainFlags.OnNan),
        };
    }
}
