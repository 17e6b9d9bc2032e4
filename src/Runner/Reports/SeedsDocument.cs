using System.Globalization;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace GpuCnn.Runner.Reports;

/// <summary>What <c>train --seeds --json</c> writes, and seeds.json: the runs that are done, and their means, which are null with less than two.</summary>
/// <param name="Run">The folder.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="Accelerator">Where the runs are computed.</param>
/// <param name="Seed">The first seed.</param>
/// <param name="Seeds">How many seeds there are to be.</param>
/// <param name="Runs">The runs done, in the order of their seeds.</param>
/// <param name="Test">Accuracy of the last weights on the test images.</param>
/// <param name="TestBest">Accuracy of the best weights.</param>
internal sealed record SeedsDocument(string Run, string Model, long Parameters, string Accelerator, ulong Seed, int Seeds, IReadOnlyList<SeedDocument> Runs,
    MeanDocument? Test, MeanDocument? TestBest)
{
    /// <summary>The document with a run that is done, in place of what was known of it.</summary>
    /// <param name="run">The run.</param>
    public SeedsDocument With(SeedDocument run)
    {
        SeedDocument[] runs = [.. Runs.Where(each => each.Seed != run.Seed).Append(run).OrderBy(each => each.Seed)];
        return this with { Runs = runs, Test = MeanDocument.Of([.. runs.Select(each => each.TestAccuracy)]), TestBest = MeanDocument.Of([.. runs.Select(each => each.TestBestAccuracy)]) };
    }

    /// <summary>The document as a table for people.</summary>
    public string Table()
    {
        IEnumerable<string[]> rows = Runs.Select(run => (string[])[run.Seed.ToString(CultureInfo.InvariantCulture), Summaries.Text(run.TestAccuracy), Summaries.Text(run.TestBestAccuracy),
            Summaries.Text(run.BestEpoch), Summaries.Text(run.Epochs), run.TrainSeconds.ToString("0.00", CultureInfo.InvariantCulture)]);
        if (Test is not null && TestBest is not null)
        {
            rows = [.. rows, ["mean", Summaries.Text(Test.Accuracy), Summaries.Text(TestBest.Accuracy), "", "", ""], ["95 % half-width", Summaries.Text(Test.HalfWidth), Summaries.Text(TestBest.HalfWidth), "", "", ""]];
        }
        return TextTable.Format(["seed", ">test, last", ">test, best", ">best epoch", ">epochs", ">seconds"], rows);
    }
}

/// <summary>A run of a set of seeds: its figures on the test images with the last and the best weights.</summary>
internal sealed record SeedDocument(ulong Seed, string Run, int Epochs, int BestEpoch, double TestAccuracy, double TestLoss, double TestBestAccuracy, double TestBestLoss,
    double TrainSeconds, EarlyStopDocument? StoppedEarly)
{
    /// <summary>Of a run that is done.</summary>
    public static SeedDocument Of(ulong seed, TrainDocument run) => new(seed, run.Run, run.Epochs.Count, BestOf(run.Epochs), run.Test!.Accuracy, run.Test.Loss,
        run.TestBest!.Accuracy, run.TestBest.Loss, run.TrainSeconds, run.StoppedEarly);

    /// <summary>The first epoch with the highest accuracy; the last when nothing was held out.</summary>
    private static int BestOf(IReadOnlyList<EpochDocument> epochs) => epochs.Any(epoch => epoch.ValAccuracy is not null) ? epochs.MaxBy(epoch => epoch.ValAccuracy)!.Epoch : epochs.Count;
}

/// <summary>A mean and the half-width of its 95 % interval (Student's t).</summary>
internal sealed record MeanDocument(double Accuracy, double HalfWidth)
{
    /// <summary>Of values drawn at random; null with less than two, which say nothing about their spread.</summary>
    public static MeanDocument? Of(IReadOnlyCollection<double> values) => values.Count < 2 ? null
        : new(values.Mean(), StudentT.InvCDF(0, 1, values.Count - 1, 0.975) * values.StandardDeviation() / Math.Sqrt(values.Count));
}
