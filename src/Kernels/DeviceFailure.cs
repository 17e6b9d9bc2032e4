using ILGPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuCnn.Kernels;

/// <summary>What a failure of ILGPU or a driver means and what helps.</summary>
internal static class DeviceFailure
{
    /// <summary>Codes that say that memory is short, whatever the device was doing: some drivers provide it only when it is first used.</summary>
    private static readonly string[] MemoryCodes =
        ["CUDA_ERROR_OUT_OF_MEMORY", "CL_MEM_OBJECT_ALLOCATION_FAILURE", "CL_OUT_OF_HOST_MEMORY", "CL_INVALID_BUFFER_SIZE"];

    /// <summary>Codes that say that the driver does not understand the kernels.</summary>
    private static readonly string[] DriverCodes =
    [
        "CUDA_ERROR_INVALID_PTX", "CUDA_ERROR_NO_BINARY_FOR_GPU", "CUDA_ERROR_INVALID_IMAGE", "CUDA_ERROR_INVALID_SOURCE", "CUDA_ERROR_NOT_SUPPORTED",
        "221", "222", "223", "803", "804", "CL_BUILD_PROGRAM_FAILURE", "CL_COMPILE_PROGRAM_FAILURE", "CL_LINK_PROGRAM_FAILURE", "CL_COMPILER_NOT_AVAILABLE",
        "CL_LINKER_NOT_AVAILABLE", "CL_INVALID_BINARY", "CL_INVALID_PROGRAM", "CL_INVALID_PROGRAM_EXECUTABLE", "CL_INVALID_BUILD_OPTIONS",
    ];

    /// <summary>Whether an exception is the runtime's or the driver's, and not an operation's own.</summary>
    public static bool IsOfRuntime(Exception exception) =>
        exception is ILGPU.Runtime.AcceleratorException or OutOfMemoryException or InternalCompilerException or CapabilityNotSupportedException;

    /// <summary>Whether memory is short.</summary>
    /// <remarks>OpenCL's CL_OUT_OF_RESOURCES means it when memory was asked for; else it may be any failure of a kernel.</remarks>
    public static bool IsShortOfMemory(DeviceActivity activity, Exception exception) =>
        exception is OutOfMemoryException || MemoryCodes.Contains(Code(exception)) || (activity == DeviceActivity.Allocate && Code(exception) == "CL_OUT_OF_RESOURCES");

    /// <summary>One line, without the device's name.</summary>
    /// <param name="device">The device.</param>
    /// <param name="activity">What it was doing.</param>
    /// <param name="what">With what: the operation, the bytes.</param>
    /// <param name="exception">What the runtime threw.</param>
    public static string Explain(AcceleratorInfo device, DeviceActivity activity, string what, Exception exception)
    {
        string doing = activity switch
        {
            DeviceActivity.Allocate => $"allocating {what}",
            DeviceActivity.Load => $"loading {what}",
            DeviceActivity.Launch => $"launching {what}",
            DeviceActivity.Copy => $"copying {what}",
            _ => "waiting for it",
        };
        string code = Code(exception);
        if (IsShortOfMemory(activity, exception))
        {
            return $"out of memory when {doing} ({code}); give a smaller --batch-size, or end other programs that use the device";
        }
        string elsewhere = device.Kind == AcceleratorKind.Cpu ? "" : ", or use --accelerator cpu";
        if (activity == DeviceActivity.Open)
        {
            return $"it does not start ({code}); update its driver, which may be too old, and end programs that keep it for themselves{elsewhere}";
        }
        if (activity == DeviceActivity.Load || DriverCodes.Contains(code))
        {
            return $"its driver does not take the kernels ({doing}: {code}); update the driver{elsewhere}";
        }
        string look = device.Kind switch
        {
            AcceleratorKind.Cuda => "nvidia-smi and the system log (dmesg) say whether it is still there",
            AcceleratorKind.OpenCL => "the system log (dmesg) and its driver's tools say whether it is still there",
            _ => "the system log may say more",
        };
        return $"the device failed when {doing} ({code}); {look}; run again when it is{elsewhere}";
    }

    private static string Code(Exception exception) => exception switch
    {
        CudaException { Error: not "N/A" } cuda => cuda.Error,
        CLException openCL => openCL.Error.ToString(),
        OutOfMemoryException => "the system has no memory left",
        _ => (exception.InnerException ?? exception).Message.Split('\n', 2)[0].Trim(),
    };
}
