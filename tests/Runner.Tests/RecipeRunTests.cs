using GpuCnn.Runner.Reports;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Runs with another optimizer, label smoothing, clipped gradients and an average of the weights, in one piece and resumed.</summary>
public sealed class RecipeRunTests(TinyData tiny) : IClassFixture<TinyData>
{
    /// <summary>80 images to train on, in batches of 20: epochs of 4 steps; cnn2 has dropout.</summary>
    private static readonly string[] Run = ["--model", "cnn2", "--epochs", "3", "--batch-size", "20", "--train-samples", "100", "--seed", "7", "--accelerator", "cpu"];

    [Theory]
    [InlineData("--optimizer adamw --weight-decay 0.1 --label-smoothing 0.1 --gradient-clip 0.5 --ema 0.9", 0.3)]
    [InlineData("--optimizer adamw --weight-decay 0.1 --label-smoothing 0.1 --gradient-clip 0.5 --ema 0.9", 0.7)]
    [InlineData("--optimizer sgd --learning-rate 0.01 --ema 0.5", 0.5)]
    public void A_stop_at_any_step_changes_no_bit(string recipe, double share)
    {
        string whole = tiny.New("run"), parts = tiny.New("run");
        string[] args = [.. Run, .. recipe.Split(' ')];
        int launches = 0;
        Assert.Equal(0, Train([.. args, "--output", whole], number => launches = number).ExitCode);
        using var stop = new CancellationTokenSource();
        Assert.Equal(130, Train([.. args, "--output", parts], number => { if (number > share * launches) { stop.Cancel(); } }, stop).ExitCode);
        CommandRun resumed = CommandRun.Of("train", "--resume", parts);
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        RunComparison.Same(whole, parts);
    }

