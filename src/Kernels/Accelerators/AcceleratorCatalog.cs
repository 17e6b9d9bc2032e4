using System.Runtime.InteropServices;
using System.Runtime.Loader;
using GpuCnn.Kernels;
using ILGPU;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuCnn;

/// <summary>What a search for accelerators found.</summary>
/// <param name="Found">The usable ones: CUDA first, then OpenCL, then the CPU accelerator.</param>
/// <param name="Missing">What was looked for and cannot be used, with reasons.</param>
internal sealed record AcceleratorList(IReadOnlyList<AcceleratorInfo> Found, IReadOnlyList<MissingAccelerator> Missing)
{
    /// <summary>Picks one: for <c>auto</c> the CUDA GPU with the most memory, else such an OpenCL GPU, else the CPU accelerator.</summary>
    /// <param name="choice">The choice.</param>
    /// <returns>The accelerator.</returns>
    /// <exception cref="AcceleratorException">The one asked for is missing; the message says why.</exception>
    public AcceleratorInfo Select(AcceleratorChoice choice)
    {
        if (choice.Kind is not { } kind)
        {
            return Found.Where(a => a.IsGpu).OrderByDescending(a => a.Kind).ThenByDescending(a => a.MemoryBytes).FirstOrDefault()
                ?? Found.First(a => a.Kind == AcceleratorKind.Cpu);
        }
        AcceleratorInfo[] ofKind = [.. Found.Where(a => a.Kind == kind)];
        if (choice.Index < ofKind.Length)
        {
            return ofKind[choice.Index];
        }
        string name = AcceleratorChoice.NameOf(kind);
        if (ofKind.Length > 0)
        {
            throw new AcceleratorException($"no accelerator '{choice}': this machine has {ofKind.Length} of that kind, the last is {name}:{ofKind.Length - 1}");
        }
        IEnumerable<string> reasons = Missing.Where(m => m.Kind == kind).Select(m => m.Reason);
        throw new AcceleratorException($"no accelerator '{choice}': {string.Join("; ", reasons)}; 'gpucnn devices' lists what there is");
    }
}

/// <summary>Finds and opens the accelerators of this machine.</summary>
public static class AcceleratorCatalog
{
    private static readonly Lock ResolverLock = new(), OpenCLLock = new();
    private static bool resolverInstalled;

    /// <summary>Every usable accelerator of this machine: CUDA first, then OpenCL, then the CPU accelerator.</summary>
    public static IReadOnlyList<AcceleratorInfo> List() => Find().Found;

    /// <summary>Looks for every accelerator of this machine.</summary>
    /// <returns>What was found, and why the rest is missing.</returns>
    internal static AcceleratorList Find() => Find(null);

    /// <summary>Opens an accelerator.</summary>
    /// <param name="choice">Which one.</param>
    /// <param name="threads">The number of worker threads of the CPU accelerator; 0 for one a core. Other accelerators ignore it.</param>
    /// <returns>The device, which the caller disposes.</returns>
    /// <exception cref="AcceleratorException">It is missing; the message says why.</exception>
    /// <exception cref="DeviceException">It is there but does not start.</exception>
    public static Device Open(AcceleratorChoice choice, int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        AcceleratorInfo info = Find(choice.Kind).Select(choice);
        int workers = info.Kind == AcceleratorKind.Cpu ? (threads > 0 ? threads : Environment.ProcessorCount) : 1;
        Context? context = null;
        try
        {
            (context, ILGPU.Runtime.Device device) = info.Kind switch
            {
                AcceleratorKind.Cuda => Pick<CudaDevice>(CudaContext(), info.Index),
                AcceleratorKind.OpenCL => PickOpenCL(info.Index),
                _ => CpuContext(workers),
            };
            // For an OpenCL device ILGPU builds two small programs, to see what it can do.
            ILGPU.Runtime.Accelerator accelerator = ProgramBuild.Run(() =>
            {
                Device.Interceptor.Value?.Invoke(DeviceActivity.Open);
                return device.CreateAccelerator(context);
            });
            return new Device(info, context, accelerator, workers);
        }
        catch (Exception exception)
        {
            context?.Dispose();
            throw new DeviceException(info, DeviceFailure.Explain(info, DeviceActivity.Open, "", exception), exception);
        }
    }

    /// <summary>Looks only for one kind, or for all: starting an OpenCL runtime costs a tenth of a second that a CPU user need not pay.</summary>
    private static AcceleratorList Find(AcceleratorKind? only)
    {
        var found = new List<AcceleratorInfo>();
        var missing = new List<MissingAccelerator>();
        if (only is null or AcceleratorKind.Cuda)
        {
            FindCuda(found, missing);
        }
        if (only is null or AcceleratorKind.OpenCL)
        {
            FindOpenCL(found, missing);
        }
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        found.Add(new AcceleratorInfo(AcceleratorKind.Cpu, 0, $"CPU, {Environment.ProcessorCount} threads, {CpuFeatures.Name}", memory, false));
        return new AcceleratorList(found, missing);
    }

