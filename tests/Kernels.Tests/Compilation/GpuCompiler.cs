using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Values;
using ILGPU.Runtime;
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

/// <summary>A kernel: an operation, compiled for all sizes or for a layer's.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Layer">The layer; empty for all sizes.</param>
/// <param name="Constants">Its constants; null for all sizes.</param>
public sealed record GpuKernel(Type Operation, string Layer = "", object? Constants = null)
{
    /// <summary>The operation's name.</summary>
    public string OperationName => Kernels.Operation.Name(Operation);

    public override string ToString() => Layer.Length == 0 ? OperationName : $"{OperationName} {Layer}";
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
        [.. Structs.Where(t => typeof(IOp).IsAssignableFrom(t)).SelectMany(Closed).OrderBy(Kernels.Operation.Name, StringComparer.Ordinal)];

    /// <summary>Every operation for all sizes.</summary>
    public static IReadOnlyList<GpuKernel> General { get; } = [.. Operations.Select(operation => new GpuKernel(operation))];

    /// <summary>What is compiled for the convolutions of the three models.</summary>
    public static IReadOnlyList<GpuKernel> OfLayers { get; } = [.. Convolutions.All.SelectMany(OfLayer)];

    /// <summary>Dense layers, convolutions and their gradients: nearly all of a network's arithmetic.</summary>
    public static bool IsProduct(Type operation) => operation.Name.StartsWith("Dense", StringComparison.Ordinal) || operation.Name.StartsWith("Conv2d", StringComparison.Ordinal);

    /// <summary>Activations, whose drivers are operations.</summary>
    public static IReadOnlyList<Type> Activations { get; } = [.. Structs.Where(t => typeof(IActivation).IsAssignableFrom(t))];

    /// <summary>Threads of a group, which no operation lets depend on its sizes; they are all 1 here.</summary>
    public static int GroupSize(Type operation) => ((IOp)Ones(operation)).GpuShape.GroupDim.Size;

    /// <summary>The context that a compilation needs.</summary>
    public static Context CreateContext(OptimizationLevel level) => Context.Create(b => b.EnableAlgorithms().EnableFused().Optimize(level));

    /// <summary>A kernel's PTX.</summary>
    public static string Ptx(Context context, GpuKernel kernel, GpuTarget target)
    {
        using var backend = new PTXBackend(context, new CudaCapabilityContext(target.Architecture), target.Architecture, target.Instructions, null);
        return ((PTXCompiledKernel)Compile(backend, kernel)).PTXAssembly;
    }

    /// <summary>A kernel's OpenCL C.</summary>
    public static string OpenCLSource(Context context, GpuKernel kernel)
    {
        using var backend = new CLBackend(context, new CLCapabilityContext(false, true, true, true, false), CLDeviceVendor.Other, CLCVersion.CL20);
        return ((CLCompiledKernel)Compile(backend, kernel)).Source;
    }

    /// <remarks>For a layer what ILGPU does at a launch, when it needs no device: the kernel is called by another one that has constants in place of its last parameter.</remarks>
    private static CompiledKernel Compile(Backend backend, GpuKernel kernel)
    {
        if (kernel.Constants is null)
        {
            return backend.Compile(Entry(nameof(GpuKernels.General), kernel.Operation), GpuKernels.Limits);
        }
        Type constants = kernel.Constants.GetType();
        EntryPointDescription entry = Entry(nameof(GpuKernels.OfLayer), kernel.Operation, constants);
        using IRContext layer = backend.PreCompileKernelMethod(entry).ExtractToContext(out Method general);
        Method wrapper = layer.Declare(new MethodDeclaration(MethodHandle.Create("OfLayer"), layer.VoidType), out _);
        general.AddFlags(MethodFlags.Inline);
        using (Method.Builder builder = wrapper.CreateBuilder())
        {
            MethodCall.Builder call = builder.EntryBlockBuilder.CreateCall(wrapper.Location, general);
            for (int i = 0; i < general.NumParameters; i++)
            {
                Parameter parameter = builder.AddParameter(general.Parameters[i].Type, general.Parameters[i].Name);
                bool isLast = i == general.NumParameters - 1;
                object value = Activator.CreateInstance(typeof(SpecializedValue<>).MakeGenericType(constants), kernel.Constants)!;
                call.Add(isLast ? builder.EntryBlockBuilder.CreateObjectValue(wrapper.Location, value) : parameter);
            }
            call.Seal();
            builder.EntryBlockBuilder.CreateReturn(wrapper.Location);
            builder.Complete();
        }
        layer.Optimize();
        return backend.Compile(wrapper, entry, GpuKernels.Limits);
    }

    private static IEnumerable<GpuKernel> OfLayer(Convolution layer)
    {
        Conv2dShape s = layer.Shape;
        int channels = s.Channels % Float4.Count == 0 ? 1 : 0, filters = s.Filters % Float4.Count == 0 ? 1 : 0;
        yield return new(typeof(Conv2dForward), layer.Name, new Conv2dForward.Sizes(s, channels, filters, filters));
        yield return new(typeof(Conv2dWeightGradient), layer.Name, new Conv2dWeightGradient.Sizes(s, Conv2dWinnerSums.Fits(s) ? 1 : 0, channels, filters, filters));
        if (layer.HasInputGradient)
        {
            yield return new(typeof(Conv2dInputGradient), layer.Name, new Conv2dInputGradient.Sizes(s, new StridedSizes(s), filters, filters, channels));
        }
    }

    private static IEnumerable<Type> Structs => typeof(IOp).Assembly.GetTypes().Where(t => t.IsValueType);

    /// <summary>A generic operation with each type that fits it.</summary>
    private static IEnumerable<Type> Closed(Type operation) => operation.IsGenericTypeDefinition
        ? Structs.Where(t => !t.IsGenericType && operation.GetGenericArguments()[0].GetGenericParameterConstraints().All(c => c.IsAssignableFrom(t))).Select(t => operation.MakeGenericType(t))
        : [operation];

    private static EntryPointDescription Entry(string kernel, params Type[] types) =>
        EntryPointDescription.FromExplicitlyGroupedKernel(typeof(GpuKernels).GetMethod(kernel)!.MakeGenericMethod(types));

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
