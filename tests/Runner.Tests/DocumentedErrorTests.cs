using System.Text.RegularExpressions;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>The lines that docs/models.md shows under "What a mistake looks like": the program writes them, for models that have the mistake.</summary>
public sealed partial class DocumentedErrorTests(TinyData tiny) : IClassFixture<TinyData>
{
    /// <summary>A model for each line, in their order.</summary>
    private static readonly string[] Mistakes =
    [
        """{ "name": "m", "input": [1, 28, 28], "layers": [{ "kind": "conv", "filters": 8, "kernel": 3 }, { "kind": "relu" }, { "kind": "max_pool", "window": 2 }, { "kind": "conv", "filters": 8, "kernel": 3, "stride": 0 }] }""",
        """{ "name": "m", "input": [1, 28, 28], "layers": [{ "kind": "relu" }, { "kind": "max_pool", "size": 2 }] }""",
        """
        { "name": "m", "input": [1, 28, 28], "layers": [{ "kind": "conv", "filters": 16, "kernel": 3, "padding": 1 },
          { "kind": "residual", "layers": [{ "kind": "conv", "filters": 24, "kernel": 3, "stride": 2, "padding": 1 }] }, { "kind": "global_average_pool" }, { "kind": "dense", "units": 10 }] }
        """,
        "{ \"name\": \"m\",\n  \"input\": [1, 8,, 8] }",
    ];

    [Fact]
    public void Every_line_is_what_the_program_writes()
    {
        string folder = tiny.New("mistakes"), file = Path.Combine(folder, "my.json");
        Directory.CreateDirectory(folder);
        string text = File.ReadAllText(Path.Combine(Python.Tests, "..", "docs", "models.md"));
        string[] lines = [.. Lines().Matches(text).Select(match => match.Groups[1].Value)];
        Assert.Equal(Mistakes.Length, lines.Length);
        foreach ((string mistake, string line) in Mistakes.Zip(lines))
        {
            File.WriteAllText(file, mistake);
            foreach (string[] command in (string[][])[["models", file], ["train", "--model", file, "--data", tiny.Data]])
            {
                CommandRun run = CommandRun.Of(command);
                Assert.Equal((2, ""), (run.ExitCode, run.Out));
                Assert.Equal(line, Assert.Single(run.ErrorLines).Replace(file, "my.json", StringComparison.Ordinal));
            }
        }
    }

    [GeneratedRegex("^ {4}(gpucnn: my\\.json: .*)$", RegexOptions.Multiline)]
    private static partial Regex Lines();
}
