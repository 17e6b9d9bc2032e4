using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuCnn.Kernels.Tests;

/// <summary>An NVIDIA architecture, and the PTX version that first knew it.</summary>
public sealed record GpuTarget(CudaArchitecture Architecture, CudaInstructionSet Instructions)
{
    /// <summary>Compute capability times ten: 86 for 8.6.</summary>
    public int Capability => (Architecture.Major * 10) + Architecture.Minor;

    /// <summary>As ptxas takes it.</summary>
    public string Name => $"sm_{Capability}";

    public override string ToString() => Name;
}

/// <summary>Compiles the GPU bodies of operations, which needs no device. Operations are found by reflection, so that none can be forgotten.</summary>
public static class GpuCompiler
{
    /// <summary>What PTX is compiled for.</summary>
    public static IReadOnlyList<GpuTarget> Targets { get; } =
    [
        new(CudaArchitecture.SM_60, CudaInstructionSet.ISA_60),
        new(CudaArchitecture.SM_70, CudaInstructionSet.ISA_60),
        new(CudaArchitecture.SM_75, CudaInstructionSet.ISA_63),
        new(CudaArchitecture.SM_80, CudaInstructionSet.ISA_70),
        new(CudaArchitecture.SM_86, CudaInstructionSet.ISA_71),
        new(CudaArchitecture.SM_89, CudaInstructionSet.ISA_78),
        new(CudaArchitecture.SM_90, CudaInstructionSet.ISA_78),
    ];

    /// <summary>Every operation, by name.</summary>
    public static IReadOnlyList<Type> Operations { get; } =
        [.. typeof(IOp).Assembly.GetTypes().Where(t => t.IsValueType && typeof(IOp).IsAssignableFrom(t)).OrderBy(t => t.Name, StringComparer.Ordinal)];

    /// <summary>Dense layers, convolutions and their gradients: nearly all of a network's arithmetic.</summary>
    public static bool IsProduct(Type operation) => operation.Name.StartsWith("Dense", StringComparison.Ordinal) || operation.Name.StartsWith("Conv2d", StringComparison.Ordinal);

    /// <summary>Threads of a group, which no operation lets depend on its sizes; they are all 1 here.</summary>
    public static int GroupSize(Type operation) => ((IOp)Ones(operation)).GpuShape.GroupDim.Size;

    /// <summary>The context that a compilation needs.</summary>
    public static Context CreateContext(OptimizationLevel level) => Context.Create(b => b.EnableAlgorithms().EnableFused().Optimize(level));

    /// <summary>An operation's PTX.</summary>
    public static string Ptx(Context context, Type operation, GpuTarget target)
    {
        using var backend = new PTXBackend(context, new CudaCapabilityContext(target.Architecture), target.Architecture, target.Instructions, null);
        return ((PTXCompiledKernel)backend.Compile(Entry(operation), Device.Limits)).PTXAssembly;
    }

    /// <summary>An operation's OpenCL C.</summary>
    public static string OpenCLSource(Context context, Type operation)
    {
        using var backend = new CLBackend(context, new CLCapabilityContext(false, true, true, true, false), CLDeviceVendor.Other, CLCVersion.CL20);
        return ((CLCompiledKernel)backend.Compile(Entry(operation), Device.Limits)).Source;
    }

    private static EntryPointDescription Entry(Type operation) => EntryPointDescription.FromExplicitlyGroupedKernel(
        typeof(Device).GetMethod(nameof(Device.GpuKernel), BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(operation));

    private static object Ones(Type type)
    {
        if (type == typeof(int))
        {
            return 1;
        }
        object value = Activator.CreateInstance(type)!;
        bool isOurs = type.Assembly == typeof(IOp).Assembly;
        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).Where(f => f.FieldType == typeof(int) || (isOurs && f.FieldType.Assembly == type.Assembly)))
        {
            field.SetValue(value, Ones(field.FieldType));
        }
        return value;
    }
}
