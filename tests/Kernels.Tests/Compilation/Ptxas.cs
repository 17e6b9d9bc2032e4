using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>What a kernel needs on an architecture, as its assembler says.</summary>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="SharedBytes">Shared memory of a group.</param>
/// <param name="StackBytes">Local memory of a thread.</param>
/// <param name="SpilledBytes">Bytes stored and loaded because registers ran out.</param>
public sealed record KernelUsage(int Registers, int SharedBytes, int StackBytes, int SpilledBytes);

/// <summary>NVIDIA's assembler, which needs no GPU.</summary>
public static partial class Ptxas
{
    /// <summary>The environment variable that says where it is; else it is looked for on the PATH.</summary>
    public const string PathVariable = "GPUCNN_PTXAS";

    /// <summary>The environment variable that turns the skip "no ptxas" into a failure; the gate sets it.</summary>
    public const string RequireVariable = "GPUCNN_REQUIRE_PTXAS";

    private static readonly Lazy<string?> Found = new(Find);

    private static readonly Lazy<string> LazyVersion = new(() => VersionLine().Match(Run(["--version"])).Groups[1].Value);

    private static readonly Lazy<IReadOnlyDictionary<(Type Operation, GpuTarget Target), KernelUsage>> LazyUsages = new(AssembleAll);

    /// <summary>Its version: 12.4.131.</summary>
    public static string Version => LazyVersion.Value;

    /// <summary>Every operation on every architecture, compiled as a release is.</summary>
    public static IReadOnlyDictionary<(Type Operation, GpuTarget Target), KernelUsage> Usages => LazyUsages.Value;

    /// <summary>Without it the test is skipped, or fails where it is required.</summary>
    public static void Require()
    {
        const string Reason = "no ptxas: it is not on the PATH, and GPUCNN_PTXAS names no file ('.ci/install-ptxas' gets it on Debian)";
        if (Found.Value is null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable(RequireVariable) == "1", Reason);
            Assert.Fail($"{Reason} ({RequireVariable}=1 asks for it)");
        }
    }

    /// <summary>Assembles a kernel.</summary>
    public static KernelUsage Assemble(string ptx, GpuTarget target)
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.ptx");
        try
        {
            File.WriteAllText(file, ptx);
            return Parse(Run(["-v", $"-arch={target.Name}", file, "-o", "/dev/null"]));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Reads what it says of a file with one kernel.</summary>
    public static KernelUsage Parse(string output)
    {
        Match used = Used().Match(output), frame = Frame().Match(output);
        Assert.True(used.Success && frame.Success, $"ptxas says nothing of registers or spills: {output}");
        return new(Number(used.Groups[1]), used.Groups[2].Success ? Number(used.Groups[2]) : 0, Number(frame.Groups[1]), Number(frame.Groups[2]) + Number(frame.Groups[3]));
    }

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    private static Dictionary<(Type, GpuTarget), KernelUsage> AssembleAll()
    {
        using ILGPU.Context context = GpuCompiler.CreateContext(ILGPU.OptimizationLevel.O2);
        (Type Operation, GpuTarget Target, string Ptx)[] kernels =
            [.. from operation in GpuCompiler.Operations from target in GpuCompiler.Targets select (operation, target, GpuCompiler.Ptx(context, operation, target))];
        return kernels.AsParallel().Select(k => (k.Operation, k.Target, Usage: Assemble(k.Ptx, k.Target))).ToDictionary(k => (k.Operation, k.Target), k => k.Usage);
    }

    private static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable(PathVariable);
        IEnumerable<string> places = !string.IsNullOrEmpty(named) ? [named]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "ptxas.exe" : "ptxas"));
        return places.FirstOrDefault(File.Exists);
    }

    private static string Run(string[] arguments)
    {
        var start = new ProcessStartInfo(Found.Value!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"ptxas {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
        return output;
    }

    [GeneratedRegex(@"V([0-9.]+)\s*$", RegexOptions.Multiline)]
    private static partial Regex VersionLine();

    [GeneratedRegex(@"Used (\d+) registers(?:, used \d+ barriers)?(?:, (\d+) bytes smem)?")]
    private static partial Regex Used();

    [GeneratedRegex(@"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")]
    private static partial Regex Frame();
}
