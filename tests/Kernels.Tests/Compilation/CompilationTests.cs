using System.Text.RegularExpressions;
using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Every operation is compiled to PTX and OpenCL C.</summary>
public sealed partial class CompilationTests
{
    public static IEnumerable<TheoryDataRow<string, OptimizationLevel>> Compilations =>
        from op in GpuCompiler.Operations from level in (OptimizationLevel[])[OptimizationLevel.O1, OptimizationLevel.O2] select new TheoryDataRow<string, OptimizationLevel>(Operation.Name(op), level);

    public static IEnumerable<TheoryDataRow<string>> Products => GpuCompiler.Operations.Where(GpuCompiler.IsProduct).Select(op => new TheoryDataRow<string>(Operation.Name(op)));

    [Theory]
    [MemberData(nameof(Compilations))]
    public void Compiles_to_PTX_and_OpenCL_C_without_double_arithmetic(string operation, OptimizationLevel level)
    {
        GpuKernel kernel = GpuCompiler.General.Single(k => k.OperationName == operation);
        using Context context = GpuCompiler.CreateContext(level);
        foreach (GpuTarget target in GpuCompiler.Targets)
        {
            string ptx = GpuCompiler.Ptx(context, kernel, target);
            Assert.Contains(".entry", ptx, StringComparison.Ordinal);
            Assert.Contains("st.", ptx, StringComparison.Ordinal);
            AssertNone(DoublePtx(), ptx, $"PTX of {operation} for {target} has double arithmetic");
        }
        string source = GpuCompiler.OpenCLSource(context, kernel);
        Assert.Contains("kernel void", source, StringComparison.Ordinal);
        AssertNone(DoubleC(), source, $"OpenCL C of {operation} has double arithmetic");
    }

