using System.CommandLine;

namespace GpuCnn.Runner.CommandLine;

/// <summary>Options of <c>train</c>. What a resumed run makes of them, <see cref="Commands.Resumption"/> says.</summary>
internal static class TrainFlags
{
    private static readonly TrainingOptions Preset = new();

    /// <summary>What a shell offers for <c>--augment</c>.</summary>
    public static IReadOnlyList<string> AugmentOffers { get; } = ["none", "flip", "shift=2", "shift=2,flip", "shift=2,flip,erase=0.25"];

    public static Option<int?> Epochs { get; } = Flag.OptionalNumber(TrainingOptions.EpochsRule,
        $"Passes over the training images; {string.Join(", ", ModelZoo.All.Select(model => $"{model.Epochs} for {model.Name}"))} unless given");

    public static Option<int> BatchSize { get; } = Flag.Number(TrainingOptions.BatchSizeRule, "Images a step", Preset.BatchSize);

    public static Option<Optimizer> Optimizer { get; } = Flag.Declare(GpuCnn.Optimizer.Flag, "NAME",
        $"How weights change: {PlainText.Or([.. GpuCnn.Optimizer.All.Select(each => $"{each.Name} ({each.Description})")])}", GpuCnn.Optimizer.Parse, Preset.Optimizer)
        .Offering(GpuCnn.Optimizer.All.Select(each => each.Name));

    public static Option<double?> LearningRate { get; } = Flag.OptionalNumber(TrainingOptions.LearningRateRule,
        $"The optimizer's step size; {ForEach(each => each.DefaultLearningRate)} unless given");

    public static Option<double?> WeightDecay { get; } = Flag.OptionalNumber(TrainingOptions.WeightDecayRule,
        $"How fast weights shrink by themselves, biases and batch normalizations do not; {DefaultWeightDecays}");

    public static Option<double> LabelSmoothing { get; } = Flag.Number(TrainingOptions.LabelSmoothingRule,
        "Share of the target that all classes have in equal parts; the training loss is that of this target, the validation loss is plain", Preset.LabelSmoothing);

    public static Option<double> GradientClip { get; } = Flag.Number(TrainingOptions.GradientClipRule,
        "Greatest L2 norm of a step's whole gradient; a longer one is shortened to it", Preset.GradientClip);

    public static Option<double> WeightAverage { get; } = Flag.Number(TrainingOptions.WeightAverageRule,
        "Decay of an exponential average of the weights, at most (1+t)/(10+t) after step t; validation and the weights files take the average", Preset.WeightAverage);

    public static Option<LearningRateSchedule> Schedule { get; } = Flag.Declare<LearningRateSchedule>("--schedule", "NAME",
        $"How the learning rate changes: {string.Join(", ", LearningRateSchedule.Syntaxes)}. cosine falls to END (0) of it, one-cycle rises for RISE (0.3) of the steps and falls to nothing, "
            + "both step by step over all epochs; step multiplies it by FACTOR (0.1) every EPOCHS (10); plateau by FACTOR (0.5) when METRIC (val_loss, or val_accuracy) has not improved for more than EPOCHS (5)",
        LearningRateSchedule.Parse, Preset.Schedule).Offering(LearningRateSchedule.Names);

    public static Option<double> WarmUp { get; } = Flag.Number(TrainingOptions.WarmUpRule,
        "Epochs, or a part of one, in which the learning rate rises step by step from almost nothing", Preset.WarmUp);

    public static Option<int> StopPatience { get; } = Flag.Number(EarlyStopping.PatienceRule,
        "End the training when --stop-metric has not improved for N epochs in a row", Preset.EarlyStopping.Patience);

    public static Option<ValidationMetric> StopMetric { get; } = Flag.Declare("--stop-metric", "METRIC",
        "What is to improve: val_loss or val_accuracy; best weights are those of the best val_accuracy with either", text => ValidationMetrics.Names.Parse("--stop-metric", text), Preset.EarlyStopping.Metric)
        .Offering(ValidationMetrics.Names.All);

    public static Option<double> StopMinChange { get; } = Flag.Number(EarlyStopping.MinChangeRule,
        "An improvement by no more than this is none", Preset.EarlyStopping.MinChange);

    public static Option<double> ValidationSplit { get; } = Flag.Number(TrainingOptions.ValidationSplitRule,
        "Share of the images, the last ones, held out for validation (0: none, then best is last)", Preset.ValidationSplit);

    public static Option<bool> NoShuffle { get; } = Flag.Switch("--no-shuffle", "Take the images in the order of the files in every epoch");

