using GpuCnn.Runner.Views;
using Spectre.Console.Testing;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>What a training looks like, on a terminal and in a log.</summary>
public sealed class ViewTests
{
    private static readonly TrainingPlan Plan = new(10, 94, 48_000, 512);

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
        view.Follow(() => Epochs(view));
        Assert.Equal(Table, writer.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.All(Table, line => Assert.InRange(line.Length, 1, 80));
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void The_live_view_keeps_the_table_and_clears_the_moving_line(int width)
    {
        using TestConsole console = new TestConsole().Width(width).Interactive();
        console.EmitAnsiSequences = true;
        var view = new LiveTrainingView(console, Plan, TimeProvider.System);
        view.Follow(() =>
        {
            view.OnStep(new StepResult(1, 1, 1, 94, 2.3f));
            Thread.Sleep(150);
            Epochs(view);
        });
        string[] lines = console.Output.Split('\n');
        Assert.All(Table, row => Assert.Contains(lines, line => line.EndsWith(row, StringComparison.Ordinal)));
        Assert.Contains("epoch 1/10  step 1/94  loss 2.3000", console.Output, StringComparison.Ordinal);
        // The last thing it does is to erase the moving line.
        Assert.EndsWith("\u001b[2K\u001b[1A\u001b[2K\u001b[1A\u001b[2K", console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exception_passes_through_the_live_view()
    {
        using TestConsole console = new TestConsole().Interactive();
        var view = new LiveTrainingView(console, Plan, TimeProvider.System);
        Assert.Throws<NonFiniteLossException>(() => view.Follow(() => throw new NonFiniteLossException(1, 3, float.NaN, 2)));
    }

    [Fact]
    public void The_moving_line_tells_place_mean_loss_speed_and_time_left()
    {
        var clock = new ManualClock();
        using var console = new TestConsole();
        var view = new LiveTrainingView(console, Plan, clock);
        Assert.Equal("epoch 1/10  preparing", view.Status());
        clock.Seconds = 100;
        view.OnStep(new StepResult(1, 1, 1, 94, 2f));
        Assert.Equal("epoch 1/10  step 1/94  loss 2.0000", view.Status());
        clock.Seconds = 102;
        view.OnStep(new StepResult(1, 2, 2, 94, 1f));
        // 512 images in 2 s; 938 steps left at 2 s each.
        Assert.Equal("epoch 1/10  step 2/94  loss 1.5000  256 images/s  eta 31:16", view.Status());
        view.OnStep(new StepResult(2, 95, 1, 94, 0.5f));
        Assert.Equal("epoch 2/10  step 1/94  loss 0.5000  eta 0:18", view.Status());
    }

    [Fact]
    public void A_long_training_still_fits_beside_the_bar()
    {
        var clock = new ManualClock();
        using var console = new TestConsole();
        var view = new LiveTrainingView(console, Plan with { Epochs = 50 }, clock);
        view.OnStep(new StepResult(50, 1, 1, 94, 2f));
        clock.Seconds = 3600;
        view.OnStep(new StepResult(50, 2, 94, 94, 2f));
        Assert.InRange(view.Status().Length, 1, 69);
    }

    private static void Epochs(ITrainingView view)
    {
        view.OnEpoch(First);
        view.OnEpoch(Second);
    }

    private sealed class ManualClock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
