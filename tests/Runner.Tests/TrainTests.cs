using System.Globalization;
using System.Text.Json;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Whole trainings on a small data folder.</summary>
public sealed class TrainTests(TinyData tiny) : IClassFixture<TinyData>
{
    [Fact]
    public void A_training_leaves_a_run_folder_and_one_json_document()
    {
        string folder = tiny.New("run");
        CommandRun run = Train("--epochs", "3", "--batch-size", "50", "--output", folder, "--json");
        Assert.Equal(0, run.ExitCode);

        Assert.Equal(["model", "parameters", "accelerator", "epochs", "step_losses", "train_seconds", "test", "test_best", "run", "stopped_early"], CommandRun.Keys(run.Json));
        Assert.Equal("cnn1", run.Json.GetProperty("model").GetString());
        Assert.Equal(693_962, run.Json.GetProperty("parameters").GetInt32());
        Assert.Equal("cpu:0", run.Json.GetProperty("accelerator").GetString());
        Assert.Equal(folder, run.Json.GetProperty("run").GetString());
        JsonElement[] epochs = [.. run.Json.GetProperty("epochs").EnumerateArray()];
        Assert.Equal(3, epochs.Length);
        Assert.Equal(["epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate", "train_seconds", "images_per_second"],
            CommandRun.Keys(epochs[0]));
        Assert.Equal(100, run.Json.GetProperty("test").GetProperty("samples").GetInt32());
        Assert.True(run.Json.GetProperty("test").GetProperty("accuracy").GetDouble() > 0.5);
        // 240 images to train on, in batches of 50.
        double[] losses = [.. run.Json.GetProperty("step_losses").EnumerateArray().Select(loss => loss.GetDouble())];
        Assert.Equal(15, losses.Length);
        Assert.Equal(epochs.Sum(row => row.GetProperty("train_seconds").GetDouble()), run.Json.GetProperty("train_seconds").GetDouble(), 1e-9);

        Assert.Equal(["args.json", "checkpoint/step-000000010.safetensors", "checkpoint/step-000000015.safetensors", "confusion_matrix.csv", "confusion_matrix.png", "confusion_matrix_normalized.png", "lock", "model.json", "predictions.csv", "report.html",
            "report.json", "report.txt", "results.csv", "results.png", "state.json", "steps.csv", "top_losses.png", "weights/best.safetensors", "weights/last.safetensors"],
            Files(folder));
        string[] rows = File.ReadAllLines(Path.Combine(folder, "results.csv"));
        Assert.Equal("epoch,train_loss,train_accuracy,val_loss,val_accuracy,learning_rate,train_seconds,images_per_second", rows[0]);
        Assert.Equal(epochs.Select(row => string.Join(',', row.EnumerateObject().Select(member => member.Value.GetRawText()))), rows[1..], Same);
        string[] steps = File.ReadAllLines(Path.Combine(folder, "steps.csv"));
        Assert.Equal("step,loss", steps[0]);
        Assert.Equal(losses.Select((loss, i) => $"{i + 1},{loss.ToString(CultureInfo.InvariantCulture)}"), steps[1..], Same);
        JsonElement args = Parse(folder, "args.json");
        Assert.Equal(50, args.GetProperty("batch_size").GetInt32());
        Assert.Equal(tiny.Data, args.GetProperty("data").GetString());
        Assert.Equal(693_962, Parse(folder, "model.json").GetProperty("parameters").GetInt32());
        Assert.Equal(run.Json.GetProperty("test").GetRawText(), JsonSerializer.Serialize(Parse(folder, "report.json")));
        Assert.Contains("weighted avg", File.ReadAllText(Path.Combine(folder, "report.txt")), StringComparison.Ordinal);
        Assert.Contains("epoch  train loss", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Quiet_leaves_only_the_result_and_a_line_an_epoch()
    {
        string folder = tiny.New("run");
        CommandRun run = Train("--epochs", "1", "--output", folder, "--quiet");
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Error);
        string[] lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(6, lines.Length);
        Assert.StartsWith(" epoch  train loss ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("   1/1 ", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("test, last  accuracy ", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("test, best  accuracy ", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("validation  accuracy ", lines[4], StringComparison.Ordinal);
        Assert.EndsWith(folder, lines[5], StringComparison.Ordinal);

        CommandRun json = Train("--epochs", "1", "--output", tiny.New("run"), "--quiet", "--json");
        Assert.StartsWith("   1/1 ", json.ErrorLines[1], StringComparison.Ordinal);
        Assert.Equal(2, json.ErrorLines.Length);
        Assert.Equal(JsonValueKind.Object, json.Json.ValueKind);
    }

    [Fact]
    public void Plain_output_has_banner_a_row_an_epoch_report_and_result()
    {
        CommandRun run = Train("--epochs", "2", "--output", tiny.New("run"));
        Assert.Empty(run.Error);
        foreach (string part in (string[])["run          ", "model        cnn1, 693,962 parameters", "accelerator  cpu:0", "240 to train, 60 held out, 100 to test",
            "   1/2  ", "   2/2  ", "  best\n", "precision    recall  f1-score   support", "test, last", "test, best"])
        {
            Assert.Contains(part, run.Out, StringComparison.Ordinal);
        }
        Assert.DoesNotContain('\u001b', run.Out);
    }

    [Fact]
    public void With_nothing_held_out_best_is_last()
    {
        string folder = tiny.New("run");
        CommandRun run = Train("--epochs", "2", "--validation-split", "0", "--train-samples", "60", "--output", folder, "--json");
        Assert.All(run.Json.GetProperty("epochs").EnumerateArray(), row => Assert.Equal(JsonValueKind.Null, row.GetProperty("val_accuracy").ValueKind));
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "weights", "last.safetensors")), File.ReadAllBytes(Path.Combine(folder, "weights", "best.safetensors")));
        Assert.Contains(",,,0.001,", File.ReadAllLines(Path.Combine(folder, "results.csv"))[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Best_has_the_highest_validation_accuracy_and_last_the_last_weights()
    {
        string folder = tiny.New("run");
        CommandRun run = Train("--epochs", "6", "--learning-rate", "0.05", "--train-samples", "100", "--output", folder, "--json");
        double[] accuracies = [.. run.Json.GetProperty("epochs").EnumerateArray().Select(row => row.GetProperty("val_accuracy").GetDouble())];
        int best = Array.IndexOf(accuracies, accuracies.Max()) + 1;
        CommandRun shorter = Train("--epochs", best.ToString(CultureInfo.InvariantCulture), "--learning-rate", "0.05", "--train-samples", "100", "--output", tiny.New("run"), "--json");
        Assert.Equal(File.ReadAllBytes(Path.Combine(shorter.Json.GetProperty("run").GetString()!, "weights", "last.safetensors")),
            File.ReadAllBytes(Path.Combine(folder, "weights", "best.safetensors")));
        foreach ((string name, string key) in new[] { ("last", "test"), ("best", "test_best") })
        {
            CommandRun evaluated = CommandRun.Of("evaluate", "--weights", Path.Combine(folder, "weights", $"{name}.safetensors"), "--data", tiny.Data, "--accelerator", "cpu", "--json");
            Assert.Equal(run.Json.GetProperty(key).GetProperty("loss").GetDouble(), evaluated.Json.GetProperty("loss").GetDouble(), 1e-6);
        }
    }

    [Fact]
    public void Training_starts_from_weights_and_takes_their_model()
    {
        CommandRun run = Train("--weights", tiny.Weights, "--epochs", "1", "--no-shuffle", "--no-dropout", "--output", tiny.New("run"), "--json");
        Assert.Equal("cnn1", run.Json.GetProperty("model").GetString());
        // Equal weights in the last layer give equal logits, whose loss is ln 10.
        Assert.Equal(Math.Log(10), run.Json.GetProperty("step_losses")[0].GetDouble(), 1e-5);
    }

    [Fact]
    public void Runs_are_numbered_and_never_overwritten()
    {
        var host = new Host(new StringWriter(), new StringWriter()) { Runs = tiny.New("runs") };
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(0, CommandRun.Of(host, "train", "--data", tiny.Data, "--train-samples", "20", "--epochs", "1", "--accelerator", "cpu").ExitCode);
        }
        Assert.Equal(["cnn1-1", "cnn1-2"], Directory.EnumerateFileSystemEntries(host.Runs).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_the_run_with_step_and_hint()
    {
        string weights = tiny.New("huge"), folder = tiny.New("run");
        WeightsFile.Save(weights, TinyData.Tensors(ModelZoo.Cnn1, 1e30f));
        CommandRun run = Train("--weights", weights, "--epochs", "2", "--output", folder);
        Assert.Equal(1, run.ExitCode);
        string line = Assert.Single(run.ErrorLines);
        foreach (string part in (string[])["step 1", "epoch 1", "--learning-rate"])
        {
            Assert.Contains(part, line, StringComparison.Ordinal);
        }
        Assert.Equal(["args.json", "lock", "model.json", "results.csv", "state.json", "steps.csv"], Files(folder));
    }

    [Fact]
    public void A_stop_finishes_the_step_saves_and_exits_130()
    {
        using var stop = new CancellationTokenSource();
        var output = new StopAt(stop, "   1/5  ");
        string folder = tiny.New("run");
        CommandRun run = CommandRun.Of(new Host(output, new StringWriter()) { Stop = stop.Token },
            "train", "--data", tiny.Data, "--epochs", "5", "--accelerator", "cpu", "--output", folder);
        Assert.Equal(130, run.ExitCode);
        Assert.Empty(run.Error);
        Assert.Contains("interrupted after 1 steps, 1 of 5 epochs", run.Out, StringComparison.Ordinal);
        Assert.Equal(2, File.ReadAllLines(Path.Combine(folder, "results.csv")).Length);
        Assert.Equal(2, File.ReadAllLines(Path.Combine(folder, "steps.csv")).Length);
        ModelZoo.Cnn1.Match(WeightsFile.Load(Path.Combine(folder, "weights", "last.safetensors")));
    }

    [Fact]
    public void A_stop_before_the_first_step_still_leaves_weights_and_a_json_document()
    {
        string folder = tiny.New("run");
        CommandRun run = CommandRun.Of(new Host(new StringWriter(), new StringWriter()) { Stop = new CancellationToken(canceled: true) },
            "train", "--data", tiny.Data, "--accelerator", "cpu", "--output", folder, "--json");
        Assert.Equal(130, run.ExitCode);
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("test").ValueKind);
        Assert.Equal(0, run.Json.GetProperty("step_losses").GetArrayLength());
        Assert.True(File.Exists(Path.Combine(folder, "weights", "last.safetensors")));
    }

    private CommandRun Train(params string[] args) => CommandRun.Of(["train", "--data", tiny.Data, "--accelerator", "cpu", .. args]);

    /// <summary>The same line but for how numbers are written: 1E-05 and 0.00001 are equal.</summary>
    private static bool Same(string expected, string actual) =>
        expected.Split(',').Zip(actual.Split(',')).All(pair => float.Parse(pair.First, CultureInfo.InvariantCulture).Equals(float.Parse(pair.Second, CultureInfo.InvariantCulture)));

    private static JsonElement Parse(string folder, string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, file)));
        return document.RootElement.Clone();
    }

    private static string[] Files(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>Asks for a stop when a line with the given text is written.</summary>
    private sealed class StopAt(CancellationTokenSource stop, string text) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true)
            {
                stop.Cancel();
            }
        }
    }
}
