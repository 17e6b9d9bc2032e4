using System.Runtime.CompilerServices;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Output compared with a committed file. With GPUCNN_WRITE_EXPECTED=1 the file is written instead, to be looked at before it is committed.</summary>
internal static class Snapshot
{
    private const string Write = "GPUCNN_WRITE_EXPECTED";

    /// <summary>Compares line by line; blanks at the end of a line do not count.</summary>
    /// <param name="actual">The output.</param>
    /// <param name="name">The file's name in the folder Expected.</param>
    /// <param name="here">Where the caller's source is.</param>
    public static void Matches(string actual, string name, [CallerFilePath] string here = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(here)!, "Expected", name);
        string[] lines = Lines(actual);
        if (Environment.GetEnvironmentVariable(Write) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, string.Join('\n', lines) + "\n");
            return;
        }
        Assert.True(File.Exists(path), $"there is no {path}; {Write}=1 writes it");
        string[] expected = Lines(File.ReadAllText(path));
        for (int i = 0; i < Math.Max(lines.Length, expected.Length); i++)
        {
            string wanted = expected.ElementAtOrDefault(i) ?? "(end)", got = lines.ElementAtOrDefault(i) ?? "(end)";
            Assert.True(wanted == got, $"{name}, line {i + 1}\nexpected: {Visible(wanted)}\nactual:   {Visible(got)}\nIf it is meant to be so, {Write}=1 writes the file anew.");
        }
    }

    private static string[] Lines(string text) => [.. text.ReplaceLineEndings("\n").TrimEnd().Split('\n').Select(line => line.TrimEnd())];

    private static string Visible(string line) => line.Replace("\u001b", "\\e", StringComparison.Ordinal);
}
