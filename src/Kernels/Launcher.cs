using ILGPU;
using ILGPU.Runtime;

namespace GpuCnn.Kernels;

/// <summary>The two GPU kernels, which ILGPU compiles for every operation.</summary>
internal static class GpuKernels
{
    /// <summary>What compilers may count on: groups of at most 256 threads, of which two run on a multiprocessor at once, so that a thread has 128 registers.</summary>
    public static KernelSpecialization Limits => new(256, 2);

    /// <summary>Compiled once for an operation.</summary>
    public static void General<T>(T op) where T : struct, IOp => op.Gpu();

    /// <summary>Compiled for each value of an operation's constants.</summary>
    public static void OfLayer<T, TConstants>(T op, SpecializedValue<TConstants> constants)
        where T : struct, ILayerOp<T, TConstants> where TConstants : unmanaged, IEquatable<TConstants> => op.With(constants.Value).Gpu();
}

/// <summary>Compiles and launches an operation.</summary>
internal interface ILauncher<T> where T : struct, IOp
{
    /// <summary>Whether a launch would not compile.</summary>
    bool IsReadyFor(in T op);

    /// <summary>Launches, after compiling if need be.</summary>
    void Launch(Accelerator accelerator, in T op);
}

/// <summary>Launches one kernel for all sizes.</summary>
internal sealed class GeneralLauncher<T> : ILauncher<T> where T : struct, IOp
{
    private Action<KernelConfig, T>? kernel;

    public bool IsReadyFor(in T op) => kernel is not null;

    public void Launch(Accelerator accelerator, in T op)
    {
        kernel ??= accelerator.LoadStreamKernel<T>(GpuKernels.General, GpuKernels.Limits);
        kernel(op.GpuShape, op);
    }
}

/// <summary>Launches a kernel for each layer.</summary>
internal sealed class LayerLauncher<T, TConstants> : ILauncher<T> where T : struct, ILayerOp<T, TConstants> where TConstants : unmanaged, IEquatable<TConstants>
{
    private readonly HashSet<TConstants> compiled = [];
    private Action<KernelConfig, T, SpecializedValue<TConstants>>? kernels;

    public bool IsReadyFor(in T op) => compiled.Contains(op.Constants);

    public void Launch(Accelerator accelerator, in T op)
    {
        kernels ??= accelerator.LoadStreamKernel<T, SpecializedValue<TConstants>>(GpuKernels.OfLayer, GpuKernels.Limits);
        kernels(op.GpuShape, op, new SpecializedValue<TConstants>(op.Constants));
        compiled.Add(op.Constants);
    }
}
