using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Debian's Python, whose packages tests look at our files with: GPUCNN_PYTHON, or /usr/bin/python3.</summary>
internal static class Python
{
    private static readonly Dictionary<string, string?> Problems = [];

    private static string Executable => Environment.GetEnvironmentVariable("GPUCNN_PYTHON") is { Length: > 0 } given ? given : "/usr/bin/python3";

    /// <summary>Skips the test, with the reason, where a module is missing; fails where GPUCNN_REQUIRE_PYTHON=1 says that it must be there.</summary>
    /// <param name="modules">The modules.</param>
    public static void Require(params string[] modules)
    {
        foreach (string module in modules)
        {
            if (!Problems.TryGetValue(module, out string? problem))
            {
                problem = Problems[module] = File.Exists(Executable) ? Try(["-c", $"import {module}"]) is (0, _) ? null : $"{Executable} has no module {module}" : $"there is no {Executable}";
            }
            if (problem is not null)
            {
                string reason = $"{problem}: '.ci/install-python' installs what tests look for, on Debian";
                Assert.SkipUnless(Environment.GetEnvironmentVariable("GPUCNN_REQUIRE_PYTHON") == "1", reason);
                Assert.Fail($"{reason} (GPUCNN_REQUIRE_PYTHON=1 asks for it)");
            }
        }
    }

    /// <summary>Runs a script of the folder tests, which must end well.</summary>
    /// <param name="script">Its path below tests.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its standard output.</returns>
    public static string Run(string script, params string[] arguments)
    {
        (int code, string output) = Try([Path.Combine(Tests, script), .. arguments]);
        Assert.True(code == 0, $"{script} {string.Join(' ', arguments)} ended with {code}: {output}");
        return output;
    }

    /// <summary>The folder tests.</summary>
    public static string Tests { get; } = Folder();

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "..");

    private static (int Code, string Output) Try(string[] arguments)
    {
        var start = new ProcessStartInfo(Executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Nothing is left behind in the source tree.
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? output : output + errors.Result);
    }
}
