using System.Diagnostics;
using System.Text.RegularExpressions;

namespace GpuCnn.Benchmarks.Gpu;

/// <summary>What came of the tests.</summary>
/// <param name="Succeeded">Tests that passed.</param>
/// <param name="Failed">Tests that did not.</param>
/// <param name="Skipped">Tests that did not run: of accelerators that are not measured.</param>
/// <param name="Passed">Whether tests ran and all is well.</param>
internal sealed record TestCounts(int Succeeded, int Failed, int Skipped, bool Passed);

/// <summary>The whole test suite, as a program of its own, which must find the device.</summary>
internal static partial class TestSuite
{
    /// <summary>Runs it and shows what it says.</summary>
    /// <param name="kind">The runtime whose tests must not be skipped.</param>
    public static TestCounts Run(AcceleratorKind kind)
    {
        var start = new ProcessStartInfo("dotnet", ["test", "-c", "Release"]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true };
        start.Environment[kind == AcceleratorKind.Cuda ? "GPUCNN_REQUIRE_CUDA" : "GPUCNN_REQUIRE_OPENCL"] = "1";
        var counts = new Dictionary<string, int>();
        using Process process = Process.Start(start)!;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            line = Colour().Replace(line, "");
            Match count = Count().Match(line);
            if (count.Success)
            {
                counts[count.Groups[1].Value] = int.Parse(count.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture);
            }
            if (!line.StartsWith("passed ", StringComparison.Ordinal))
            {
                Console.WriteLine(line);
            }
        }
        process.WaitForExit();
        int succeeded = counts.GetValueOrDefault("succeeded");
        return new TestCounts(succeeded, counts.GetValueOrDefault("failed"), counts.GetValueOrDefault("skipped"), process.ExitCode == 0 && succeeded > 0);
    }

    [GeneratedRegex(@"\x1b\[[0-9;]*m")]
    private static partial Regex Colour();

    [GeneratedRegex(@"^ *(succeeded|failed|skipped): ([0-9]+)$")]
    private static partial Regex Count();
}
