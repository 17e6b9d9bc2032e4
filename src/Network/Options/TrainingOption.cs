using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace GpuCnn;

/// <summary>What a resumption may make of an option.</summary>
internal enum OnResume
{
    /// <summary>It must be the same: with another value it would be another training.</summary>
    Same,

    /// <summary>It may change, with other bits from there on.</summary>
    MayChange,

    /// <summary>It may change freely: no step depends on it.</summary>
    Ignored,
}

/// <summary>An option of a training, said once: flags, help, recipes, their schema, args.json, checks and resumptions go through <see cref="All"/>.</summary>
/// <param name="Name">In snake case, as recipes have it; its flag has dashes.</param>
/// <param name="Property">The property of <see cref="TrainingOptions"/>.</param>
/// <param name="Range">The values that it may have.</param>
/// <param name="Help">One line, the verb first.</param>
/// <param name="Get">Its value, of the range's type.</param>
/// <param name="With">Options with another value.</param>
internal sealed record TrainingOption(string Name, string Property, ValueRange Range, string Help,
    Func<TrainingOptions, object> Get, Func<TrainingOptions, object, TrainingOptions> With)
{
    private const string Stopping = $"{nameof(TrainingOptions.EarlyStopping)}.", Metric = Stopping + nameof(EarlyStopping.Metric);

    private static readonly TrainingOptions Defaults = new();

    /// <summary>All options, in the order of help and recipes. The optimizer stands before those whose defaults depend on it.</summary>
    public static IReadOnlyList<TrainingOption> All { get; } =
    [
        Of("epochs", nameof(TrainingOptions.Epochs), new IntegerRange<int>(1, 1_000_000), "Set the passes over the training images",
            all => all.Epochs, (all, value) => all with { Epochs = value }) with { InRecipe = false, OnResume = OnResume.Ignored },
        Of("batch_size", nameof(TrainingOptions.BatchSize), new IntegerRange<int>(1, TrainingOptions.LargestBatch), "Set the images per step",
            all => all.BatchSize, (all, value) => all with { BatchSize = value }),
        Of("optimizer", nameof(TrainingOptions.Optimizer), new ChoiceRange([.. Optimizer.All.Select(each => each.Name)]), "Choose how weights change",
            all => all.Optimizer.Name, (all, value) => all with { Optimizer = Optimizer.Parse(value) }),
        Of("learning_rate", nameof(TrainingOptions.LearningRate), new NumberRange(0, 1, above: true), "Set the optimizer's step size",
            all => all.LearningRate, (all, value) => all with { LearningRate = value })
            with { OnResume = OnResume.MayChange, DefaultWords = ForEachOptimizer(each => each.DefaultLearningRate) },
        Of("schedule", nameof(TrainingOptions.Schedule), new TextRange(string.Join(", ", LearningRateSchedule.Syntaxes), LearningRateSchedule.Names),
            "Change the learning rate during the training",
            all => all.Schedule.ToString(), (all, value) => all with { Schedule = LearningRateSchedule.Parse(value) }) with { OnResume = OnResume.MayChange },
        Of("warm_up", nameof(TrainingOptions.WarmUp), new NumberRange(0, 1_000_000, below: true),
            "Raise the learning rate from almost 0 during this many epochs (fractions allowed)",
            all => all.WarmUp, (all, value) => all with { WarmUp = value }) with { OnResume = OnResume.MayChange },
        Of("weight_decay", nameof(TrainingOptions.WeightDecay), new NumberRange(0, 1), "Shrink weights by this rate; not applied to biases and batch norm",
            all => all.WeightDecay, (all, value) => all with { WeightDecay = value })
            with { DefaultWords = ForEachOptimizer(each => each.DefaultWeightDecay) },
        Of("label_smoothing", nameof(TrainingOptions.LabelSmoothing), new NumberRange(0, 1, below: true), "Smooth labels by this share (training loss only)",
            all => all.LabelSmoothing, (all, value) => all with { LabelSmoothing = value }),
        Of("gradient_clip", nameof(TrainingOptions.GradientClip), new NumberRange(0, 1_000_000), "Clip gradients to this L2 norm (0: off)",
            all => all.GradientClip, (all, value) => all with { GradientClip = value }),
        Of("ema", nameof(TrainingOptions.WeightAverage), new NumberRange(0, 1, below: true),
            "Average weights with this decay; the average is validated and saved (0: off)",
            all => all.WeightAverage, (all, value) => all with { WeightAverage = value }) with { RunKey = "weight_average" },
        Of("augment", nameof(TrainingOptions.Augmentation), new TextRange(Augmentation.Allowed, Augmentation.Examples), "Change training images at random",
            all => all.Augmentation.ToString(), (all, value) => all with { Augmentation = Augmentation.Parse(value) }),
        Of("validation_split", nameof(TrainingOptions.ValidationSplit), new NumberRange(0, 1, below: true),
            "Hold out this share of the images, the last ones, for validation (0: none)",
            all => all.ValidationSplit, (all, value) => all with { ValidationSplit = value }),
        Of("stop_patience", Stopping + nameof(EarlyStopping.Patience), new IntegerRange<int>(0, int.MaxValue),
            "Stop when --stop-metric has not improved for this many epochs in a row (0: never)",
            all => all.EarlyStopping.Patience, (all, value) => all with { EarlyStopping = all.EarlyStopping with { Patience = value } })
            with { OnResume = OnResume.Ignored },
        Of("stop_metric", Metric, new ChoiceRange(ValidationMetrics.Names.All), "Choose the metric that must improve",
            all => ValidationMetrics.Names.Of(all.EarlyStopping.Metric),
            (all, value) => all with { EarlyStopping = all.EarlyStopping with { Metric = ValidationMetrics.Names.Parse(Metric, value) } })
            with { OnResume = OnResume.Ignored },
        Of("stop_min_change", Stopping + nameof(EarlyStopping.MinChange), new NumberRange(0, double.PositiveInfinity),
            "Set the smallest change that counts as an improvement",
            all => all.EarlyStopping.MinChange, (all, value) => all with { EarlyStopping = all.EarlyStopping with { MinChange = value } })
            with { OnResume = OnResume.Ignored },
        Of("stop_skip", Stopping + nameof(EarlyStopping.Skip), new IntegerRange<int>(0, int.MaxValue),
            "Leave this many epochs at the start out of early stopping",
            all => all.EarlyStopping.Skip, (all, value) => all with { EarlyStopping = all.EarlyStopping with { Skip = value } })
            with { OnResume = OnResume.Ignored },
        Of("shuffle", nameof(TrainingOptions.Shuffle), new SwitchRange(), "Keep the images in file order in every epoch",
            all => all.Shuffle, (all, value) => all with { Shuffle = value }) with { InRecipe = false },
        Of("dropout", nameof(TrainingOptions.Dropout), new SwitchRange(), "Disable dropout",
            all => all.Dropout, (all, value) => all with { Dropout = value }) with { InRecipe = false },
        Of("train_samples", nameof(TrainingOptions.TrainSamples), new IntegerRange<int>(0, int.MaxValue),
            "Use only the first N images, in file order, before the split (0: all)",
            all => all.TrainSamples, (all, value) => all with { TrainSamples = value }) with { InRecipe = false },
        Of("seed", nameof(TrainingOptions.Seed), new IntegerRange<ulong>(0, ulong.MaxValue), "Seed initial weights, shuffling, dropout and augmentation",
            all => all.Seed, (all, value) => all with { Seed = value }) with { InRecipe = false },
        Of("on_nan", nameof(TrainingOptions.OnNonFinite), new ChoiceRange(NonFinitePolicies.Names.All),
            "When a number becomes NaN or infinite, stop, or go back and halve the learning rate",
            all => NonFinitePolicies.Names.Of(all.OnNonFinite),
            (all, value) => all with { OnNonFinite = NonFinitePolicies.Names.Parse(nameof(all.OnNonFinite), value) })
            with { InRecipe = false, OnResume = OnResume.Ignored },
    ];

    public OnResume OnResume { get; init; }

    /// <summary>Whether a model's recipe may have it. Of what is random, and of which images are taken, a recipe says nothing.</summary>
    public bool InRecipe { get; init; } = true;

    /// <summary>Its key in args.json, where that is not its name.</summary>
    public string? RunKey { get; init; }

    /// <summary>Its default in words, where that depends on another option.</summary>
    public string? DefaultWords { get; init; }

    public object Default => Get(Defaults);

    /// <summary>As a command line has it; what is on by default has a flag that turns it off.</summary>
    public string Flag => $"--{(Default is true ? "no-" : "")}{Name.Replace('_', '-')}";

    public static TrainingOption Named(string name) => All.First(option => option.Name == name);

    /// <summary>The options of a recipe that differ from the defaults, with their values. The optimizer's own defaults do not.</summary>
    public static IEnumerable<(TrainingOption Option, object Value)> Differing(TrainingOptions recipe)
    {
        TrainingOptions usual = Defaults;
        foreach (TrainingOption option in All)
        {
            object value = option.Get(recipe);
            if (option.InRecipe && !value.Equals(option.Get(usual)))
            {
                usual = option.With(usual, value);
                yield return (option, value);
            }
        }
    }

    /// <summary>The options of a recipe that differ from the defaults, as flags.</summary>
    public static string Flags(TrainingOptions recipe) =>
        string.Join(' ', Differing(recipe).Select(each => $"{each.Option.Flag} {ValueRange.Text(each.Value)}"));

    /// <summary>Reads all options that an object has; the others keep their values.</summary>
    /// <exception cref="JsonException">A value is not allowed.</exception>
    public static TrainingOptions Read(JsonElement json, TrainingOptions options)
    {
        foreach (TrainingOption option in All)
        {
            if (json.TryGetProperty(option.RunKey ?? option.Name, out JsonElement element) || json.TryGetProperty(option.Name, out element))
            {
                options = option.With(options, option.Range.Read(element) ?? throw new JsonException($"{option.Name} must be {option.Range.Words}"));
            }
        }
        return options;
    }

    /// <summary>What an exception of <see cref="TrainingOptions"/> says, with other names for the properties: flags, or keys of a file.</summary>
    /// <returns>Whether the exception is about an option.</returns>
    public static bool TryTranslate(ArgumentException exception, Func<TrainingOption, string> nameOf, [NotNullWhen(true)] out string? message)
    {
        message = null;
        if (exception.ParamName is not { } property || !All.Any(option => option.Property == property))
        {
            return false;
        }
        // The class library appends the parameter to the message.
        string end = new ArgumentException("", property).Message, text = exception.Message;
        text = text.EndsWith(end, StringComparison.Ordinal) ? text[..^end.Length] : text;
        message = All.Aggregate(text, (said, option) =>
            Regex.Replace(said, $@"(?<![\w.'=-]){Regex.Escape(option.Property)}(?![\w'])", nameOf(option)));
        return true;
    }

    private static TrainingOption Of<T>(string name, string property, ValueRange range, string help,
        Func<TrainingOptions, T> get, Func<TrainingOptions, T, TrainingOptions> with) where T : notnull =>
        new(name, property, range, help, options => get(options), (options, value) => with(options, (T)value));

    private static string ForEachOptimizer(Func<Optimizer, double> value) =>
        string.Join(", ", Optimizer.All.Select(each => $"{ValueRange.Text(value(each))} for {each.Name}"));
}
