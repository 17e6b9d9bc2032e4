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
    private static readonly Dictionary<string, Device> Open = [];

    /// <summary>The CPU accelerator with a number of workers, which may exceed the number of cores.</summary>
    public static Device Cpu(int workers) => Get(AcceleratorKind.Cpu, workers);

    /// <summary>The first OpenCL device.</summary>
    public static Device OpenCL() => Get(AcceleratorKind.OpenCL);

    /// <summary>The same as a device of its own that compiles operations for the sizes of their layers.</summary>
    public static Device OpenCLForSizes() => Get(AcceleratorKind.OpenCL, forSizes: true);

    /// <summary>The first CUDA device.</summary>
    public static Device Cuda() => Get(AcceleratorKind.Cuda);

    /// <summary>The same as a device of its own that compiles operations for the sizes of their layers.</summary>
    public static Device CudaForSizes() => Get(AcceleratorKind.Cuda, forSizes: true);

    internal static void CloseAll()
    {
        foreach (Device device in Open.Values)
        {
            device.Dispose();
        }
        Open.Clear();
    }

    private static Device Get(AcceleratorKind kind, int workers = 0, bool forSizes = false)
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

    /// <summary>Opens it.</summary>
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
