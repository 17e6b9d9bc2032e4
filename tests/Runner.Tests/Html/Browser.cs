using System.Diagnostics;
using Xunit;

namespace GpuCnn.Runner.Tests.Html;

/// <summary>A headless Chromium: GPUCNN_CHROMIUM, or the first of its usual names on the PATH.</summary>
internal static class Browser
{
    private static readonly string[] Quietly =
        ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--enable-logging=stderr", "--v=0", "--hide-scrollbars"];

    private static readonly string? Executable = Find();

    /// <summary>Skips the test, with the reason, where there is no browser; fails where GPUCNN_REQUIRE_CHROMIUM=1 says that there must be one.</summary>
    public static void Require()
    {
        if (Executable is not null)
        {
            return;
        }
        const string Reason = "there is no Chromium: install it (.ci/install-chromium) or name it in GPUCNN_CHROMIUM";
        Assert.False(Environment.GetEnvironmentVariable("GPUCNN_REQUIRE_CHROMIUM") == "1", Reason);
        Assert.Skip(Reason);
    }

    /// <summary>Opens a page, writes what it is asked for, and ends.</summary>
    /// <param name="page">The page's file.</param>
    /// <param name="arguments">Such as <c>--screenshot=FILE</c>.</param>
    /// <returns>The messages of the page's console.</returns>
    public static string[] Open(string page, params string[] arguments)
    {
        string profile = Directory.CreateTempSubdirectory("gpucnn-chromium-").FullName;
        try
        {
            var start = new ProcessStartInfo(Executable!) { RedirectStandardError = true, RedirectStandardOutput = true };
            foreach (string argument in (string[])[.. Quietly, $"--user-data-dir={profile}", .. arguments, new Uri(page).AbsoluteUri])
            {
                start.ArgumentList.Add(argument);
            }
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(120)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"Chromium did not end within two minutes: {errors.Result}");
            }
            Assert.True(process.ExitCode == 0, $"Chromium ended with {process.ExitCode}: {errors.Result}{output.Result}");
            return [.. errors.Result.Split('\n').Where(line => line.Contains("CONSOLE", StringComparison.Ordinal))];
        }
        finally
        {
            Remove(profile);
        }
    }

    /// <summary>Its helpers may write for a moment after it has ended.</summary>
    private static void Remove(string folder)
    {
        for (int attempt = 0; attempt < 20 && Directory.Exists(folder); attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException)
            {
                Thread.Sleep(100);
            }
        }
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("GPUCNN_CHROMIUM") is { Length: > 0 } given)
        {
            return given;
        }
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return ((string[])["chromium", "chromium-browser", "google-chrome", "chrome.exe"])
            .SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }
}
