using System.Text.RegularExpressions;
using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Every operation is compiled to PTX and OpenCL C.</summary>
public sealed partial class CompilationTests
{
    public static IEnumerable<TheoryDataRow<string, OptimizationLevel>> Compilations =>
        from op in GpuCompiler.Operations from level in (OptimizationLevel[])[OptimizationLevel.O1, OptimizationLevel.O2] select new TheoryDataRow<string, OptimizationLevel>(op.Name, level);

    [Theory]
    [MemberData(nameof(Compilations))]
    public void Compiles_to_PTX_and_OpenCL_C_without_double_arithmetic(string operation, OptimizationLevel level)
    {
        Type type = GpuCompiler.Operations.Single(t => t.Name == operation);
        using Context context = GpuCompiler.CreateContext(level);
        foreach (GpuTarget target in GpuCompiler.Targets)
        {
            string ptx = GpuCompiler.Ptx(context, type, target);
            Assert.Contains(".entry", ptx, StringComparison.Ordinal);
            Assert.Contains("st.", ptx, StringComparison.Ordinal);
            AssertNone(DoublePtx(), ptx, $"PTX of {operation} for {target}");
        }
        string source = GpuCompiler.OpenCLSource(context, type);
        Assert.Contains("kernel void", source, StringComparison.Ordinal);
        AssertNone(DoubleC(), source, $"OpenCL C of {operation}");
    }

    [Fact]
    public void Every_operation_has_tests_on_every_accelerator()
    {
        Assert.True(GpuCompiler.Operations.Count >= 16, $"reflection finds only {GpuCompiler.Operations.Count} operations");
        Type[] tests = typeof(CompilationTests).Assembly.GetTypes();
        foreach (Type operation in GpuCompiler.Operations)
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
