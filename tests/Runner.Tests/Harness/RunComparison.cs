using System.Text.Json;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Two run folders that must hold the same training, one of them done in one piece.</summary>
internal static class RunComparison
{
    private static readonly string[] TimeColumns = ["train_seconds", "images_per_second"];

    /// <summary>Compares weights bit for bit, tables but for times, and what was found on the test images.</summary>
    public static void Same(string whole, string parts)
    {
        foreach (string file in (string[])["weights/last.safetensors", "weights/best.safetensors", "steps.csv", "report.txt", "confusion_matrix.csv", "predictions.csv", "model.json"])
        {
            Assert.True(File.ReadAllBytes(Path.Combine(whole, file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(parts, file))), $"{file} differs");
        }
        Assert.Equal(Rows(whole), Rows(parts));
        Assert.Equal("done", State(parts));
        Assert.Empty(Directory.EnumerateFiles(parts, "*.tmp", SearchOption.AllDirectories));
    }

    private static string[] Rows(string folder)
    {
        string[] lines = File.ReadAllLines(Path.Combine(folder, "results.csv"));
        string[] columns = lines[0].Split(',');
        return [.. lines.Select(line => string.Join(',', line.Split(',').Where((_, i) => !TimeColumns.Contains(columns[i]))))];
    }

    private static string? State(string folder)
    {
        using JsonDocument state = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "state.json")));
        return state.RootElement.GetProperty("status").GetString();
    }
}
