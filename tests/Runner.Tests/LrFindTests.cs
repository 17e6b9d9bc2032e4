using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using GpuCnn.Runner.Views;
using SkiaSharp;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary><c>lr-find</c>: what it prints, writes and returns.</summary>
public sealed partial class LrFindTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly string[] Search = ["lr-find", "--train-samples", "600", "--batch-size", "20", "--steps", "60", "--accelerator", "cpu"];

    public static TheoryData<int, ScreenKind> Screens => new([.. from width in (int[])[60, 100, 140] from kind in Enum.GetValues<ScreenKind>() select (width, kind)]);

    [Theory]
    [MemberData(nameof(Screens))]
    public void A_terminal_gets_a_chart(int width, ScreenKind kind)
    {
        double Loss(double rate) => 0.4 + (1.9 / (1 + (rate * 700))) + (rate * 0.15);
        var found = new LearningRateFindings([.. Enumerable.Range(0, 96).Select(i => 1e-7 * Math.Pow(10, 8 * i / 99.0)).Select((rate, i) => new LearningRatePoint(i + 1, rate, Loss(rate), Loss(rate)))], 100);
        var writer = new StringWriter();
        LearningRateView.Chart(Screen.Make(writer, width, kind), found);
        Snapshot.Matches(writer.ToString() + LearningRateView.Suggestions(found), $"lr-find-{width}-{kind}.txt".ToLowerInvariant());
    }

    [Fact]
    public void On_a_terminal_the_chart_replaces_the_table()
    {
        CommandRun run = Screen.Run(80, ScreenKind.Colour, Search);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("smoothed loss by learning rate", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("smoothed\n", run.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Matches(Advice(), run.Out.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_pipe_gets_a_table_and_the_flag_to_train_with()
    {
        string path = tiny.New("lr") + ".png";
        CommandRun run = CommandRun.Of([.. Search, "--output", path]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        string[] lines = run.Out.ReplaceLineEndings("\n").Split('\n');
        Assert.Equal("cnn1, 693,962 parameters: 60 steps of 20 images with learning rates from 1e-7 to 10, cpu:0", lines[0]);
        int table = Array.FindIndex(lines, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["step", "learning", "rate", "loss", "smoothed"]);
        Assert.InRange(table, 1, 4);
        Assert.Matches(@"^\s*[23]\s+\d(\.\d)?e-7\s+\d\.\d{4}\s+\d\.\d{4}$", lines[table + 1]);
        Assert.Contains($"picture: {path}", lines);
        string rate = Advice().Match(run.Out).Groups[1].Value;
        Assert.Contains(lines, line => line.StartsWith("valley", StringComparison.Ordinal) && line.Contains($" {rate} ", StringComparison.Ordinal) && line.Contains("recommended", StringComparison.Ordinal));
        Assert.InRange(double.Parse(rate, CultureInfo.InvariantCulture), 1e-6, 1);
        using SKBitmap picture = SKBitmap.Decode(path);
        Assert.Equal((1000, 640), (picture.Width, picture.Height));
        // The curve and the mark of each suggestion are there in their colours.
        foreach (SKColor colour in (SKColor[])[new(0x1f, 0x77, 0xb4), new(0x2c, 0xa0, 0x2c), new(0xff, 0x7f, 0x0e), new(0x94, 0x67, 0xbd)])
        {
            Assert.Contains(picture.Pixels, pixel => pixel == colour);
        }
        Assert.False(Directory.Exists("a-folder-no-test-may-create"));
    }

    [Fact]
    public void Json_has_every_step_and_suggestion()
    {
        CommandRun run = CommandRun.Of([.. Search, "--json"]);
        JsonElement json = run.Json;
        Assert.Equal(["model", "accelerator", "learning_rate", "recommended", "suggestions", "steps", "diverged", "learning_rates", "losses", "smoothed_losses", "seconds"], CommandRun.Keys(json));
        Assert.Equal(["valley", "steepest", "minimum"], CommandRun.Keys(json.GetProperty("suggestions")));
        Assert.Equal(json.GetProperty("learning_rate").GetDouble(), json.GetProperty("suggestions").GetProperty(json.GetProperty("recommended").GetString()!).GetDouble());
        int steps = json.GetProperty("steps").GetInt32();
        Assert.Equal(steps < 60, json.GetProperty("diverged").GetBoolean());
        Assert.All((string[])["learning_rates", "losses", "smoothed_losses"], name => Assert.Equal(steps, json.GetProperty(name).GetArrayLength()));
        Assert.Equal(1e-7, json.GetProperty("learning_rates")[0].GetDouble(), 1e-15);
        Assert.Contains("60 steps of 20 images", run.Error, StringComparison.Ordinal);
        string quiet = CommandRun.Of([.. Search, "--quiet"]).Out;
        Assert.StartsWith("suggestion", quiet, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_of_train_mean_the_same()
    {
        double[] Losses(params string[] more) => [.. CommandRun.Of([.. Search, .. more, "--json"]).Json.GetProperty("losses").EnumerateArray().Select(loss => loss.GetDouble())];
        double[] plain = Losses();
        Assert.Equal(plain, Losses("--threads", "2"));
        Assert.NotEqual(plain, Losses("--seed", "2"));
        Assert.NotEqual(plain, Losses("--augment", "shift=2"));
        Assert.NotEqual(plain[0], Losses("--no-shuffle")[0]);
        string weights = tiny.New("weights") + ".safetensors";
        using (Device device = AcceleratorCatalog.Open(AcceleratorChoice.Parse("cpu"), 1))
        {
            using var network = new Network(ModelZoo.Cnn1, device, 1, training: false);
            network.Initialize(2);
            WeightsFile.Save(weights, network.ExportWeights());
        }
        Assert.Equal(Losses("--seed", "2", "--no-shuffle"), Losses("--weights", weights, "--no-shuffle"));
    }

    [Fact]
    public void A_loss_that_does_not_fall_is_a_failure_in_one_line()
    {
        CommandRun run = CommandRun.Of([.. Search, "--from", "1e-12", "--to", "1e-6", "--weights", tiny.Weights, "--quiet"]);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("gpucnn: no rate from 1e-12 to 1e-6 made the loss fall in 60 steps; give more --steps", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(run.Out);
    }

    [Fact]
    public void A_stop_ends_it()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        CommandRun run = CommandRun.Of(new Host(new StringWriter(), new StringWriter()) { Stop = stop.Token }, Search);
        Assert.Equal(130, run.ExitCode);
        Assert.EndsWith("interrupted\n", run.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\ntrain with --learning-rate (\S+)\n")]
    private static partial Regex Advice();
}
