using GpuCnn.Runner.Views;
using Spectre.Console;
using Spectre.Console.Testing;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>What a training looks like, on a terminal and in a log.</summary>
public sealed class ViewTests
{
    private static readonly TrainingPlan Plan = new(10, 94, 48_000, 512, 0.001);

    private static readonly EpochResult First = new(1, 0.54321, 0.8123, 0.40124, 0.8543, 0.001, 1.523, 31_579.2, true, false);

    private static readonly EpochResult Second = new(2, 0.4, 0.85, null, null, 1e-5, 1.5, 32_000, false, false);

    private static readonly string[] Table =
    [
        " epoch  train loss     acc  val loss     acc        lr  seconds  images/s",
        "  1/10      0.5432  0.8123    0.4012  0.8543     0.001     1.52     31579  best",
        "  2/10      0.4000  0.8500         -       -   0.00001     1.50     32000",
    ];

    [Fact]
    public void The_plain_view_writes_a_line_an_epoch()
    {
        var writer = new StringWriter();
        var view = new PlainTrainingView(writer, Plan);
        view.Start();
        view.OnPast(Plan, [First], [1f]);
        view.OnEpoch(Second);
        Assert.Equal(Table, writer.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.All(Table, line => Assert.InRange(line.Length, 1, 80));
    }

    [Fact]
    public void The_narrow_table_fits_40_columns()
    {
        string row = EpochTable.NarrowRow(First with { Epoch = 100 }, 100);
        Assert.Equal("100/100 0.5432 0.8123  0.4012 0.8543 *", row);
        Assert.InRange(EpochTable.NarrowHeading.Length, 1, 39);
    }

    [Fact]
    public void A_heading_is_broken_between_words_and_a_table_loses_its_settings()
    {
        Assert.Equal("run     a-folder\nimages  48000 to train,\n        12000 held out\n", Reports.TextTable.Pairs(25, ("run", "a-folder"), ("images", "48000 to train, 12000 held out")));
        string whole = Reports.Summaries.Layers(ModelZoo.Cnn3, 80), narrow = Reports.Summaries.Layers(ModelZoo.Cnn3, 40);
        Assert.Contains("conv2   128 3x3 stride 2 pad 1, relu, max 2x2   128x3x3      73,856\n", whole, StringComparison.Ordinal);
        Assert.Contains("dense1  128, relu, dropout 0.25 ", whole, StringComparison.Ordinal);
        Assert.All(narrow.Split('\n'), line => Assert.InRange(line.Length, 0, 39));
        Assert.Contains("conv2", narrow, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("live-80-colour", 80, 30, ColorSystem.TrueColor, true)]
    [InlineData("live-80-no-colour", 80, 30, ColorSystem.NoColors, true)]
    [InlineData("live-80-ascii", 80, 30, ColorSystem.NoColors, false)]
    [InlineData("live-120-colour", 120, 40, ColorSystem.EightBit, true)]
    [InlineData("live-120-no-colour", 120, 40, ColorSystem.NoColors, true)]
    [InlineData("live-40", 40, 30, ColorSystem.NoColors, true)]
    [InlineData("live-80-low", 80, 12, ColorSystem.NoColors, true)]
    public void The_live_view_is_as_committed(string name, int width, int height, ColorSystem colours, bool unicode)
    {
        using TestConsole console = Console(width, height, colours, unicode);
        var clock = new ManualClock();
        var view = new LiveTrainingView(console, Plan, clock);
        Play(view, clock, epochs: 3, more: 44);
        view.Draw();
        string text = console.Output;
        Assert.Equal(unicode && width >= 60, text.Any(letter => letter > 127));
        Assert.Equal(colours != ColorSystem.NoColors, text.Contains("38;", StringComparison.Ordinal));
        string[] lines = System.Text.RegularExpressions.Regex.Replace(text, "\u001b\\[[0-9;?]*[A-Za-z]|\r", "").Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        Assert.InRange(lines.Length, 1, height);
        Snapshot.Matches(text, $"{name}.txt");
    }

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    public void One_of_several_trainings_says_which_it_is(int width)
    {
        using TestConsole console = Console(width, 24, ColorSystem.NoColors, true);
        var clock = new ManualClock();
        var view = new LiveTrainingView(console, Plan with { Place = "seed 8 (2 of 5)" }, clock);
        Play(view, clock, epochs: 1, more: 3);
        view.Draw();
        string[] screen = Screen(console.Output, 24);
        Assert.Single(screen, line => line == "seed 8 (2 of 5)");
    }

    [Fact]
    public void A_view_that_stops_keeps_the_rows_and_leaves_a_clean_screen_with_its_cursor()
    {
        using TestConsole console = Console(80, 30, ColorSystem.NoColors, true);
        var clock = new ManualClock();
        var view = new LiveTrainingView(console, Plan, clock);
        view.Start();
        Play(view, clock, epochs: 1, more: 3);
        view.Draw();
        view.Stop();
        Assert.StartsWith("\u001b[?25l", console.Output, StringComparison.Ordinal);
        Assert.EndsWith("\u001b[J\u001b[?25h", console.Output, StringComparison.Ordinal);
        string[] screen = Screen(console.Output, 30);
        Assert.Equal([Table[0], "  1/10      0.6000  0.7800    0.5000  0.8000     0.001     2.00     24000  best"], screen[..2]);
        Assert.All(screen[2..], Assert.Empty);
    }

    [Fact]
    public void What_is_said_aside_stands_whole_above_the_picture()
    {
        using TestConsole console = Console(80, 30, ColorSystem.NoColors, true);
        var clock = new ManualClock();
        var view = new LiveTrainingView(console, Plan, clock);
        Play(view, clock, epochs: 1, more: 3);
        view.Draw();
        string[] before = Screen(console.Output, 30);
        view.Aside(() => console.Profile.Out.Writer.WriteLine("gpucnn: warning: a line"));
        Assert.Equal([.. before[..2], "gpucnn: warning: a line"], Screen(console.Output, 30).TakeWhile(line => line.Length > 0));
        view.Draw();
        Assert.Equal([.. before[..2], "gpucnn: warning: a line", .. before[2..29]], Screen(console.Output, 30));
    }

    [Fact]
    public void Abandoning_clears_once_and_nothing_is_drawn_after()
    {
        using TestConsole console = Console(80, 30, ColorSystem.NoColors, true);
        var view = new LiveTrainingView(console, Plan, new ManualClock());
        view.Draw();
        view.Abandon();
        string output = console.Output;
        Assert.EndsWith("\u001b[?25h", output, StringComparison.Ordinal);
        view.Draw();
        view.Abandon();
        Assert.Equal(output, console.Output);
    }

    [Fact]
    public void A_terminal_made_narrower_between_two_pictures_is_cleared_of_broken_lines()
    {
        using TestConsole console = Console(120, 40, ColorSystem.NoColors, true);
        var region = new LiveRegion(console);
        region.Draw([], new Text(new string('a', 100) + "\n" + new string('b', 30)));
        console.Profile.Width = 50;
        int before = console.Output.Length;
        region.Draw([], new Text("c"));
        // 100 letters now stand on two lines of 50: with the line of the cursor that is three, so two up.
        Assert.StartsWith("\r\u001b[2A", console.Output[before..], StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_tells_place_mean_loss_speed_and_time_left()
    {
        var clock = new ManualClock();
        var progress = new TrainingProgress(Plan, clock);
        Assert.Equal((1, 0, null, null), Told(progress));
        clock.Seconds = 100;
        progress.OnStep(new StepResult(1, 1, 1, 94, 2f, 1e-3));
        Assert.Equal((1, 1, null, null), Told(progress));
        clock.Seconds = 102;
        progress.OnStep(new StepResult(1, 2, 2, 94, 1f, 1e-3));
        // 512 images in 2 s; 938 steps left at 2 s each.
        Assert.Equal((1, 2, 256.0, 1876.0), Told(progress));
        Assert.Equal(1.5, progress.Snapshot().Loss);
        clock.Seconds = 103;
        Assert.Equal(1875.0, progress.Snapshot().Left!.Value.TotalSeconds);
    }

    [Fact]
    public void Losses_that_come_in_bunches_do_not_count_as_speed()
    {
        var clock = new ManualClock { Seconds = 10 };
        var progress = new TrainingProgress(Plan, clock);
        for (int step = 1; step <= 50; step++)
        {
            clock.Seconds = step <= 25 ? 10 : 15;
            progress.OnStep(new StepResult(1, step, step, 94, 1f, 1e-3));
        }
        // Steps 26 to 50 took the 5 s between the two bunches.
        Assert.Equal(25 * 512 / 5.0, progress.Snapshot().ImagesPerSecond!.Value, 1e-9);
    }

    [Fact]
    public void A_past_that_is_told_again_is_not_written_again_and_what_is_done_again_is()
    {
        var writer = new StringWriter();
        var view = new PlainTrainingView(writer, Plan);
        view.OnEpoch(First);
        view.OnEpoch(Second);
        view.OnPast(Plan, [First, Second], []);
        view.OnPast(Plan with { Epochs = 9 }, [First], []);
        view.OnEpoch(Second);
        Assert.Equal([EpochTable.Row(First, Plan.Epochs), EpochTable.Row(Second, Plan.Epochs), EpochTable.Row(Second, 9)],
            writer.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_past_gives_place_and_loss_but_no_speed_of_its_own()
    {
        var progress = new TrainingProgress(Plan, new ManualClock());
        progress.OnPast(Plan, [First], [.. Enumerable.Repeat(1f, 94), 0.5f, 0.25f]);
        TrainingSnapshot now = progress.Snapshot();
        Assert.Equal((2, 2, 96L, 0.375), (now.Epoch, now.StepOfEpoch, now.Step, now.Loss!.Value));
        Assert.Equal(First.ImagesPerSecond, now.ImagesPerSecond);
        Assert.Equal(((10 * 48_000) - 48_000 - 1024) / First.ImagesPerSecond, now.Left!.Value.TotalSeconds, 1e-6);
        Assert.Same(First, now.Best);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(5003)]
    public void A_curve_of_any_number_of_steps_keeps_its_mean(int steps)
    {
        var curve = new StepCurve();
        for (int i = 0; i < steps; i++)
        {
            curve.Add(i);
        }
        ChartPoint[] points = curve.Points(100);
        Assert.InRange(points.Length, Math.Min(steps, 512), 1024);
        // Loss and place grow alike, so every mean lies on the line.
        Assert.All(points, point => Assert.Equal((point.X * 100) - 0.5, point.Y, 1e-9));
        Assert.Equal(steps / 100.0, points[^1].X + (points.Length > 1 ? points[^1].X - points[^2].X : 0.005), 0.06);
    }

    [Theory]
    [InlineData(null, null, "en_US.UTF-8", true)]
    [InlineData("C", null, "en_US.UTF-8", false)]
    [InlineData(null, "de_DE.ISO-8859-1", "C.UTF-8", false)]
    [InlineData("", "", "C.utf8", true)]
    [InlineData(null, null, "POSIX", false)]
    [InlineData(null, null, null, true)]
    public void A_locale_that_is_not_of_UTF_8_gets_plain_characters(string? all, string? type, string? lang, bool unicode)
    {
        var variables = new Dictionary<string, string?> { ["LC_ALL"] = all, ["LC_CTYPE"] = type, ["LANG"] = lang };
        Assert.Equal(unicode || OperatingSystem.IsWindows(), Locale.AllowsUnicode(name => variables[name]));
    }

    private static (int Epoch, int Step, double? Speed, double? Left) Told(TrainingProgress progress)
    {
        TrainingSnapshot now = progress.Snapshot();
        return (now.Epoch, now.StepOfEpoch, now.ImagesPerSecond, now.Left?.TotalSeconds);
    }

    private static TestConsole Console(int width, int height, ColorSystem colours, bool unicode)
    {
        TestConsole console = new TestConsole().Width(width).Height(height).Interactive().Colors(colours);
        console.EmitAnsiSequences = true;
        console.Profile.Capabilities.Unicode = unicode;
        return console;
    }

    /// <summary>A training whose losses fall smoothly, an epoch in two seconds.</summary>
    private static void Play(LiveTrainingView view, ManualClock clock, int epochs, int more)
    {
        for (int step = 1; step <= (epochs * 94) + more; step++)
        {
            clock.Ticks += ManualClock.TicksPerSecond * 2 / 94;
            int epoch = ((step - 1) / 94) + 1;
            view.OnStep(new StepResult(epoch, step, ((step - 1) % 94) + 1, 94, (float)(0.3 + (2 / (1 + (step / 10.0)))), 1e-3));
            if (step % 94 == 0)
            {
                view.OnEpoch(new EpochResult(epoch, 0.3 + (0.3 / epoch), 0.9 - (0.12 / epoch), 0.35 + (0.15 / epoch), 0.88 - (0.08 / epoch), 0.001, 2, 24_000, true, false));
            }
        }
    }

    /// <summary>What a terminal shows after these characters: of control sequences it knows those that the view writes.</summary>
    private static string[] Screen(string output, int height)
    {
        char[][] lines = [.. Enumerable.Range(0, height).Select(_ => new string(' ', 200).ToCharArray())];
        int row = 0, column = 0;
        for (int i = 0; i < output.Length; i++)
        {
            if (output[i] == '\u001b')
            {
                int end = output.IndexOfAny(['A', 'K', 'J', 'l', 'h', 'm'], i);
                string argument = output[(i + 2)..end];
                if (output[end] == 'A')
                {
                    row -= int.Parse(argument, System.Globalization.CultureInfo.InvariantCulture);
                }
                else if (output[end] is 'K' or 'J')
                {
                    lines[row].AsSpan(column).Fill(' ');
                    foreach (char[] line in lines.Skip(output[end] == 'J' ? row + 1 : height))
                    {
                        Array.Fill(line, ' ');
                    }
                }
                i = end;
            }
            else if (output[i] is '\r' or '\n')
            {
                (row, column) = (row + (output[i] == '\n' ? 1 : 0), 0);
            }
            else
            {
                lines[row][column++] = output[i];
            }
        }
        return [.. lines.Select(line => new string(line).TrimEnd())];
    }

    private sealed class ManualClock : TimeProvider
    {
        public const long TicksPerSecond = 94_000;

        public long Ticks { get; set; }

        public long Seconds
        {
            set => Ticks = value * TicksPerSecond;
        }

        public override long TimestampFrequency => TicksPerSecond;

        public override long GetTimestamp() => Ticks;
    }
}
