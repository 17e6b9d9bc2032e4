using System.Text.Json;
using GpuCnn.Runner.Reports;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>A run that version 0.1.0 (commit daa41c2) began, with every option set, is read and resumed.</summary>
public sealed class OldRunTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly string[] Options =
    [
        "--batch-size", "5", "--optimizer", "adamw", "--learning-rate", "0.002", "--schedule", "step=2:0.5", "--warm-up", "0.5", "--weight-decay", "0.02", "--label-smoothing", "0.1",
        "--gradient-clip", "2", "--ema", "0.75", "--augment", "shift=1,flip,erase=0.25", "--validation-split", "0.2", "--stop-patience", "9", "--stop-metric", "val_accuracy",
        "--stop-min-change", "0.001", "--no-shuffle", "--train-samples", "50", "--seed", "7", "--on-nan", "rollback",
    ];

    private static string Kept => Path.Combine(AppContext.BaseDirectory, "OldRun");

    private static string Data => Path.Combine(Kept, "data");

    [Fact]
    public void It_goes_on_bit_for_bit()
    {
        string resumed = Copy(), whole = tiny.New("run");
        CommandRun on = CommandRun.Of(["train", "--resume", resumed, "--data", Data, "--epochs", "4", "--no-pictures", .. Options]);
        Assert.Equal(0, on.ExitCode);
        Assert.Contains("version", Assert.Single(on.ErrorLines), StringComparison.Ordinal);
        CommandRun all = CommandRun.Of(["train", "--model", Path.Combine(Kept, "run", "model.json"), "--data", Data, "--epochs", "4", "--accelerator", "cpu", "--no-pictures",
            "--output", whole, .. Options]);
        Assert.Equal((0, ""), (all.ExitCode, all.Error));
        foreach (string weights in (string[])["last", "best"])
        {
            Assert.Equal(TrainedModel.Load(In(whole, weights)).Weights.Select(tensor => tensor.Values), TrainedModel.Load(In(resumed, weights)).Weights.Select(tensor => tensor.Values));
        }
        static string In(string run, string weights) => Path.Combine(run, "weights", $"{weights}.safetensors");
    }

    [Fact]
    public void Its_options_are_those_it_was_given_and_are_written_as_they_were()
    {
        string file = Path.Combine(Kept, "run", "args.json");
        ArgsDocument args = RunReader.Document(file, Documents.Default.ArgsDocument);
        Assert.Equal("--batch-size 5 --optimizer adamw --learning-rate 0.002 --schedule step=2:0.5 --warm-up 0.5 --weight-decay 0.02 --label-smoothing 0.1 --gradient-clip 2 --ema 0.75 "
            + "--augment shift=1,flip,erase=0.25 --stop-patience 9 --stop-metric val_accuracy --stop-min-change 0.001", TrainingOption.Flags(args.Options));
        Assert.Equal((2, false, true, 50, 7UL, NonFinitePolicy.Rollback, 3),
            (args.Options.Epochs, args.Options.Shuffle, args.Options.Dropout, args.Options.TrainSamples, args.Options.Seed, args.Options.OnNonFinite, args.CheckpointEvery));
        JsonElement before = JsonDocument.Parse(File.ReadAllText(file)).RootElement, now = JsonDocument.Parse(Documents.Text(args, Documents.Indented.ArgsDocument)).RootElement;
        // Options that came later follow those of then.
        string[] keys = CommandRun.Keys(before);
        Assert.Equal(keys, CommandRun.Keys(now)[..keys.Length]);
        Assert.All(keys, key => Assert.Equal(before.GetProperty(key).GetRawText(), now.GetProperty(key).GetRawText()));
    }

    [Fact]
    public void Its_checkpoint_has_the_options_of_its_arguments()
    {
        Checkpoint checkpoint = new CheckpointFolder(Path.Combine(Kept, "run", "checkpoint")).LoadNewest()!;
        Assert.Equal(RunReader.Document(Path.Combine(Kept, "run", "args.json"), Documents.Default.ArgsDocument).Options, checkpoint.State.Options);
    }

    [Fact]
    public void Arguments_of_a_version_with_fewer_options_have_the_defaults()
    {
        const string Oldest = """
            { "version": "0.0.1", "model": "cnn1", "accelerator": "cpu:0", "accelerator_name": "CPU", "threads": 2, "data": "d", "weights": null, "seed": 3, "epochs": 2, "batch_size": 5,
              "learning_rate": 0.002, "validation_split": 0, "shuffle": true, "dropout": false, "train_samples": 0 }
            """;
        ArgsDocument args = JsonSerializer.Deserialize(Oldest, Documents.Default.ArgsDocument)!;
        Assert.Equal(new TrainingOptions { Seed = 3, Epochs = 2, BatchSize = 5, LearningRate = 0.002, ValidationSplit = 0, Dropout = false }, args.Options);
        Assert.Equal((0, null, null, null), (args.CheckpointEvery, args.TrainFingerprint, args.TestFingerprint, args.Changes));
    }

    [Theory]
    [InlineData("\"epochs\": 2", "\"epochs\": 0")]
    [InlineData("\"epochs\": 2", "\"epochs\": \"2\"")]
    [InlineData("\"epochs\": 2,", "")]
    [InlineData("\"model\": \"wee\",", "")]
    [InlineData("\"threads\": 2", "\"threads\": null")]
    [InlineData("\"optimizer\": \"adamw\"", "\"optimizer\": \"none\"")]
    [InlineData("\"schedule\": \"step=2:0.5\"", "\"schedule\": \"step=0\"")]
    public void Damaged_arguments_are_refused_in_one_line(string before, string after)
    {
        string run = Copy(), file = Path.Combine(run, "args.json"), text = File.ReadAllText(file);
        Assert.Contains(before, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(before, after, StringComparison.Ordinal));
        CommandRun refused = CommandRun.Of("train", "--resume", run, "--data", Data);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("args.json: it is not the JSON document that a training writes", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
    }

    private string Copy()
    {
        string copy = tiny.New("old"), kept = Path.Combine(Kept, "run");
        foreach (string file in Directory.EnumerateFiles(kept, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy, Path.GetRelativePath(kept, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        return copy;
    }
}