    private static void FindCuda(List<AcceleratorInfo> found, List<MissingAccelerator> missing)
    {
        string library = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        if (!NativeLibrary.TryLoad(library, out _))
        {
            missing.Add(new(AcceleratorKind.Cuda, $"no NVIDIA driver on this machine ({library} not found)"));
            return;
        }
        try
        {
            using Context context = CudaContext();
            int count = found.Count;
            foreach (CudaDevice device in context.GetCudaDevices())
            {
                found.Add(new AcceleratorInfo(AcceleratorKind.Cuda, found.Count - count, device.Name, device.MemorySize, true));
            }
            if (found.Count == count)
            {
                missing.Add(new(AcceleratorKind.Cuda, "the NVIDIA driver reports no GPU"));
            }
        }
        catch (Exception exception)
        {
            missing.Add(new(AcceleratorKind.Cuda, $"the NVIDIA driver does not start: {FirstLine(exception)}"));
        }
    }

    private static void FindOpenCL(List<AcceleratorInfo> found, List<MissingAccelerator> missing)
    {
        ResolveOpenCLLoader();
        if (!OpenCLLoaders.Any(name => NativeLibrary.TryLoad(name, out _)))
        {
            missing.Add(new(AcceleratorKind.OpenCL, $"no OpenCL loader on this machine ({OpenCLLoaders[0]} not found)"));
            return;
        }
        try
        {
            using Context context = OpenCLContext();
            int index = 0, unusable = 0;
            foreach (CLDevice device in context.GetCLDevices())
            {
                if (IsUsable(device))
                {
                    found.Add(new AcceleratorInfo(AcceleratorKind.OpenCL, index++, device.Name, device.MemorySize, device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU)));
                }
                else
                {
                    unusable++;
                    missing.Add(new(AcceleratorKind.OpenCL, $"{device.Name} has no generic address space, which OpenCL C 2.0 brings; a newer driver may"));
                }
            }
            if (index + unusable == 0)
            {
                missing.Add(new(AcceleratorKind.OpenCL, "the OpenCL loader knows no driver (no ICD is installed), or no driver has a device"));
            }
        }
        catch (Exception exception)
        {
            missing.Add(new(AcceleratorKind.OpenCL, $"the OpenCL runtime does not start: {FirstLine(exception)}"));
        }
    }

    private static bool IsUsable(CLDevice device) => device.Capabilities.GenericAddressSpace;

    private static Context CudaContext() => Context.Create(b => b.Cuda().EnableAlgorithms().EnableFused().Profiling().Optimize(OptimizationLevel.O2));

    private static Context OpenCLContext()
    {
        ResolveOpenCLLoader();
        // One at a time: of contexts made at once, one in a hundred sees no device.
        lock (OpenCLLock)
        {
            // ILGPU's own filter refuses drivers of vendors it does not know, PoCL among them.
            return Context.Create(b => b.OpenCL(_ => true).EnableAlgorithms().EnableFused().Optimize(OptimizationLevel.O2));
        }
    }

    /// <summary>One multiprocessor a worker; its 64 threads are started only as a group needs them, and our groups have one.</summary>
    private static (Context Context, ILGPU.Runtime.Device Device) CpuContext(int workers)
    {
        var device = new CPUDevice(2, 32, workers);
        return (Context.Create(b => b.CPU(device)), device);
    }

    private static (Context Context, ILGPU.Runtime.Device Device) PickOpenCL(int index)
    {
        Context context = OpenCLContext();
        int seen = 0;
        foreach (CLDevice device in context.GetCLDevices())
        {
            if (IsUsable(device) && seen++ == index)
            {
                return (context, device);
            }
        }
        context.Dispose();
        throw new InvalidOperationException("it has disappeared since it was found");
    }

    private static (Context Context, ILGPU.Runtime.Device Device) Pick<TDevice>(Context context, int index) where TDevice : ILGPU.Runtime.Device =>
        (context, context.GetDevices<TDevice>()[index]);

    private static string FirstLine(Exception exception) =>
        (exception.InnerException ?? exception).Message.Split('\n', 2)[0].Trim();

    private static string[] OpenCLLoaders => OperatingSystem.IsWindows() ? ["OpenCL.dll"]
        : OperatingSystem.IsMacOS() ? ["/System/Library/Frameworks/OpenCL.framework/OpenCL"]
        : ["libOpenCL.so.1", "libOpenCL.so"];

    /// <summary>ILGPU asks for libOpenCL.so, a name that only development packages install.</summary>
    private static void ResolveOpenCLLoader()
    {
        lock (ResolverLock)
        {
            if (resolverInstalled)
            {
                return;
            }
            resolverInstalled = true;
            AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) =>
            {
                nint handle = 0;
                return name.Contains("OpenCL", StringComparison.Ordinal) && OpenCLLoaders.Any(loader => NativeLibrary.TryLoad(loader, out handle)) ? handle : 0;
            };
        }
    }
}
