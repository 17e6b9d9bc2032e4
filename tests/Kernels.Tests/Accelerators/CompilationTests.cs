using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Every operation is compiled to PTX and OpenCL C, which needs no device. Operations are found by reflection, so that none can be forgotten.</summary>
public sealed partial class CompilationTests
{
    private static readonly (CudaArchitecture Architecture, CudaInstructionSet Instructions)[] Targets =
    [
        (CudaArchitecture.SM_60, CudaInstructionSet.ISA_60),
        (CudaArchitecture.SM_70, CudaInstructionSet.ISA_60),
        (CudaArchitecture.SM_75, CudaInstructionSet.ISA_63),
        (CudaArchitecture.SM_80, CudaInstructionSet.ISA_70),
        (CudaArchitecture.SM_86, CudaInstructionSet.ISA_71),
        (CudaArchitecture.SM_89, CudaInstructionSet.ISA_78),
        (CudaArchitecture.SM_90, CudaInstructionSet.ISA_78),
    ];

    private static readonly Type[] Operations = [.. typeof(IOp).Assembly.GetTypes().Where(t => t.IsValueType && typeof(IOp).IsAssignableFrom(t)).OrderBy(t => t.Name)];

    public static IEnumerable<TheoryDataRow<string, OptimizationLevel>> Compilations =>
        from op in Operations from level in (OptimizationLevel[])[OptimizationLevel.O1, OptimizationLevel.O2] select new TheoryDataRow<string, OptimizationLevel>(op.Name, level);

    [Theory]
    [MemberData(nameof(Compilations))]
    public void Compiles_to_PTX_and_OpenCL_C_without_double_arithmetic(string operation, OptimizationLevel level)
    {
        MethodInfo kernel = typeof(Device).GetMethod(nameof(Device.GpuKernel), BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(Operations.Single(t => t.Name == operation));
        EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(kernel);
        using Context context = Context.Create(b => b.EnableAlgorithms().Optimize(level));
        foreach ((CudaArchitecture architecture, CudaInstructionSet instructions) in Targets)
        {
            using var backend = new PTXBackend(context, new CudaCapabilityContext(architecture), architecture, instructions, null);
            string ptx = ((PTXCompiledKernel)backend.Compile(entry, default)).PTXAssembly;
            Assert.Contains(".entry", ptx, StringComparison.Ordinal);
            Assert.Contains("st.", ptx, StringComparison.Ordinal);
            AssertNone(DoublePtx(), ptx, $"PTX of {operation} for {architecture}");
        }
        using var openCL = new CLBackend(context, new CLCapabilityContext(false, true, true, true, false), CLDeviceVendor.Other, CLCVersion.CL20);
        string source = ((CLCompiledKernel)openCL.Compile(entry, default)).Source;
        Assert.Contains("kernel void", source, StringComparison.Ordinal);
        AssertNone(DoubleC(), source, $"OpenCL C of {operation}");
    }

    [Fact]
    public void Every_operation_has_tests_on_every_accelerator()
    {
        Assert.True(Operations.Length >= 16, $"reflection finds only {Operations.Length} operations");
        Type[] tests = typeof(CompilationTests).Assembly.GetTypes();
        foreach (Type operation in Operations)
        {
            Type? open = tests.SingleOrDefault(t => t.Name == $"{operation.Name}Tests`1");
            Assert.True(open is { IsAbstract: true }, $"{operation.Name} has no test class {operation.Name}Tests<TDevice>");
            Type? opTests = open.BaseType;
            Assert.True(opTests is { IsGenericType: true } && opTests.GetGenericTypeDefinition() == typeof(OpTests<,>), $"{open.Name} is no OpTests");
            foreach (Type device in (Type[])[typeof(Cpu), typeof(OpenCL), typeof(Cuda)])
            {
                Assert.True(tests.Any(t => t.IsSealed && t.BaseType == open.MakeGenericType(device)), $"{open.Name} is not run on {device.Name}");
            }
        }
    }

    private static void AssertNone(Regex forbidden, string text, string what)
    {
        string? line = text.Split('\n').FirstOrDefault(l => forbidden.IsMatch(l));
        Assert.True(line is null, $"{what} has double arithmetic: {line?.Trim()}");
    }

    [GeneratedRegex(@"\.f64\b")]
    private static partial Regex DoublePtx();

    [GeneratedRegex(@"\bdouble\b")]
    private static partial Regex DoubleC();
}