    public static Option<bool> NoDropout { get; } = Flag.Switch("--no-dropout", "Let dropout layers pass everything");

    public static Option<Augmentation> Augment { get; } = Flag.Declare("--augment", "WHAT",
        $"Change training images at random, each time anew: {Augmentation.Allowed}; nothing held out or tested is changed", Augmentation.Parse, Augmentation.None)
        .Offering(AugmentOffers);

    public static Option<int> TrainSamples { get; } = Flag.Number(TrainingOptions.TrainSamplesRule,
        "Use only the first N training images, in the order of the files, before the split", Preset.TrainSamples);

    public static Option<ulong> Seed { get; } = Flag.Number(new OptionRule<ulong>("--seed", $"0 to {ulong.MaxValue}", _ => true),
        "Seed of initial weights, shuffling, dropout and augmentation", Preset.Seed);

    /// <summary>What <see cref="Seeds"/> may be.</summary>
    public static OptionRule<int> SeedsRule { get; } = new("--seeds", "2 to 1000", value => value is >= 2 and <= 1000);

    public static Option<int?> Seeds { get; } = Flag.OptionalNumber(SeedsRule,
        "Train with so many seeds, --seed and those above it, one after the other, and tell mean and 95 % half-width of their test accuracies");

    public static Option<NonFinitePolicy> OnNan { get; } = Flag.Declare("--on-nan", "WHAT",
        $"When a number becomes NaN or infinite: stop, or rollback (back to the last checkpoint and on with half the learning rate, {Trainer.MostRollbacks} times at most)",
        text => NonFinitePolicies.Names.Parse("--on-nan", text), NonFinitePolicy.Stop).Offering(NonFinitePolicies.Names.All);

    public static Option<int?> ImageSize { get; } = Flag.OptionalNumber(new OptionRule<int>("--image-size", "8 to 512", value => value is >= 8 and <= 512),
        "Height and width, in pixels, that pictures of a folder are brought to [default: 28]");

    public static Option<bool> Colour { get; } = Flag.Switch("--colour", "Take pictures of a folder in red, green and blue, not in grey");

    public static Option<int> CheckpointEvery { get; } = Flag.Number(new OptionRule<int>("--checkpoint-every", "0 (only then) or more", value => value >= 0),
        "Save a checkpoint every N steps too, beside that at each epoch's end and when the training is interrupted", 0);

    public static Option<string?> Resume { get; } = Flag.Text("--resume", "RUN",
        "Go on with a run from its newest checkpoint, with its options; --epochs may be raised, the --stop flags changed, and --learning-rate, --schedule, --warm-up and --accelerator (other bits from there)");

    public static Option<string?> Folder { get; } = Flag.Text("--output", "DIR", "Run folder, new or empty [default: the next free runs/<model>-<n>]");

    public static Option<bool> NoPictures { get; } = Flag.Switch("--no-pictures", "Draw no pictures into the run folder");

    /// <summary>Early stopping as given; what is not given is as it was.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="isGiven">Whether an option is given.</param>
    /// <param name="before">What it was.</param>
    /// <exception cref="OptionException">Something is given that has no effect.</exception>
    public static EarlyStopping Stopping(ParseResult parsed, Predicate<Option> isGiven, EarlyStopping before)
    {
        var stopping = new EarlyStopping
        {
            Patience = isGiven(StopPatience) ? parsed.GetValue(StopPatience) : before.Patience,
            Metric = isGiven(StopMetric) ? parsed.GetValue(StopMetric) : before.Metric,
            MinChange = isGiven(StopMinChange) ? parsed.GetValue(StopMinChange) : before.MinChange,
        };
        return stopping.Patience > 0 || ((Option[])[StopMetric, StopMinChange]).FirstOrDefault(option => isGiven(option)) is not { } idle ? stopping
            : throw new OptionException(idle.Name, $"it has no effect without {StopPatience.Name} N; give that too");
    }

    public static Option<string?> Weights { get; } = Flag.Text("--weights", "FILE", "Weights file (safetensors) to start from [default: new random weights]");

    private static string DefaultWeightDecays => $"{ForEach(each => each.DefaultWeightDecay)} unless given, "
        + $"{PlainText.Or([.. GpuCnn.Optimizer.All.Where(each => !each.TakesWeightDecay).Select(each => each.Name)])} takes none";

    private static string ForEach(Func<Optimizer, double> preset) =>
        string.Join(", ", GpuCnn.Optimizer.All.Select(each => FormattableString.Invariant($"{preset(each)} for {each.Name}")));
}
