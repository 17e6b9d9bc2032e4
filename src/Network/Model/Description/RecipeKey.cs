using System.Globalization;

namespace GpuCnn;

/// <summary>A key of the recipe in a model's description: an option of a training, named as its flag is.</summary>
/// <param name="Setting">Its name, values and meaning.</param>
/// <param name="Get">Its value in options: an int, a double or a text.</param>
/// <param name="With">Options with another value of it.</param>
internal sealed record RecipeKey(ModelSetting Setting, Func<TrainingOptions, object> Get, Func<TrainingOptions, object, TrainingOptions> With)
{
    private const int Many = 1_000_000;

    private static readonly TrainingOptions Preset = new();

    /// <summary>All keys. The optimizer stands before those whose presets depend on it.</summary>
    public static IReadOnlyList<RecipeKey> All { get; } =
    [
        new(new("batch_size", SettingForm.Whole, "Images a step.", 1, TrainingOptions.LargestBatch, Preset: Text(Preset.BatchSize)),
            options => options.BatchSize, (options, value) => options with { BatchSize = (int)value }),
        new(new("optimizer", SettingForm.Text, "How weights change.", Preset: Preset.Optimizer.Name) { Choices = [.. Optimizer.All.Select(each => each.Name)] },
            options => options.Optimizer.Name, (options, value) => options with { Optimizer = Optimizer.Parse((string)value) }),
        new(new("learning_rate", SettingForm.Number, "The optimizer's step size.", 1e-12, 1, Preset: "the optimizer's"),
            options => options.LearningRate, (options, value) => options with { LearningRate = (double)value }),
        new(new("schedule", SettingForm.Text, $"How the learning rate changes: {string.Join(", ", LearningRateSchedule.Syntaxes)}.", Preset: Preset.Schedule.ToString()),
            options => options.Schedule.ToString(), (options, value) => options with { Schedule = LearningRateSchedule.Parse((string)value) }),
        new(new("warm_up", SettingForm.Number, "Epochs in which the learning rate rises from almost nothing.", 0, Many, Below: true, Preset: "0"),
            options => options.WarmUp, (options, value) => options with { WarmUp = (double)value }),
        new(new("weight_decay", SettingForm.Number, "How fast weights shrink by themselves.", 0, 1, Preset: "the optimizer's"),
            options => options.WeightDecay, (options, value) => options with { WeightDecay = (double)value }),
        new(new("label_smoothing", SettingForm.Number, "Share of the target that all classes have in equal parts.", 0, 1, Below: true, Preset: "0"),
            options => options.LabelSmoothing, (options, value) => options with { LabelSmoothing = (double)value }),
        new(new("gradient_clip", SettingForm.Number, "Greatest L2 norm of a step's gradient; 0 for none.", 0, Many, Preset: "0"),
            options => options.GradientClip, (options, value) => options with { GradientClip = (double)value }),
        new(new("ema", SettingForm.Number, "Decay of an average of the weights; 0 for none.", 0, 1, Below: true, Preset: "0"),
            options => options.WeightAverage, (options, value) => options with { WeightAverage = (double)value }),
        new(new("augment", SettingForm.Text, $"How training images are changed: {Augmentation.Allowed}.", Preset: Preset.Augmentation.ToString()),
            options => options.Augmentation.ToString(), (options, value) => options with { Augmentation = Augmentation.Parse((string)value) }),
        new(new("validation_split", SettingForm.Number, "Share of the images held out for validation.", 0, 1, Below: true, Preset: Text(Preset.ValidationSplit)),
            options => options.ValidationSplit, (options, value) => options with { ValidationSplit = (double)value }),
        new(new("stop_patience", SettingForm.Whole, "Epochs in a row without improvement after which the training ends; 0 for never.", 0, Many, Preset: "0"),
            options => options.EarlyStopping.Patience, (options, value) => options with { EarlyStopping = options.EarlyStopping with { Patience = (int)value } }),
        new(new("stop_metric", SettingForm.Text, "What is to improve.", Preset: ValidationMetrics.Names.Of(Preset.EarlyStopping.Metric)) { Choices = ValidationMetrics.Names.All },
            options => ValidationMetrics.Names.Of(options.EarlyStopping.Metric),
            (options, value) => options with { EarlyStopping = options.EarlyStopping with { Metric = ValidationMetrics.Names.Parse("--stop-metric", (string)value) } }),
        new(new("stop_min_change", SettingForm.Number, "An improvement by no more than this is none.", 0, Many, Preset: "0"),
            options => options.EarlyStopping.MinChange, (options, value) => options with { EarlyStopping = options.EarlyStopping with { MinChange = (double)value } }),
    ];

    /// <summary>The flag of <c>train</c> that takes its place.</summary>
    public string Flag => $"--{Setting.Name.Replace('_', '-')}";

    /// <summary>What of a training's options is not as it would be without a recipe. Of what is random, and of which images are taken, a recipe says nothing.</summary>
    /// <param name="recipe">The options.</param>
    /// <returns>Keys and values in order.</returns>
    public static IEnumerable<(RecipeKey Key, object Value)> Of(TrainingOptions recipe)
    {
        // What was found so far is in it, for another optimizer has other presets.
        TrainingOptions usual = Preset;
        foreach (RecipeKey key in All)
        {
            object value = key.Get(recipe);
            if (!value.Equals(key.Get(usual)))
            {
                usual = key.With(usual, value);
                yield return (key, value);
            }
        }
    }

    /// <summary>A value as a command line has it.</summary>
    public static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
