using System.Text.Json;
using Xunit;

namespace GpuCnn.NetworkTests;

/// <summary>Learning rates step by step, beside those of PyTorch's schedulers, which <c>tests/oracle/schedules.py</c> wrote.</summary>
public sealed class ScheduleTests
{
    public static TheoryData<int> Cases { get; } = [.. Enumerable.Range(0, Table().Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rates_are_PyTorchs(int index)
    {
        Case expected = Table()[index];
        var options = new TrainingOptions { Epochs = expected.Epochs, LearningRate = expected.LearningRate, WarmUp = expected.WarmUp, Schedule = LearningRateSchedule.Parse(expected.Schedule) };
        options.Validate();
        LearningRateCurve curve = new(options, expected.StepsPerEpoch), returned = new(options, expected.StepsPerEpoch);
        var epochs = new List<EpochResult>();
        for (int step = 0; step < expected.Rates.Length; step++)
        {
            double rate = options.LearningRate * curve.ShareAt(step);
            Assert.Equal(expected.Rates[step], rate, expected.Rates[step] * 1e-9);
            if ((step + 1) % expected.StepsPerEpoch == 0)
            {
                epochs.Add(new EpochResult(epochs.Count + 1, 0, 0, expected.ValLosses?[epochs.Count], expected.ValAccuracies?[epochs.Count], rate, 0, 0, false, false));
                curve.Add(epochs[^1]);
            }
            // A training that goes on from here, with a curve of its own or with one that has seen epochs, has the same bits.
            var resumed = new LearningRateCurve(options, expected.StepsPerEpoch);
            foreach (LearningRateCurve other in (LearningRateCurve[])[resumed, returned])
            {
                other.Restore(epochs);
                Assert.Equal(curve.ShareAt(step), other.ShareAt(step));
                Assert.Equal(curve.ShareAt(step + 1), other.ShareAt(step + 1));
            }
        }
        Assert.Equal(options.Epochs * expected.StepsPerEpoch, expected.Rates.Length);
    }

    [Theory]
    [InlineData("constant", 0, 1)]
    [InlineData("constant", 2.5, 1)]
    [InlineData("cosine=0.1", 0, 0.1)]
    [InlineData("cosine=0.1", 2.5, 0.1)]
    [InlineData("one-cycle", 0, 4e-6)]
    [InlineData("step=2:0.5", 1, 0.125)]
    [InlineData("plateau", 1, 1)]
    public void Behind_the_last_step_the_share_stays(string schedule, double warmUp, double expected)
    {
        const int stepsPerEpoch = 7;
        var options = new TrainingOptions { Epochs = 6, WarmUp = warmUp, Schedule = LearningRateSchedule.Parse(schedule) };
        var curve = new LearningRateCurve(options, stepsPerEpoch);
        long steps = options.Epochs * stepsPerEpoch;
        Assert.All((long[])[steps, steps + 1, steps + 30, steps * 20], step => Assert.Equal(expected, curve.ShareAt(step), 1e-12));
    }

    [Theory]
    [InlineData(1, 1, 0.9, new[] { 1.0, 0.25 })]
    [InlineData(2, 1, 1.6, new[] { 0.5, 1.0, 0.25 })]
    [InlineData(2, 2, 1.9, new[] { 0.25, 0.5, 0.75, 1.0, 0.25 })]
    public void A_warm_up_that_would_be_all_steps_leaves_the_last(int epochs, int stepsPerEpoch, double warmUp, double[] expected)
    {
        var curve = new LearningRateCurve(new TrainingOptions { Epochs = epochs, WarmUp = warmUp, Schedule = LearningRateSchedule.Parse("cosine=0.25") }, stepsPerEpoch);
        Assert.Equal(expected, Enumerable.Range(0, expected.Length).Select(step => curve.ShareAt(step)));
    }

    [Fact]
    public void The_table_has_every_schedule_with_and_without_warm_up()
    {
        Assert.Equal(LearningRateSchedule.Names.Order(), Table().Select(each => each.Schedule.Split('=')[0]).Distinct().Order());
        Assert.Equal(["constant", "cosine", "plateau", "step"], Table().Where(each => each.WarmUp > 0).Select(each => each.Schedule.Split('=')[0]).Distinct().Order());
    }

    [Theory]
    [InlineData("constant", "constant")]
    [InlineData("cosine", "cosine=0")]
    [InlineData("cosine=0.01", "cosine=0.01")]
    [InlineData("one-cycle", "one-cycle=0.3")]
    [InlineData("one-cycle=5e-1", "one-cycle=0.5")]
    [InlineData("step", "step=10:0.1")]
    [InlineData("step=30", "step=30:0.1")]
    [InlineData("step=7:0.2", "step=7:0.2")]
    [InlineData("plateau", "plateau=5:0.5:val_loss")]
    [InlineData("plateau=3", "plateau=3:0.5:val_loss")]
    [InlineData("plateau=0:0.1:val_accuracy", "plateau=0:0.1:val_accuracy")]
    public void A_text_is_a_schedule_and_a_schedule_its_text(string text, string whole)
    {
        var schedule = LearningRateSchedule.Parse(text);
        Assert.Equal(whole, schedule.ToString());
        Assert.Equal(schedule, LearningRateSchedule.Parse(whole));
        Assert.Equal(schedule, JsonSerializer.Deserialize<LearningRateSchedule>(JsonSerializer.Serialize(schedule)));
    }

    [Theory]
    [InlineData("", "must be constant, cosine[=END], one-cycle[=RISE], step[=EPOCHS[:FACTOR]], plateau[=EPOCHS[:FACTOR[:METRIC]]], not ''")]
    [InlineData("linear", "must be constant, ")]
    [InlineData("Cosine", "must be constant, ")]
    [InlineData("constant=1", "must be constant, not 'constant=1'")]
    [InlineData("cosine=", "must be cosine[=END], not 'cosine='")]
    [InlineData("cosine=1.5", "cosine must have END from 0 to 1, not 1.5")]
    [InlineData("cosine=-0.1", "cosine must have END from 0 to 1, not -0.1")]
    [InlineData("cosine=0,1", "must be cosine[=END], not 'cosine=0,1'")]
    [InlineData("cosine=0:1", "must be cosine[=END], not 'cosine=0:1'")]
    [InlineData("one-cycle=0", "one-cycle must have RISE above 0 and below 1, not 0")]
    [InlineData("one-cycle=1", "one-cycle must have RISE above 0 and below 1, not 1")]
    [InlineData("step=0", "step must have EPOCHS of at least 1, not 0")]
    [InlineData("step=1.5", "must be step[=EPOCHS[:FACTOR]], not 'step=1.5'")]
    [InlineData("step=2:1", "step must have FACTOR above 0 and below 1, not 1")]
    [InlineData("step=2:NaN", "step must have FACTOR above 0 and below 1, not NaN")]
    [InlineData("step=2:0.1:3", "must be step[=EPOCHS[:FACTOR]], not 'step=2:0.1:3'")]
    [InlineData("plateau=-1", "plateau must have EPOCHS of at least 0, not -1")]
    [InlineData("plateau=5:0", "plateau must have FACTOR above 0 and below 1, not 0")]
    [InlineData("plateau=5:0.5:loss", "must be val_loss or val_accuracy, not 'loss'")]
    public void What_is_no_schedule_is_refused_with_what_is_one(string text, string problem)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => LearningRateSchedule.Parse(text));
        Assert.StartsWith($"Schedule {problem}", exception.Message, StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LearningRateSchedule>(JsonSerializer.Serialize(text)));
    }

    [Fact]
    public void Json_without_a_text_is_refused() => Assert.All((string[])["null", "1", "{}"], json => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LearningRateSchedule>(json)));

    private static Case[] Table() => JsonSerializer.Deserialize<Case[]>(File.ReadAllText(Oracle.File("schedules.json")), JsonSerializerOptionsOfTable)!;

    private static readonly JsonSerializerOptions JsonSerializerOptionsOfTable = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private sealed record Case(string Schedule, int Epochs, int StepsPerEpoch, double LearningRate, double WarmUp, double[]? ValLosses, double[]? ValAccuracies, double[] Rates);
}
