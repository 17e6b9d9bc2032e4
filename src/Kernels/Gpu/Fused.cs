using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace GpuCnn.Kernels;

/// <summary>The multiply-add, which rounds once. ILGPU 1.5 has no name for it: it writes a multiplication and an addition, each a statement of its own, which NVIDIA's
/// assembler fuses and a compiler of OpenCL C must not, so that half of such a GPU's arithmetic would lie idle.</summary>
internal static class Fused
{
    /// <summary>a b + c.</summary>
    [IntrinsicImplementation]
    public static float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>Lets ILGPU's compilers write the instruction; contexts without this cannot compile products.</summary>
    public static Context.Builder EnableFused(this Context.Builder builder)
    {
        IntrinsicImplementationManager manager = builder.GetIntrinsicManager();
        MethodInfo method = typeof(Fused).GetMethod(nameof(MultiplyAdd))!;
        manager.RegisterMethod(method, new PTXIntrinsic(typeof(Fused), nameof(WritePtx), IntrinsicImplementationMode.GenerateCode));
        manager.RegisterMethod(method, new CLIntrinsic(typeof(Fused), nameof(WriteOpenCL), IntrinsicImplementationMode.GenerateCode));
        return builder;
    }

    private static void WritePtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        RegisterAllocator<PTXRegisterKind>.HardwareRegister a = generator.LoadHardware(value[0]), b = generator.LoadHardware(value[1]), c = generator.LoadHardware(value[2]);
        RegisterAllocator<PTXRegisterKind>.HardwareRegister target = generator.AllocateHardware(value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand("fma.rn.f32");
        command.AppendArgument(target);
        command.AppendArgument(a);
        command.AppendArgument(b);
        command.AppendArgument(c);
    }

    private static void WriteOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        CLVariableAllocator.Variable a = generator.Load(value[0]), b = generator.Load(value[1]), c = generator.Load(value[2]);
        CLVariableAllocator.Variable target = generator.Allocate(value);
        using CLCodeGenerator.StatementEmitter statement = generator.BeginStatement(target);
        statement.AppendCommand("fma");
        statement.BeginArguments();
        statement.AppendArgument(a);
        statement.AppendArgument(b);
        statement.AppendArgument(c);
        statement.EndArguments();
    }
}
