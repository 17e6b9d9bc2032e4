// Every operation on the CPU accelerator, on the shapes of the three models, beside the textbook's loops, MathNet.Numerics and TorchSharp.
//   dotnet run -c Release --project benchmarks/Kernels -- [--filter '*Conv2dForward*'] [other options of BenchmarkDotNet]
// Writes benchmarks/results/kernels.json and kernels.md; with a filter, what was measured replaces what they held of it.
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using GpuCnn.Benchmarks.Operations;
using GpuCnn.Benchmarks.TorchSharp;
using Perfolizer.Horology;

Heap.KeepFreedMemory();
// In this process, because hundreds of small programs would take an hour; few iterations, because the textbook's loops take seconds.
Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithStrategy(RunStrategy.Throughput).WithUnrollFactor(1).WithEvaluateOverhead(false)
    .WithWarmupCount(1).WithIterationCount(5).WithIterationTime(TimeInterval.FromMilliseconds(20));
IConfig config = ManualConfig.CreateEmpty().AddJob(job).AddLogger(ConsoleLogger.Default)
    .AddColumnProvider(new SimpleColumnProvider(TargetMethodColumn.Type, TargetMethodColumn.Method), DefaultColumnProviders.Params)
    .AddColumn(StatisticColumn.Median, StatisticColumn.Min, StatisticColumn.Max, BaselineRatioColumn.RatioMean)
    .AddColumn(WorkColumn.All)
    .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(60))
    .WithOptions(ConfigOptions.JoinSummary);
Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(WorkColumn).Assembly).Run(args.Length == 0 ? ["--filter", "*"] : args, config)];
Figure[] figures = [.. summaries.SelectMany(Figure.Of)];
if (figures.Length > 0)
{
    Console.WriteLine($"written: {KernelResults.Keep(figures)}");
}
return summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
