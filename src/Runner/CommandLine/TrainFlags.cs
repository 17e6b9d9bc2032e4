using System.CommandLine;

namespace GpuCnn.Runner.CommandLine;

/// <summary>Options of <c>train</c>: those of a training, made of <see cref="TrainingOption.All"/>, and those of its run.</summary>
internal static class TrainFlags
{
    /// <summary>How a message about an option that a run must keep ends.</summary>
    public const string Advice = "leave the option out, a run is resumed with its own";

    private static readonly Dictionary<string, Option> OfTraining = TrainingOption.All.ToDictionary(option => option.Name, Declare);

    public static ValueRange SeedsRange { get; } = new IntegerRange<int>(2, 1000);

    public static Option<int?> Seeds { get; } = Flag.OptionalNumber<int>("--seeds", SeedsRange,
        "Train with this many seeds, from --seed up, and report mean and 95 % half-width of the test accuracies");

    public static Option<int?> ImageSize { get; } = Flag.OptionalNumber<int>("--image-size", new IntegerRange<int>(8, 512),
        "Scale pictures of a folder to this height and width in pixels", "28");

    public static Option<bool> Colour { get; } = Flag.Switch("--colour", "Read pictures of a folder in red, green and blue instead of grey");

    public static Option<int> CheckpointEvery { get; } = Flag.Number("--checkpoint-every", new IntegerRange<int>(0, int.MaxValue),
        "Also save a checkpoint every N steps (0: at each epoch's end and when interrupted only)", 0);

    public static Option<string?> Resume { get; } = Flag.Text("--resume", "RUN",
        "Continue a run from its latest checkpoint, with its options; these may change: "
            + string.Join(", ", TrainingOption.All.Where(option => option.OnResume != OnResume.Same).Select(option => option.Flag)));

    public static Option<string?> Folder { get; } = Flag.Text("--output", "DIR",
        "Write to this run folder, new or empty [default: the next free runs/<model>-<n>]");

    public static Option<bool> NoPictures { get; } = Flag.Switch("--no-pictures", "Draw no pictures into the run folder");

    public static Option<string?> Weights { get; } = Flag.Text("--weights", "FILE", "Start from this weights file (safetensors) [default: new random weights]");

    /// <summary>The flag of an option of a training.</summary>
    public static Option Of(TrainingOption option) => OfTraining[option.Name];

    /// <summary>The flags of some options of a training.</summary>
    public static IEnumerable<Option> Where(Func<TrainingOption, bool> isWanted) => TrainingOption.All.Where(isWanted).Select(Of);

    /// <summary>The options of a training that stand on a command line, with their values, of the flags that count.</summary>
    public static IReadOnlyDictionary<TrainingOption, object> Given(ParseResult parsed, Predicate<Option> counts) => TrainingOption.All
        .Where(option => counts(Of(option)) && parsed.IsGiven(Of(option)))
        .ToDictionary(option => option, option => Of(option) is Option<object?> valued ? parsed.GetValue(valued)! : !(bool)option.Default);

    /// <summary>What is given, and the model's recipe for the rest. What the recipe has for something that was replaced does not come along: the rate
    /// of another optimizer, the warm-up of another schedule or of a longer training, a patience with nothing held out.</summary>
    /// <exception cref="OptionException">An option has no effect without another.</exception>
    public static TrainingOptions Over(TrainingOptions recipe, IReadOnlyDictionary<TrainingOption, object> given)
    {
        TrainingOptions usual = new(), options = Apply(recipe, given);
        if (options.Optimizer != recipe.Optimizer)
        {
            options = options with
            {
                LearningRate = options.Optimizer.DefaultLearningRate,
                WeightDecay = options.Optimizer.DefaultWeightDecay,
            };
        }
        if (given.ContainsKey(TrainingOption.Named("schedule")) || recipe.WarmUp >= options.Epochs)
        {
            options = options with { WarmUp = usual.WarmUp };
        }
        if (options.ValidationSplit == 0)
        {
            options = options with { EarlyStopping = usual.EarlyStopping };
        }
        options = Apply(options, given);
        RequireEffect(options, given);
        return options;
    }

