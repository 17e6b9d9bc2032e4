using ILGPU;

namespace GpuCnn.Kernels;

/// <summary>
/// An operation: a readonly struct of views and sizes with two bodies that no caller can tell apart. The struct is the
/// kernel's only argument, so it may hold no reference and no <see cref="bool"/>.
/// </summary>
/// <remarks>An operation is run by <see cref="Device.Run{T}"/>. Sizes are validated on the host before that: an exception inside a GPU kernel
/// ends the process.</remarks>
internal interface IOp
{
    /// <summary>The groups and threads of a GPU launch.</summary>
    KernelConfig GpuShape { get; }

    /// <summary>What one GPU thread does; ILGPU compiles it, so it keeps to what ILGPU knows.</summary>
    void Gpu();

    /// <summary>What one worker of the CPU accelerator does; ordinary C# that RyuJIT compiles.</summary>
    /// <param name="worker">Which worker this is, of how many, and its scratch memory.</param>
    void Cpu(in CpuWorker worker);
}
