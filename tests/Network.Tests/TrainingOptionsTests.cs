using Xunit;

namespace GpuCnn.NetworkTests;

public sealed class TrainingOptionsTests
{
    private static readonly TrainingOptions Preset = new();

    public static TheoryData<string, TrainingOptions> Wrong { get; } = new()
    {
        { "Epochs", Preset with { Epochs = 0 } },
        { "Epochs", Preset with { Epochs = -1 } },
        { "BatchSize", Preset with { BatchSize = 0 } },
        { "BatchSize", Preset with { BatchSize = TrainingOptions.LargestBatch + 1 } },
        { "LearningRate", Preset with { LearningRate = 0 } },
        { "LearningRate", Preset with { LearningRate = double.NaN } },
        { "LearningRate", Preset with { LearningRate = double.PositiveInfinity } },
        { "WeightDecay", Preset with { Optimizer = new AdamW(), WeightDecay = -0.1 } },
        { "WeightDecay", Preset with { Optimizer = new Sgd(), WeightDecay = double.NaN } },
        { "WeightDecay", Preset with { WeightDecay = 0.01 } },
        { "LabelSmoothing", Preset with { LabelSmoothing = 1 } },
        { "LabelSmoothing", Preset with { LabelSmoothing = double.NaN } },
        { "GradientClip", Preset with { GradientClip = -1 } },
        { "GradientClip", Preset with { GradientClip = double.PositiveInfinity } },
        { "WeightAverage", Preset with { WeightAverage = 1 } },
        { "WeightAverage", Preset with { WeightAverage = double.NaN } },
        { "ValidationSplit", Preset with { ValidationSplit = 1 } },
        { "ValidationSplit", Preset with { ValidationSplit = double.NaN } },
        { "TrainSamples", Preset with { TrainSamples = -1 } },
        { "WarmUp", Preset with { WarmUp = -0.5 } },
        { "WarmUp", Preset with { WarmUp = double.NaN } },
        { "WarmUp", Preset with { WarmUp = 10 } },
        { "WarmUp", Preset with { WarmUp = 1, Schedule = new OneCycleSchedule() } },
        { "EarlyStopping.Patience", Preset with { EarlyStopping = new EarlyStopping { Patience = -1 } } },
        { "EarlyStopping.MinChange", Preset with { EarlyStopping = new EarlyStopping { MinChange = double.NaN } } },
        { "Schedule", Preset with { Schedule = new StepSchedule { Epochs = 0 } } },
        { "Schedule", Preset with { Schedule = new CosineSchedule { End = double.NaN } } },
        { "Augmentation", Preset with { Augmentation = new(Shift: -1) } },
        { "Augmentation", Preset with { Augmentation = new(Shift: Augmentation.LargestShift + 1) } },
        { "Augmentation", Preset with { Augmentation = new(Erase: -0.1) } },
        { "Augmentation", Preset with { Augmentation = new(Erase: 1.1) } },
        { "Augmentation", Preset with { Augmentation = new(Erase: double.NaN) } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_out_of_range_is_refused_with_its_property(string property, TrainingOptions options)
    {
        ArgumentException exception = Assert.ThrowsAny<ArgumentException>(options.Validate);
        Assert.Equal(property, exception.ParamName);
        Assert.StartsWith($"{property} ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("--", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_names_property_value_and_bounds() =>
        Assert.StartsWith("LearningRate must be above 0 and at most 1, not 2 (", Assert.Throws<ArgumentOutOfRangeException>((Preset with { LearningRate = 2 }).Validate).Message, StringComparison.Ordinal);

    [Fact]
    public void The_presets_are_allowed() => Assert.All(Optimizer.All, optimizer => (Preset with { Optimizer = optimizer }).Validate());

    [Fact]
    public void Learning_rate_and_weight_decay_are_the_optimizers_unless_set()
    {
        Assert.Equal((1e-3, 0), (Preset.LearningRate, Preset.WeightDecay));
        TrainingOptions adamw = Preset with { Optimizer = new AdamW() }, sgd = Preset with { Optimizer = new Sgd() };
        Assert.Equal((1e-3, 0.01), (adamw.LearningRate, adamw.WeightDecay));
        Assert.Equal((0.05, 0), (sgd.LearningRate, sgd.WeightDecay));
        Assert.Equal(sgd, sgd with { LearningRate = 0.05, WeightDecay = 0 });
        Assert.NotEqual(sgd, sgd with { LearningRate = Math.BitIncrement(0.05) });
        Assert.NotEqual(sgd, adamw with { LearningRate = 0.05, WeightDecay = 0 });
        Assert.Equal((0.2, 0), ((adamw with { LearningRate = 0.2 }).LearningRate, (adamw with { WeightDecay = 0 }).WeightDecay));
    }

    [Fact]
    public void Optimizers_are_found_by_name_and_are_equal_when_their_names_are()
    {
        Assert.Superset(new HashSet<string> { "adam", "adamw", "sgd" }, Optimizer.All.Select(each => each.Name).ToHashSet());
        Assert.All(Optimizer.All, each => Assert.Equal(each, Optimizer.Parse(each.Name)));
        Assert.Equal(Optimizer.All.Select(each => each.Name).Order(StringComparer.Ordinal), Optimizer.All.Select(each => each.ToString()));
        Assert.Equal(Preset, Preset with { Optimizer = new Adam() });
        Assert.Equal(nameof(TrainingOptions.Optimizer), Assert.Throws<ArgumentException>(() => Optimizer.Parse("Adam")).ParamName);
    }

    [Theory]
    [InlineData(60_000, 0, 0.2, 48_000, 12_000)]
    [InlineData(60_000, 1_000, 0.2, 800, 200)]
    [InlineData(60_000, 0, 0, 60_000, 0)]
    [InlineData(3, 1, 0.4, 1, 0)]
    public void The_last_share_of_the_first_images_is_held_out(int available, int samples, double split, int training, int validation) =>
        Assert.Equal((training, validation), (Preset with { TrainSamples = samples, ValidationSplit = split }).Split(available));

    [Fact]
    public void A_split_that_leaves_nothing_or_asks_for_too_much_is_refused()
    {
        Assert.Equal("ValidationSplit", Assert.Throws<ArgumentException>(() => (Preset with { ValidationSplit = 0.9 }).Split(1)).ParamName);
        Assert.Equal("TrainSamples", Assert.Throws<ArgumentException>(() => (Preset with { TrainSamples = 4 }).Split(3)).ParamName);
    }
}
