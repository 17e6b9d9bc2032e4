using System.Buffers.Binary;
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
/// <param name="CodeBytes">Bytes of instructions.</param>
public sealed record KernelUsage(int Registers, int SharedBytes, int StackBytes, int SpilledBytes, int CodeBytes = 0)
{
    /// <summary>Bytes of an instruction, from sm_70 on.</summary>
    private const int InstructionBytes = 16;

    /// <summary>Instructions, with the few behind the last that fill a line of 128 bytes.</summary>
    public int Instructions => CodeBytes / InstructionBytes;
}

/// <summary>NVIDIA's assembler, which needs no GPU.</summary>
public static partial class Ptxas
{
    /// <summary>The environment variable that says where it is; else it is looked for on the PATH.</summary>
    public const string PathVariable = "GPUCNN_PTXAS";

    /// <summary>The environment variable that turns the skip "no ptxas" into a failure; the gate sets it.</summary>
    public const string RequireVariable = "GPUCNN_REQUIRE_PTXAS";

    private static readonly Lazy<string?> Found = new(Find);

    private static readonly Lazy<string> LazyVersion = new(() => VersionLine().Match(Run(["--version"])).Groups[1].Value);

    private static readonly Lazy<IReadOnlyDictionary<(GpuKernel Kernel, GpuTarget Target), KernelUsage>> LazyUsages = new(AssembleAll);

    /// <summary>Its version: 12.4.131.</summary>
    public static string Version => LazyVersion.Value;

    /// <summary>Every operation on every architecture, and those of the models' convolutions once more for their sizes, compiled as a release is.</summary>
    public static IReadOnlyDictionary<(GpuKernel Kernel, GpuTarget Target), KernelUsage> Usages => LazyUsages.Value;

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
        string file = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.ptx"), code = Path.ChangeExtension(file, ".cubin");
        try
        {
            File.WriteAllText(file, ptx);
            KernelUsage usage = Parse(Run(["-v", $"-arch={target.Name}", file, "-o", code]));
            return usage with { CodeBytes = CodeBytes(File.ReadAllBytes(code)) };
        }
        finally
        {
            File.Delete(file);
            File.Delete(code);
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

    /// <summary>The size of the one section with instructions of a 64-bit ELF file.</summary>
    private static int CodeBytes(ReadOnlySpan<byte> elf)
    {
        const int TableAt = 0x28, EntrySizeAt = 0x3A, CountAt = 0x3C, NamesAt = 0x3E, OffsetAt = 0x18, SizeAt = 0x20;
        int table = (int)BinaryPrimitives.ReadInt64LittleEndian(elf[TableAt..]), entry = BinaryPrimitives.ReadUInt16LittleEndian(elf[EntrySizeAt..]);
        int names = (int)BinaryPrimitives.ReadInt64LittleEndian(elf[(table + (entry * BinaryPrimitives.ReadUInt16LittleEndian(elf[NamesAt..])) + OffsetAt)..]), bytes = 0;
        for (int i = 0; i < BinaryPrimitives.ReadUInt16LittleEndian(elf[CountAt..]); i++)
        {
            ReadOnlySpan<byte> section = elf[(table + (entry * i))..];
            if (elf[(names + BinaryPrimitives.ReadInt32LittleEndian(section))..].StartsWith(".text."u8))
            {
                bytes += (int)BinaryPrimitives.ReadInt64LittleEndian(section[SizeAt..]);
            }
        }
        return bytes;
    }

    private static Dictionary<(GpuKernel, GpuTarget), KernelUsage> AssembleAll()
    {
        using ILGPU.Context context = GpuCompiler.CreateContext(ILGPU.OptimizationLevel.O2);
        (GpuKernel Kernel, GpuTarget Target, string Ptx)[] kernels =
            [.. from kernel in GpuCompiler.General.Concat(GpuCompiler.OfLayers) from target in GpuCompiler.Targets select (kernel, target, GpuCompiler.Ptx(context, kernel, target))];
        return kernels.AsParallel().Select(k => (k.Kernel, k.Target, Usage: Assemble(k.Ptx, k.Target))).ToDictionary(k => (k.Kernel, k.Target), k => k.Usage);
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
