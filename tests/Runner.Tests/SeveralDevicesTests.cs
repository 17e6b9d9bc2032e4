using System.Diagnostics;
using System.Text.Json;
using GpuCnn.Kernels.Tests;
using Xunit;

namespace GpuCnn.Runner.Tests;

/// <summary>One of several devices: PoCL, asked in its environment, presents this machine's CPU twice.</summary>
public sealed class SeveralDevicesTests(TinyData tiny) : IClassFixture<TinyData>
{
    [OpenCLFact]
    public void The_second_is_listed_and_trains_and_a_third_is_refused()
    {
        (int code, string output, string error) = Run("devices", "--json");
        Assert.True(code == 0, error);
        using JsonDocument devices = JsonDocument.Parse(output);
        string[] ids = [.. devices.RootElement.EnumerateArray().Select(device => device.GetProperty("id").GetString()!)];
        Assert.SkipUnless(ids.Contains("opencl:1"), "the OpenCL driver is not PoCL, or one that presents no second device");
        Assert.Equal(["opencl:0", "opencl:1", "cpu:0"], ids.Where(id => !id.StartsWith("cuda", StringComparison.Ordinal)));

        (code, output, error) = Run("train", "--data", tiny.Data, "--accelerator", "opencl:1", "--epochs", "1", "--train-samples", "60", "--batch-size", "20", "--output", tiny.New("run"), "--json");
        Assert.True(code == 0, error);
        using JsonDocument result = JsonDocument.Parse(output);
        Assert.Equal("opencl:1", result.RootElement.GetProperty("accelerator").GetString());
        Assert.Equal(3, result.RootElement.GetProperty("step_losses").GetArrayLength());

        AssertRefused("opencl:2", "this machine has 2 of that kind, the last is opencl:1");
        AssertRefused("cuda:7", "no accelerator 'cuda:7': ");
    }

    private void AssertRefused(string accelerator, string expected)
    {
        string folder = tiny.New("run");
        (int code, string output, string error) = Run("train", "--data", tiny.Data, "--accelerator", accelerator, "--output", folder);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains(expected, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.False(Path.Exists(folder));
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["POCL_DEVICES"] = "cpu cpu";
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "gpucnn.dll"));
        foreach (string arg in args)
        {
            start.ArgumentList.Add(arg);
        }
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }
}
