namespace GpuCnn;

/// <summary>The runtimes that kernels can run on.</summary>
public enum AcceleratorKind
{
    /// <summary>ILGPU's CPU accelerator, running SIMD bodies on this machine's cores; always there.</summary>
    Cpu,

    /// <summary>An OpenCL device.</summary>
    OpenCL,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda,
}

/// <summary>One accelerator of this machine.</summary>
/// <param name="Kind">The runtime it is reached through.</param>
/// <param name="Index">Its place among the accelerators of its kind, from 0.</param>
/// <param name="Name">The name its driver gives.</param>
/// <param name="MemoryBytes">Its memory in bytes.</param>
/// <param name="IsGpu">Whether it is a GPU; false for the CPU accelerator and for OpenCL devices that are really a CPU.</param>
public sealed record AcceleratorInfo(AcceleratorKind Kind, int Index, string Name, long MemoryBytes, bool IsGpu)
{
    /// <summary>What selects it on a command line: <c>cpu:0</c>, <c>opencl:1</c>, <c>cuda:0</c>.</summary>
    public string Id => $"{AcceleratorChoice.NameOf(Kind)}:{Index}";
}

/// <summary>A kind of accelerator, or one device of it, that was looked for and cannot be used.</summary>
/// <param name="Kind">The runtime that was looked for.</param>
/// <param name="Reason">Why it cannot be used and what would help, as a phrase without a full stop.</param>
internal sealed record MissingAccelerator(AcceleratorKind Kind, string Reason);

/// <summary>An accelerator that was asked for is missing, or the request cannot be read. The message is one line.</summary>
public sealed class AcceleratorException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: what was asked for, why it is not to be had, what to do.</param>
    public AcceleratorException(string message) : base(message)
    {
    }
}
