namespace GpuCnn.Kernels.Tests;

public sealed class CopyCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] x = Values.Vector(t.Random, n);
        Operand<float> output = t.Output<float>("output", n);
        Copy.Run(t.Device, t.Input(Values.Floats(x)), output, n);
        t.Expect(output, x, Tolerance.Exact, n);
    });
}

/// <summary>Copies.</summary>
public abstract class CopyTests<TDevice> : OpTests<TDevice, CopyCases> where TDevice : ITestDevice;

public sealed class CopyOnCpu : CopyTests<Cpu>;

public sealed class CopyOnOpenCL : CopyTests<OpenCL>;

public sealed class CopyOnCuda : CopyTests<Cuda>;
