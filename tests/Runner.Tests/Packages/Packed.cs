using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Xunit;

namespace GpuCnn.Runner.Tests.Packages;

/// <summary>The packages, packed from what was built, in a folder of their own.</summary>
public sealed class Packed : IDisposable
{
    private static readonly string Configuration = typeof(Packed).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    public Packed()
    {
        Directory.CreateDirectory(Feed);
        Dotnet(Repository, "pack", "-c", Configuration, "--no-build", "-o", Feed);
        Version = Path.GetFileNameWithoutExtension(Directory.GetFiles(Feed, "GpuCnn.Tool.*.nupkg").Single())["GpuCnn.Tool.".Length..];
    }

    /// <summary>The root of the repository.</summary>
    public static string Repository { get; } = Path.GetFullPath(Path.Combine(FashionMnist.FindFolder()!, "..", ".."));

    public static bool IsRelease => Configuration == "Release";

    /// <summary>A folder for tests, outside of the repository.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("gpucnn-packages-").FullName;

    /// <summary>The folder with the packages alone.</summary>
    public string Feed => Path.Combine(Root, "feed");

    public string Version { get; }

    public string Library => Path.Combine(Feed, $"GpuCnn.{Version}.nupkg");

    public string Symbols => Path.Combine(Feed, $"GpuCnn.{Version}.snupkg");

    public string Tool => Path.Combine(Feed, $"GpuCnn.Tool.{Version}.nupkg");

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>A new, empty folder.</summary>
    public string New(string name) => Directory.CreateDirectory(Path.Combine(Root, name)).FullName;

    /// <summary>Runs the SDK, and shows what it said when it fails.</summary>
    public string Dotnet(string folder, params string[] args) => Run(folder, "dotnet", args);

    /// <summary>Runs a program as a user without any packages does, and shows what it said when it fails.</summary>
    public string Run(string folder, string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the SDK that runs these tests has set for itself is not for another one.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }
        // Servers that the SDK leaves behind keep its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        if (folder != Repository)
        {
            start.Environment["NUGET_PACKAGES"] = Path.Combine(Root, "cache");
            start.Environment["DOTNET_CLI_HOME"] = Path.Combine(Root, "home");
        }
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', args)} ended with {process.ExitCode}:\n{output}\n{error.GetAwaiter().GetResult()}");
        return output;
    }
}
