using System.CommandLine;
using GpuCnn.Kernels;
using GpuCnn.Runner.CommandLine;
using GpuCnn.Runner.Data;
using GpuCnn.Runner.Reports;
using GpuCnn.Runner.Views;

namespace GpuCnn.Runner.Commands;

/// <summary><c>train</c>: trains a model and leaves a run folder. All input is checked before anything is created.</summary>
internal sealed class TrainCommand
{
    private static readonly TrainingOptions Preset = new();

    private static readonly Option<int?> Epochs = Flag.OptionalNumber(TrainingOptions.EpochsRule,
        $"Passes over the training images; {string.Join(", ", ModelDefinition.All.Select(model => $"{model.Epochs} for {model.Name}"))} unless given");

    private static readonly Option<int> BatchSize = Flag.Number(TrainingOptions.BatchSizeRule, "Images a step", Preset.BatchSize);

    private static readonly Option<double> LearningRate = Flag.Number(TrainingOptions.LearningRateRule, "Adam's step size", Preset.LearningRate);

    private static readonly Option<double> ValidationSplit = Flag.Number(TrainingOptions.ValidationSplitRule,
        "Share of the images, the last ones, held out for validation (0: none, then best is last)", Preset.ValidationSplit);

    private static readonly Option<bool> NoShuffle = Flag.Switch("--no-shuffle", "Take the images in the order of the files in every epoch");

    private static readonly Option<bool> NoDropout = Flag.Switch("--no-dropout", "Let dropout layers pass everything");

    private static readonly Option<int> TrainSamples = Flag.Number(TrainingOptions.TrainSamplesRule,
        "Use only the first N training images, in the order of the files, before the split", Preset.TrainSamples);

    private static readonly Option<ulong> Seed = Flag.Number(new OptionRule<ulong>("--seed", $"0 to {ulong.MaxValue}", _ => true),
        "Seed of initial weights, shuffling and dropout", Preset.Seed);

    private static readonly Option<string?> Folder = Flag.Text("--output", "DIR", "Run folder, new or empty [default: the next free runs/<model>-<n>]");

    private static readonly Option<bool> NoPictures = Flag.Switch("--no-pictures", "Draw no pictures into the run folder");

    private static readonly Option<string?> Weights = Flag.Text("--weights", "FILE", "Weights file (safetensors) to start from [default: new random weights]");

    private readonly Host host;

    public TrainCommand(Host host)
    {
        this.host = host;
        Command = new Command("train", "Trains a model and writes a run folder. Ctrl-C ends it after the step under way and saves; a second Ctrl-C ends it at once.");
        foreach (Option option in (Option[])[CommonOptions.Model, CommonOptions.Data, Epochs, BatchSize, LearningRate, ValidationSplit, NoShuffle, NoDropout,
            TrainSamples, Seed, Weights, Folder, NoPictures, TrainingViews.Style, CommonOptions.Accelerator, CommonOptions.Threads])
        {
            Command.Options.Add(option);
        }
        Command.SetAction(Run);
    }

    /// <summary>Its declaration.</summary>
    public Command Command { get; }

    private int Run(ParseResult parsed)
    {
        var output = new Output(host, parsed);
        if (parsed.GetValue(Folder) is { } wanted)
        {
            RunFolder.Check(wanted);
        }
        string? weights = parsed.GetValue(Weights);
        ModelDefinition? model = parsed.GetValue(CommonOptions.Model);
        IReadOnlyList<WeightTensor>? tensors = null;
        if (weights is not null)
        {
            (model, tensors) = TrainedModel.Load(weights, model);
        }
        model ??= ModelDefinition.Cnn1;
        TrainingOptions options = Options(parsed, model);
        string data = FashionMnist.FindFolder(parsed.GetValue(CommonOptions.Data));
        Task<ImageSet> reading = Inputs.StartReading(data, DataSplit.Train), readingTest = Inputs.StartReading(data, DataSplit.Test);
        Task<string> fingerprint = Inputs.StartFingerprint(reading), testFingerprint = Inputs.StartFingerprint(readingTest);
        using Device device = AcceleratorCatalog.Open(parsed.GetValue(CommonOptions.Accelerator), parsed.GetValue(CommonOptions.Threads));
        using var network = new Network(model, device, options.BatchSize);
        if (tensors is null)
        {
            network.Initialize(options.Seed);
        }
        else
        {
            network.ImportWeights(tensors);
        }
        ImageSet images = reading.GetAwaiter().GetResult(), test = readingTest.GetAwaiter().GetResult();
        model.RequireFit(images);
        model.RequireFit(test);
        using var trainer = new Trainer(network, options, images);
        var args = new ArgsDocument(ProgramVersion.Text, model.Name, device.Info.Id, device.Info.Name, device.Workers, Path.GetFullPath(data),
            weights is null ? null : Path.GetFullPath(weights), options.Seed, options.Epochs, options.BatchSize, options.LearningRate, options.ValidationSplit,
            options.Shuffle, options.Dropout, options.TrainSamples, 0, fingerprint.GetAwaiter().GetResult(), testFingerprint.GetAwaiter().GetResult());
        using RunFolder folder = parsed.GetValue(Folder) is { } given ? RunFolder.CreateAt(given, args) : RunFolder.CreateNext(host.Runs, args);
        folder.WriteModel(model);
        return new TrainingRun(host, output, trainer, folder, test) { Style = parsed.GetValue(TrainingViews.Style), Pictures = !parsed.GetValue(NoPictures) }.Execute();
    }

    private static TrainingOptions Options(ParseResult parsed, ModelDefinition model) => new()
    {
        Epochs = parsed.GetValue(Epochs) ?? model.Epochs,
        BatchSize = parsed.GetValue(BatchSize),
        LearningRate = parsed.GetValue(LearningRate),
        ValidationSplit = parsed.GetValue(ValidationSplit),
        Shuffle = !parsed.GetValue(NoShuffle),
        Dropout = !parsed.GetValue(NoDropout),
        Seed = parsed.GetValue(Seed),
        TrainSamples = parsed.GetValue(TrainSamples),
    };
}
