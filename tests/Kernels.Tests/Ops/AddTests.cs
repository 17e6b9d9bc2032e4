using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class AddCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] a = Values.Vector(t.Random, n), b = Values.Vector(t.Random, n);
        Operand<float> output = t.Output<float>("output", n);
        bool relu = n % 3 != 0;
        Add.Run(t.Device, t.Input(Values.Floats(a)), t.Input(Values.Floats(b)), output, n, relu);
        t.Expect(output, [.. a.Zip(b, (x, y) => relu ? PoolReference.Relu(x + y) : x + y)], Tolerance.Few, n);
    });
}

/// <summary>Sums of two tensors.</summary>
public abstract class AddTests<TDevice> : OpTests<TDevice, AddCases> where TDevice : ITestDevice
{
    [DeviceTheory]
    [InlineData(false, 7)]
    [InlineData(true, 7)]
    [InlineData(false, 40)]
    [InlineData(true, 40)]
    public void NaN_stays_through_ReLU_too(bool relu, int n)
    {
        using var t = new Trial(Device, new OpCase("NaN", _ => { }));
        float[] a = [.. Enumerable.Range(0, n).Select(i => i % 3 == 0 ? float.NaN : i - 5f)], b = [.. Enumerable.Range(0, n).Select(i => i % 7 == 1 ? float.NaN : -1.5f)];
        Operand<float> output = t.Output<float>("output", n);
        Add.Run(Device, t.Input(a), t.Input(b), output, n, relu);
        t.Expect(output, [.. a.Zip(b, (x, y) => relu ? PoolReference.Relu((double)x + y) : (double)x + y)], Tolerance.Exact, n);
        t.CheckMemory();
    }
}

public sealed class AddOnCpu : AddTests<Cpu>;

public sealed class AddOnOpenCL : AddTests<OpenCL>;

public sealed class AddOnCuda : AddTests<Cuda>;