    [Fact]
    public void The_recipe_is_said_noted_and_in_the_weights_files()
    {
        string folder = tiny.New("run");
        CommandRun run = Train([.. Run, "--optimizer", "adamw", "--label-smoothing", "0.1", "--gradient-clip", "2", "--ema", "0.75", "--output", folder]);
        foreach (string part in (string[])["--optimizer adamw ", "--label-smoothing 0.1 ", "--gradient-clip 2 ", "--ema 0.75"])
        {
            Assert.Contains(part, run.Out, StringComparison.Ordinal);
        }
        ArgsDocument args = RunReader.Document(Path.Combine(folder, "args.json"), Documents.Default.ArgsDocument);
        Assert.Equal("--batch-size 20 --optimizer adamw --label-smoothing 0.1 --gradient-clip 2 --ema 0.75", TrainingOption.Flags(args.Options));
        Assert.Equal((0.001, 0.01), (args.Options.LearningRate, args.Options.WeightDecay));
        TrainingState state = new CheckpointFolder(Path.Combine(folder, "checkpoint")).LoadNewest()!.State;
        Assert.Equal((new AdamW(), 0.01, 0.1, 2.0, 0.75), (state.Options.Optimizer, state.Options.WeightDecay, state.Options.LabelSmoothing, state.Options.GradientClip, state.Options.WeightAverage));
        var last = TrainedModel.Load(Path.Combine(folder, "weights", "last.safetensors"));
        Assert.Equal(0.75, last.AverageDecay);
        Assert.Equal(0.75, TrainedModel.Load(Path.Combine(folder, "weights", "best.safetensors")).AverageDecay);
        Assert.Equal(state.AveragedWeights.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).SelectMany(tensor => tensor.Values),
            last.Weights.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).SelectMany(tensor => tensor.Values));
        Assert.NotEqual(state.Weights.SelectMany(tensor => tensor.Values), state.AveragedWeights.SelectMany(tensor => tensor.Values));
    }

    [Theory]
    [InlineData("last", "test")]
    [InlineData("best", "test_best")]
    public void What_is_tested_at_the_end_are_the_files_of_the_average(string name, string key)
    {
        string folder = tiny.New("run");
        CommandRun run = Train([.. Run, "--optimizer", "sgd", "--ema", "0.6", "--output", folder, "--json"]);
        CommandRun evaluated = CommandRun.Of("evaluate", "--weights", Path.Combine(folder, "weights", $"{name}.safetensors"), "--data", tiny.Data, "--accelerator", "cpu", "--json");
        Assert.Equal(run.Json.GetProperty(key).GetProperty("loss").GetDouble(), evaluated.Json.GetProperty("loss").GetDouble(), 1e-6);
        Assert.Equal(0.05, run.Json.GetProperty("epochs")[0].GetProperty("learning_rate").GetDouble());
    }

    [Theory]
    [InlineData("--optimizer", "sgd", "sgd is given, but the run has adamw")]
    [InlineData("--weight-decay", "0.02", "0.02 is given, but the run has 0.01")]
    [InlineData("--label-smoothing", "0.2", "0.2 is given, but the run has 0.1")]
    [InlineData("--gradient-clip", "1", "1 is given, but the run has 0")]
    [InlineData("--ema", "0.5", "0.5 is given, but the run has 0")]
    public void Another_recipe_would_be_another_run(string flag, string value, string expected)
    {
        string folder = tiny.New("run");
        string[] args = [.. Run, "--optimizer", "adamw", "--label-smoothing", "0.1", "--output", folder];
        Assert.Equal(0, Train(args).ExitCode);
        CommandRun other = CommandRun.Of("train", "--resume", folder, flag, value);
        Assert.Equal(2, other.ExitCode);
        Assert.StartsWith($"gpucnn: {flag}: {expected}", Assert.Single(other.ErrorLines), StringComparison.Ordinal);
        CommandRun same = CommandRun.Of("train", "--resume", folder, "--optimizer", "adamw", "--weight-decay", "0.01", "--label-smoothing", "0.1", "--gradient-clip", "0", "--ema", "0");
        Assert.Equal((0, ""), (same.ExitCode, same.Error));
    }

    [Fact]
    public void A_models_recipe_stands_where_nothing_is_given()
    {
        TrainingOptions args = Trained("""{ "batch_size": 20, "optimizer": "sgd", "learning_rate": 0.02, "schedule": "cosine", "warm_up": 1.5, "weight_decay": 0.001, "augment": "shift=1", "stop_patience": 9 }""");
        Assert.Equal("--batch-size 20 --optimizer sgd --learning-rate 0.02 --schedule cosine=0 --warm-up 1.5 --weight-decay 0.001 --augment shift=1 --stop-patience 9", TrainingOption.Flags(args));
        Assert.Equal((3, 0.2), (args.Epochs, args.ValidationSplit));
    }

    [Fact]
    public void What_is_given_takes_the_place_of_the_recipe_and_of_what_belongs_to_it()
    {
        const string Recipe = """{ "batch_size": 20, "optimizer": "sgd", "learning_rate": 0.02, "schedule": "cosine", "warm_up": 1.5, "weight_decay": 0.001, "augment": "shift=1", "stop_patience": 9 }""";
        TrainingOptions adam = Trained(Recipe, "--optimizer", "adam", "--batch-size", "40", "--augment", "none");
        Assert.Equal("--batch-size 40 --schedule cosine=0 --warm-up 1.5 --stop-patience 9", TrainingOption.Flags(adam));
        TrainingOptions schedule = Trained(Recipe, "--schedule", "one-cycle", "--learning-rate", "0.03");
        Assert.Equal(("one-cycle=0.3", 0.0, 0.03, 0.001), ($"{schedule.Schedule}", schedule.WarmUp, schedule.LearningRate, schedule.WeightDecay));
        TrainingOptions shorter = Trained(Recipe, "--epochs", "1", "--validation-split", "0");
        Assert.Equal((1, 0.0, 0, 0.0), (shorter.Epochs, shorter.WarmUp, shorter.EarlyStopping.Patience, shorter.ValidationSplit));
    }

    [Fact]
    public void A_recipe_is_shown_with_its_model()
    {
        string model = Described("""{ "batch_size": 20, "optimizer": "adamw", "ema": 0.9 }""");
        Assert.StartsWith("wee: input 1x28x28, 10 classes, 3 epochs, batches of 20\nrecipe  --batch-size 20 --optimizer adamw --ema 0.9\n", CommandRun.Of("models", model).Out, StringComparison.Ordinal);
        Assert.Contains("batches of 7\n", CommandRun.Of("models", model, "--batch-size", "7").Out, StringComparison.Ordinal);
        Assert.Equal("--batch-size 20 --optimizer adamw --ema 0.9", CommandRun.Of("models", model, "--json").Json[0].GetProperty("recipe").GetString());
    }

    private TrainingOptions Trained(string recipe, params string[] args)
    {
        string folder = tiny.New("run");
        CommandRun run = Train(["--model", Described(recipe), "--train-samples", "100", "--accelerator", "cpu", "--output", folder, .. args]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        return RunReader.Document(Path.Combine(folder, "args.json"), Documents.Default.ArgsDocument).Options;
    }

    private string Described(string recipe)
    {
        string file = $"{tiny.New("wee")}.json";
        File.WriteAllText(file, $$"""{ "name": "wee", "input": [1, 28, 28], "epochs": 3, "recipe": {{recipe}}, "layers": [{ "kind": "flatten" }, { "kind": "dense", "units": 10 }] }""");
        return file;
    }

    private CommandRun Train(string[] args, Action<int>? atLaunch = null, CancellationTokenSource? stop = null) =>
        CommandRun.Watched(["train", "--data", tiny.Data, .. args], atLaunch, stop);
}