    /// <remarks>A division is some twenty instructions on a GPU, and ILGPU moves what is computed before a loop into it when it is used only there.</remarks>
    [Theory]
    [MemberData(nameof(Products))]
    public void The_loops_of_a_product_divide_nothing(string operation)
    {
        GpuKernel kernel = GpuCompiler.General.Single(k => k.OperationName == operation);
        using Context context = GpuCompiler.CreateContext(OptimizationLevel.O2);
        string ptx = GpuCompiler.Ptx(context, kernel, GpuCompiler.Targets[^1]);
        IReadOnlyList<string> loops = PtxLoops.Instructions(ptx);
        // The multiply-adds of four depths, so that the loop is surely the one that is meant.
        Assert.InRange(loops.Count(l => l.StartsWith("fma.rn.f32", StringComparison.Ordinal)), 128, 128 + 28);
        AssertNone(Division(), string.Join('\n', loops), $"the PTX of {operation} divides in a loop");
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void A_product_adds_by_fused_instructions(string operation)
    {
        GpuKernel kernel = GpuCompiler.General.Single(k => k.OperationName == operation);
        using Context context = GpuCompiler.CreateContext(OptimizationLevel.O2);
        AssertNone(Multiplication(), GpuCompiler.Ptx(context, kernel, GpuCompiler.Targets[^1]), $"the PTX of {operation} multiplies floats");
        Assert.InRange(FusedC().Count(GpuCompiler.OpenCLSource(context, kernel)), 128, 128 + 28);
    }

    public static IEnumerable<TheoryDataRow<string>> Layers => GpuCompiler.OfLayers.Select(kernel => new TheoryDataRow<string>(kernel.ToString()));

    /// <remarks>What differs between batches stays a variable: images of a chunk of the weight gradient. So do the four parts of the input gradient, which a group has by its place in the grid.</remarks>
    [Theory]
    [MemberData(nameof(Layers))]
    public void A_kernel_for_the_sizes_of_a_layer_divides_by_numbers_and_is_shorter(string name)
    {
        GpuKernel kernel = GpuCompiler.OfLayers.Single(k => k.ToString() == name), general = GpuCompiler.General.Single(k => k.Operation == kernel.Operation);
        using Context context = GpuCompiler.CreateContext(OptimizationLevel.O2);
        string ptx = GpuCompiler.Ptx(context, kernel, GpuCompiler.Targets[^1]), longer = GpuCompiler.Ptx(context, general, GpuCompiler.Targets[^1]);
        AssertNone(DoublePtx(), ptx, $"PTX of {kernel} has double arithmetic");
        AssertNone(Multiplication(), ptx, $"the PTX of {kernel} multiplies floats");
        int variable = kernel.Operation.Name switch { nameof(Conv2dForward) => 0, nameof(Conv2dWeightGradient) => 4, _ => 10 };
        Assert.InRange(PtxLoops.DivisionsByVariables(ptx), 0, variable);
        Assert.InRange(PtxLoops.DivisionsByVariables(longer), variable + 2, int.MaxValue);
        Assert.InRange(PtxLoops.Count(ptx), 500, 2 * PtxLoops.Count(longer) / 3);
        string source = GpuCompiler.OpenCLSource(context, kernel);
        AssertNone(DoubleC(), source, $"OpenCL C of {kernel} has double arithmetic");
        Assert.InRange(source.Length, 1, GpuCompiler.OpenCLSource(context, general).Length * 2 / 3);
    }

    [Theory]
    [InlineData("{ a: div.s32 %r1, %r2, %r3; @%p1 bra a; add.s32 %r1, %r1, 1; ret; }", 2)]
    [InlineData("{ bra b; a: rem.s32 %r1, %r2, %r3; ret; b: setp.lt.s32 %p1, %r1, 4; @!%p1 bra a; bra.uni b; }", 3)]
    [InlineData("{ bra b; a: add.s32 %r1, %r1, 1; bra c; b: setp.lt.s32 %p1, %r1, 4; @%p1 bra a; ret; c: sub.s32 %r1, %r1, 1; bra b; }", 6)]
    [InlineData("{ @%p1 bra b; a: div.s32 %r1, %r2, %r3; bra.uni c; b: add.s32 %r1, %r1, 1; c: ret; }", 0)]
    public void Loops_are_found_whatever_the_order_of_blocks(string body, int instructions) =>
        Assert.Equal(instructions, PtxLoops.Instructions($".entry k\n{BlockEnd().Replace(body, "$1\n")}").Count);

    [Fact]
    public void Every_operation_has_tests_on_every_accelerator()
    {
        Assert.True(GpuCompiler.Operations.Count >= 16, $"reflection finds only {GpuCompiler.Operations.Count} operations");
        Type[] tests = typeof(CompilationTests).Assembly.GetTypes();
        foreach (Type activation in GpuCompiler.Activations)
        {
            foreach (Type device in (Type[])[typeof(Cpu), typeof(OpenCL), typeof(Cuda)])
            {
                Assert.True(tests.Any(t => t.IsSealed && IsOf(t.BaseType, device, activation)), $"{activation.Name} is not run on {device.Name}");
            }
        }
        foreach (Type operation in GpuCompiler.Operations.Where(t => !t.GenericTypeArguments.Any(GpuCompiler.Activations.Contains)))
        {
            string name = Operation.Name(operation);
            Type? open = tests.SingleOrDefault(t => t.Name == $"{name}Tests`1");
            Assert.True(open is { IsAbstract: true }, $"{name} has no test class {name}Tests<TDevice>");
            Type? opTests = open.BaseType;
            Assert.True(opTests is { IsGenericType: true } && opTests.GetGenericTypeDefinition() == typeof(OpTests<,>), $"{open.Name} is no OpTests");
            foreach (Type device in (Type[])[typeof(Cpu), typeof(OpenCL), typeof(Cuda)])
            {
                Assert.True(tests.Any(t => t.IsSealed && t.BaseType == open.MakeGenericType(device)), $"{open.Name} is not run on {device.Name}");
            }
        }
    }

    private static bool IsOf(Type? tests, Type device, Type activation) =>
        tests is { IsGenericType: true } && tests.GetGenericTypeDefinition() == typeof(ActivationTests<,>) && tests.GenericTypeArguments[0] == device
        && ((IReadOnlyList<ActivationExample>)tests.GenericTypeArguments[1].GetProperty(nameof(IActivationExamples.All))!.GetValue(null)!).Any(e => e.Function == activation);

    /// <summary>Operations that do four neighbours a thread: 128-bit loads and stores of floats and of integers, in each path one for each view.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int>> Fours =>
    [
        new(nameof(Adam), 4, 3), new(nameof(AugmentImages), 0, 1), new(nameof(AveragePool2d), 1, 1), new(nameof(AveragePool2dGradient), 1, 1),
        new(nameof(BatchNormForward), 5, 1), new(nameof(BatchNormInputGradient), 8, 1), new(nameof(BatchNormStatistics), 2, 2), new(nameof(BatchNormWeightGradient), 7, 2), new(nameof(Dropout), 1, 1), new(nameof(Exchange), 2, 2), new(nameof(GatherImages), 0, 1), new(nameof(MaxPool2d), 2, 2), new(nameof(MaxPool2dGradient), 2, 1),
        new(nameof(MovingAverage), 2, 1), new(Operation.Name(typeof(ActivationGradient<DroppedReluFunction>)), 2, 1), new(nameof(SgdMomentum), 3, 2), new(nameof(SumOfSquares), 1, 0), new(nameof(SumRows), 6, 1),
        .. GpuCompiler.Activations.Select(activation => new TheoryDataRow<string, int, int>(Operation.Name(typeof(Activation<>).MakeGenericType(activation)), 1, 1)),
        .. GpuCompiler.Activations.Select(activation => new TheoryDataRow<string, int, int>(Operation.Name(typeof(ActivationGradient<>).MakeGenericType(activation)), 2, 1)),
    ];

    /// <remarks>ILGPU splits an access that it cannot prove to be aligned into four, silently.</remarks>
    [Theory]
    [MemberData(nameof(Fours))]
    public void Four_neighbours_move_in_one_instruction(string operation, int loads, int stores)
    {
        GpuKernel kernel = GpuCompiler.General.Single(k => k.OperationName == operation);
        using Context context = GpuCompiler.CreateContext(OptimizationLevel.O2);
        foreach (GpuTarget target in GpuCompiler.Targets)
        {
            string ptx = GpuCompiler.Ptx(context, kernel, target);
            Assert.Equal((loads, stores), (VectorLoad().Count(ptx), VectorStore().Count(ptx)));
        }
    }

    private static void AssertNone(Regex forbidden, string text, string what)
    {
        string? line = text.Split('\n').FirstOrDefault(l => forbidden.IsMatch(l));
        Assert.True(line is null, $"{what}: {line?.Trim()}");
    }

    [GeneratedRegex(@"\.f64\b")]
    private static partial Regex DoublePtx();

    [GeneratedRegex(@"\bld\.global\.v4\.[bf]32\b")]
    private static partial Regex VectorLoad();

    [GeneratedRegex(@"\bst\.global\.v4\.[bf]32\b")]
    private static partial Regex VectorStore();

    [GeneratedRegex(@"\b(div|rem)\.")]
    private static partial Regex Division();

    [GeneratedRegex(@"\bmul\.f32\b")]
    private static partial Regex Multiplication();

    [GeneratedRegex(@"\bfma\s*\(")]
    private static partial Regex FusedC();

    [GeneratedRegex(@"([{:;]) ")]
    private static partial Regex BlockEnd();

    [GeneratedRegex(@"\bdouble\b")]
    private static partial Regex DoubleC();
}
