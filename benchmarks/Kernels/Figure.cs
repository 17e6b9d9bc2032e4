using BenchmarkDotNet.Reports;

namespace GpuCnn.Benchmarks.Operations;

/// <summary>What was measured of one operation by one library.</summary>
internal sealed record Figure(string Op, string Shape, int Batch, string Body, double Seconds, double Fastest, double Slowest, double GigaFlops, double PercentOfPeak, double GigaBytes,
    double PercentOfCopying, string Date, string Commit)
{
    /// <summary>The name of our body.</summary>
    public const string Ours = nameof(OwnBenchmark.GpuCnn);

    /// <summary>Whether it is of the same thing.</summary>
    public bool Replaces(Figure other) => (Op, Shape, Batch, Body) == (other.Op, other.Shape, other.Batch, other.Body);

    /// <summary>The figures of a run.</summary>
    public static IEnumerable<Figure> Of(Summary summary) => summary.Reports.Where(report => report.ResultStatistics is not null).Select(Of);

    /// <summary>A report's figure.</summary>
    public static Figure Of(BenchmarkReport report)
    {
        string op = report.BenchmarkCase.Descriptor.Type.Name, shape = (string)report.BenchmarkCase.Parameters[nameof(OpBenchmark.Shape)];
        int batch = (int)report.BenchmarkCase.Parameters[nameof(OpBenchmark.Batch)];
        using KernelCase one = CaseTable.Find(op, shape).Create(batch);
        double seconds = report.ResultStatistics!.Median / 1e9, flops = one.Flops / seconds / 1e9, bytes = one.Bytes / seconds / 1e9;
        return new Figure(op, shape, batch, report.BenchmarkCase.Descriptor.WorkloadMethod.Name, seconds, report.ResultStatistics.Min / 1e9, report.ResultStatistics.Max / 1e9,
            flops, 100 * flops / CpuPeak.This.GigaFlops, bytes, 100 * bytes / CpuPeak.This.GigaBytes, Repository.Date, Repository.Commit);
    }
}
