using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace GpuCnn.Benchmarks.Operations;

/// <summary>A column of counted work over measured time.</summary>
/// <param name="name">Its header.</param>
/// <param name="legend">What it says.</param>
/// <param name="value">The figure.</param>
internal sealed class WorkColumn(string name, string legend, Func<Figure, double> value) : IColumn
{
    /// <summary>The columns.</summary>
    public static IColumn[] All { get; } =
    [
        new WorkColumn("GFLOP/s", "counted arithmetic over the median", figure => figure.GigaFlops),
        new WorkColumn("% of peak", "of this machine's multiply-adds, measured in this run", figure => figure.PercentOfPeak),
        new WorkColumn("GB/s", "operands, once each, over the median", figure => figure.GigaBytes),
        new WorkColumn("% of copying", "of this machine's copying of big arrays, measured in this run; operands in caches may exceed it", figure => figure.PercentOfCopying),
    ];

    /// <inheritdoc/>
    public string Id => $"{nameof(WorkColumn)}.{name}";

    /// <inheritdoc/>
    public string ColumnName => name;

    /// <inheritdoc/>
    public string Legend => legend;

    /// <inheritdoc/>
    public bool AlwaysShow => true;

    /// <inheritdoc/>
    public ColumnCategory Category => ColumnCategory.Custom;

    /// <inheritdoc/>
    public int PriorityInCategory => Array.IndexOf(All, this);

    /// <inheritdoc/>
    public bool IsNumeric => true;

    /// <inheritdoc/>
    public UnitType UnitType => UnitType.Dimensionless;

    /// <inheritdoc/>
    public bool IsAvailable(Summary summary) => true;

    /// <inheritdoc/>
    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        summary[benchmarkCase] is { ResultStatistics: not null } report ? Table.Number(value(Figure.Of(report))) : "NA";
}