    /// <summary>What a run goes on with; it ends when another does, the first of several seeds, or by its own options.</summary>
    /// <exception cref="OptionException">An option differs that must not, or has no effect.</exception>
    public static TrainingOptions Resumed(TrainingOptions run, TrainingOptions ending, IReadOnlyDictionary<TrainingOption, object> given)
    {
        foreach ((TrainingOption option, object value) in given.Where(each => each.Key.OnResume == OnResume.Same))
        {
            object ofRun = option.Get(run);
            if (option.Range is SwitchRange && !value.Equals(ofRun))
            {
                throw new OptionException(option.Flag, $"it is given, but the run was begun without it; {Advice}");
            }
            RequireSame(option.Flag, ValueRange.Text(value), ValueRange.Text(ofRun));
        }
        IEnumerable<TrainingOption> free = TrainingOption.All.Where(option => option.OnResume == OnResume.Ignored);
        TrainingOptions options = Apply(Apply(run, free.Select(option => KeyValuePair.Create(option, option.Get(ending)))), given);
        RequireEffect(options, given);
        return options;
    }

    /// <summary>Refuses a value that is not the run's, if one is given.</summary>
    /// <exception cref="OptionException">It is another.</exception>
    public static void RequireSame(string flag, string? given, string ofRun)
    {
        if (given is not null && given != ofRun)
        {
            throw new OptionException(flag, $"{given} is given, but the run has {ofRun}; {Advice}");
        }
    }

    /// <summary>What makes other bits from here on: options that changed, with their values before and now.</summary>
    public static IEnumerable<(TrainingOption Option, object Before, object Now)> Changes(TrainingOptions before, TrainingOptions now) => TrainingOption.All
        .Where(option => option.OnResume == OnResume.MayChange && !option.Get(before).Equals(option.Get(now)))
        .Select(option => (option, option.Get(before), option.Get(now)));

    /// <summary>Options with other values for some.</summary>
    private static TrainingOptions Apply(TrainingOptions options, IEnumerable<KeyValuePair<TrainingOption, object>> values) =>
        values.Aggregate(options, (all, each) => each.Key.With(all, each.Value));

    /// <summary>Refuses options of early stopping where there is none.</summary>
    /// <exception cref="OptionException">One is given.</exception>
    private static void RequireEffect(TrainingOptions options, IReadOnlyDictionary<TrainingOption, object> given)
    {
        TrainingOption patience = TrainingOption.Named("stop_patience");
        if (options.EarlyStopping.Patience == 0
            && given.Keys.FirstOrDefault(option => option != patience && option.Property.StartsWith(nameof(EarlyStopping), StringComparison.Ordinal)) is { } idle)
        {
            throw new OptionException(idle.Flag, $"no effect without {patience.Flag} N; give that too");
        }
    }

    private static Option Declare(TrainingOption option)
    {
        if (option.Range is SwitchRange)
        {
            return Flag.Switch(option.Flag, option.Help);
        }
        string preset = option.Name == "epochs" ? string.Join(", ", ModelZoo.All.Select(model => $"{model.Epochs} for {model.Name}"))
            : option.DefaultWords ?? ValueRange.Text(option.Default);
        return Flag.Declare(option.Flag, option.Range.Placeholder, $"{option.Help}; {option.Range.Bounds} [default: {preset}]",
            text => Read(option, text), null).Offering(option.Range.Offers);
    }

    private static object? Read(TrainingOption option, string text)
    {
        object value = Flag.Parse(option.Flag, option.Range, text);
        // Texts have a syntax of their own; what is given is compared as it will be written.
        return option.Get(option.With(new TrainingOptions(), value));
    }
}
