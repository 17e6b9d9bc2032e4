using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>Ctrl-C as a shell sends it, to a process of its own.</summary>
public sealed class SignalTests(TinyData tiny) : IClassFixture<TinyData>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static bool HasSignals => !OperatingSystem.IsWindows();

    [Theory(Skip = "Windows has no signals to send to another process", SkipUnless = nameof(HasSignals))]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public async Task The_process_ends_after_its_step_with_weights_saved(string signal, int code)
    {
        string folder = tiny.New("run");
        using Process process = Start(folder);
        await WaitForFirstEpoch(process);
        Send(process, signal);
        string rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(code, process.ExitCode);
        Assert.Contains("interrupted after ", rest, StringComparison.Ordinal);
        Assert.Empty(await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        ModelDefinition.Cnn1.Match(WeightsFile.Load(Path.Combine(folder, "weights", "last.safetensors")));
        Assert.True(File.ReadAllLines(Path.Combine(folder, "results.csv")).Length >= 2);
        Assert.Empty(Directory.EnumerateFiles(folder, "*.tmp", SearchOption.AllDirectories));
    }

    private Process Start(string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string arg in (string[])[Path.Combine(AppContext.BaseDirectory, "gpucnn.dll"), "train", "--data", tiny.Data, "--epochs", "100000", "--accelerator", "cpu", "--output", folder])
        {
            start.ArgumentList.Add(arg);
        }
        return Process.Start(start)!;
    }

    private static async Task WaitForFirstEpoch(Process process)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Contains("1/100000", StringComparison.Ordinal))
            {
                return;
            }
        }
        Assert.Fail($"no epoch was reported: {await process.StandardError.ReadToEndAsync(patience.Token)}");
    }

    private static void Send(Process process, string signal)
    {
        using Process kill = Process.Start("kill", ["-s", signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
