using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(GpuCnn.Kernels.Tests.DeviceLifetime))]

namespace GpuCnn.Kernels.Tests;

/// <summary>The devices of this test run, each opened at its first use and closed at the run's end. Tests run one after another: a device is not
/// thread-safe, and the CPU accelerator takes all cores anyway.</summary>
public static class TestDevices
{
    /// <summary>The environment variable that turns the skip "no OpenCL device" into a failure; the gate sets it.</summary>
    public const string RequireOpenCL = "GPUCNN_REQUIRE_OPENCL";

    /// <summary>The same for CUDA; the GPU benchmark sets it.</summary>
    public const string RequireCuda = "GPUCNN_REQUIRE_CUDA";

    private static readonly Dictionary<string, Device> Open = [];
    private static readonly Lazy<AcceleratorList> Catalog = new(AcceleratorCatalog.Find);

    /// <summary>What this machine has.</summary>
    public static AcceleratorList Found => Catalog.Value;

    /// <summary>The CPU accelerator with a number of workers, which may exceed the number of cores.</summary>
    public static Device Cpu(int workers) => Get(AcceleratorKind.Cpu, workers);

    /// <summary>The first OpenCL device; without one the test is skipped, or fails where one is required.</summary>
    public static Device OpenCL() => FirstOf(AcceleratorKind.OpenCL, "OpenCL", RequireOpenCL);

    /// <summary>The same as a device of its own that compiles operations for the sizes of their layers.</summary>
    public static Device OpenCLForSizes() => FirstOf(AcceleratorKind.OpenCL, "OpenCL", RequireOpenCL, forSizes: true);

    /// <summary>The first CUDA device; without one the test is skipped, or fails where one is required.</summary>
    public static Device Cuda() => FirstOf(AcceleratorKind.Cuda, "CUDA", RequireCuda);

    /// <summary>The same as a device of its own that compiles operations for the sizes of their layers.</summary>
    public static Device CudaForSizes() => FirstOf(AcceleratorKind.Cuda, "CUDA", RequireCuda, forSizes: true);

    /// <summary>Whether there is a device of a kind.</summary>
    public static bool Has(AcceleratorKind kind) => Found.Found.Any(a => a.Kind == kind);

    /// <summary>Why there is none of a kind.</summary>
    public static string ReasonFor(AcceleratorKind kind) => string.Join("; ", Found.Missing.Where(m => m.Kind == kind).Select(m => m.Reason));

    internal static void CloseAll()
    {
        foreach (Device device in Open.Values)
        {
            device.Dispose();
        }
        Open.Clear();
    }

    private static Device FirstOf(AcceleratorKind kind, string name, string required, bool forSizes = false)
    {
        if (Has(kind))
        {
            return Get(kind, 0, forSizes);
        }
        string reason = $"no {name} device: {ReasonFor(kind)}";
        Assert.SkipUnless(Environment.GetEnvironmentVariable(required) == "1", reason);
        Assert.Fail($"{reason} ({required}=1 asks for one)");
        throw new InvalidOperationException(reason);
    }

    private static Device Get(AcceleratorKind kind, int workers, bool forSizes = false)
    {
        string key = $"{kind} {workers} {forSizes}";
        if (!Open.TryGetValue(key, out Device? device))
        {
            Open.Add(key, device = AcceleratorCatalog.Open(new AcceleratorChoice(kind, 0), workers));
            device.CompilesForSizes = forSizes;
        }
        return device;
    }
}

/// <summary>Closes the devices when all tests have run.</summary>
public sealed class DeviceLifetime : IDisposable
{
    public void Dispose() => TestDevices.CloseAll();
}

/// <summary>A device as a type argument: a test class is written once, and one line makes it run on one more accelerator.</summary>
public interface ITestDevice
{
    /// <summary>The runtime it stands for.</summary>
    static abstract AcceleratorKind Kind { get; }

    /// <summary>Opens it, or ends the test as skipped or failed.</summary>
    static abstract Device Open();
}

public sealed class Cpu : ITestDevice
{
    public static AcceleratorKind Kind => AcceleratorKind.Cpu;

    public static Device Open() => TestDevices.Cpu(2);
}

public sealed class OpenCL : ITestDevice
{
    public static AcceleratorKind Kind => AcceleratorKind.OpenCL;

    public static Device Open() => TestDevices.OpenCL();
}

public sealed class Cuda : ITestDevice
{
    public static AcceleratorKind Kind => AcceleratorKind.Cuda;

    public static Device Open() => TestDevices.Cuda();
}

public sealed class OpenCLForSizes : ITestDevice
{
    public static AcceleratorKind Kind => AcceleratorKind.OpenCL;

    public static Device Open() => TestDevices.OpenCLForSizes();
}

public sealed class CudaForSizes : ITestDevice
{
    public static AcceleratorKind Kind => AcceleratorKind.Cuda;

    public static Device Open() => TestDevices.CudaForSizes();
}
