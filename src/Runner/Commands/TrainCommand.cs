using System.CommandLine;
using GpuCnn.Kernels;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary><c>train</c>: trains a model and leaves a run folder. All input is checked before anything is created.</summary>
internal sealed class TrainCommand
{
    private readonly Host host;

    public TrainCommand(Host host)
    {
        this.host = host;
        Command = new Command("train", "Trains a model and writes a run folder. Ctrl-C ends it after the step under way and saves; a second Ctrl-C ends it at once.");
        foreach (Option option in (Option[])[CommonOptions.Model, CommonOptions.Data, TrainFlags.Epochs, TrainFlags.BatchSize, TrainFlags.LearningRate,
            TrainFlags.ValidationSplit, TrainFlags.NoShuffle, TrainFlags.NoDropout, TrainFlags.TrainSamples, TrainFlags.Seed, TrainFlags.Weights, TrainFlags.Folder,
            TrainFlags.NoPictures, TrainingViews.Style, CommonOptions.Accelerator, CommonOptions.Threads])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(Begin);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Begin(ParseResult parsed)
    {
        string? wanted = parsed.GetValue(TrainFlags.Folder);
        if (wanted is not null)
        {
            RunFolder.Check(wanted);
        }
        string? weights = parsed.GetValue(TrainFlags.Weights);
        ModelDefinition? model = parsed.GetValue(CommonOptions.Model);
        IReadOnlyList<WeightTensor>? tensors = null;
        if (weights is not null)
        {
            (model, tensors) = TrainedModel.Load(weights, model);
        }
        model ??= ModelDefinition.Cnn1;
        TrainingOptions options = Options(parsed, model);
        using var setup = new TrainingSetup(model, options, parsed.GetValue(CommonOptions.Data));
        setup.Use(AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads)));
        setup.Initialize(tensors);
        setup.Prepare();
        Device device = setup.Device;
        var args = new ArgsDocument(ProgramVersion.Text, model.Name, device.Info.Id, device.Info.Name, device.Workers, setup.Data,
            weights is null ? null : Path.GetFullPath(weights), options.Seed, options.Epochs, options.BatchSize, options.LearningRate, options.ValidationSplit,
            options.Shuffle, options.Dropout, options.TrainSamples, 0, setup.TrainFingerprint, setup.TestFingerprint);
        using RunFolder folder = wanted is not null ? RunFolder.CreateAt(wanted, args) : RunFolder.CreateNext(host.Runs, args);
        folder.WriteModel(model);
        return Execute(parsed, setup, folder, []);
    }

    private int Execute(ParseResult parsed, TrainingSetup setup, RunFolder folder, IReadOnlyList<EpochResult> past) =>
        new TrainingRun(host, new Output(host, parsed), setup.Trainer, folder, setup.Test, past)
        {
            Style = parsed.GetValue(TrainingViews.Style),
            Pictures = !parsed.GetValue(TrainFlags.NoPictures),
        }.Execute();

    private static TrainingOptions Options(ParseResult parsed, ModelDefinition model) => new()
    {
        Epochs = parsed.GetValue(TrainFlags.Epochs) ?? model.Epochs,
        BatchSize = parsed.GetValue(TrainFlags.BatchSize),
        LearningRate = parsed.GetValue(TrainFlags.LearningRate),
        ValidationSplit = parsed.GetValue(TrainFlags.ValidationSplit),
        Shuffle = !parsed.GetValue(TrainFlags.NoShuffle),
        Dropout = !parsed.GetValue(TrainFlags.NoDropout),
        Seed = parsed.GetValue(TrainFlags.Seed),
        TrainSamples = parsed.GetValue(TrainFlags.TrainSamples),
    };
}
