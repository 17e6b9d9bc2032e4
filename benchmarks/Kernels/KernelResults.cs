using System.Text.Json;

namespace GpuCnn.Benchmarks.Operations;

/// <summary>The kept figures: a JSON document and the same as a table in Markdown.</summary>
internal static class KernelResults
{
    private const string Name = "kernels.json";

    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Keeps figures; those of the same machine that were not measured again stay.</summary>
    /// <returns>The file.</returns>
    public static string Keep(Figure[] figures)
    {
        Figure[] rows = [.. Kept().Where(old => !figures.Any(figure => figure.Replaces(old))).Concat(figures)
            .OrderBy(figure => figure.Op, StringComparer.Ordinal).ThenBy(figure => figure.Shape, StringComparer.Ordinal).ThenBy(figure => figure.Batch).ThenBy(figure => figure.Body, StringComparer.Ordinal)];
        string file = Repository.Keep(Name, new { CpuPeak.Threads, Peak = CpuPeak.This, Rows = rows });
        File.WriteAllText(Path.Combine(Repository.Results, Path.ChangeExtension(Name, ".md")), Markdown(rows));
        return file;
    }

    private static Figure[] Kept()
    {
        string file = Path.Combine(Repository.Results, Name);
        if (!File.Exists(file))
        {
            return [];
        }
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement root = document.RootElement;
        bool same = root.GetProperty("machine").GetString() == Repository.Machine && root.GetProperty("threads").GetInt32() == CpuPeak.Threads;
        return same ? root.GetProperty("rows").Deserialize<Figure[]>(Snake)! : [];
    }

    private static string Markdown(Figure[] rows)
    {
        var table = new Table("operation", "shape", "batch", "naive", "MathNet", "TorchSharp", "GpuCnn", "naive/ours", "Torch/ours", "GFLOP/s", "% of peak", "GB/s", "% of copying", "date, commit");
        foreach (var group in rows.GroupBy(row => (row.Op, row.Shape, row.Batch)))
        {
            Figure? Of(string body) => group.FirstOrDefault(row => row.Body == body);
            string Time(string body) => Of(body) is { } figure ? Table.Time(figure.Seconds) : "";
            string Ratio(string body) => Of(body) is { } figure && Of(Figure.Ours) is { } own ? Table.Number(figure.Seconds / own.Seconds) : "";
            string Number(Func<Figure, double> value) => Of(Figure.Ours) is { } own ? Table.Number(value(own)) : "";
            table.Add(group.Key.Op, group.Key.Shape, group.Key.Batch, Time(nameof(OwnBenchmark.Naive)), Time(nameof(ProductBenchmark.MathNet)), Time(nameof(OpBenchmark.TorchSharp)), Time(Figure.Ours),
                Ratio(nameof(OwnBenchmark.Naive)), Ratio(nameof(OpBenchmark.TorchSharp)), Number(figure => figure.GigaFlops), Number(figure => figure.PercentOfPeak),
                Number(figure => figure.GigaBytes), Number(figure => figure.PercentOfCopying), $"{group.First().Date}, {group.First().Commit}");
        }
        return $"""
            # Operations on the CPU accelerator

            {Repository.Machine}, {CpuPeak.Threads} threads; at best {Table.Number(CpuPeak.This.GigaFlops)} GFLOP/s of multiply-adds and {Table.Number(CpuPeak.This.GigaBytes)} GB/s of copying. Medians;
            naive loops run on one thread. GFLOP/s and GB/s are ours: the work that the result needs (of a pooled convolution's gradients the winners') and every operand once, which may lie in caches.
            Written by `dotnet run -c Release --project benchmarks/Kernels`.

            {table}
            """;
    }
}
