using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

public sealed class DroppedReluGradientCases : IOpCases
{
    public static IEnumerable<OpCase> All => Lengths.Cases((t, n) =>
    {
        double[] y = [.. Values.Vector(t.Random, n).Select(PoolReference.Relu)], r = Values.Vector(t.Random, n);
        double rate = n % 3 == 0 ? 0 : 0.1 * (n % 10);
        Operand<float> gradInput = t.Output<float>("gradInput", n);
        Activation.RunGradient(t.Device, new DroppedReluFunction(rate), t.Input(Values.Floats(y)), t.Input(Values.Floats(r)), gradInput, n);
        t.Expect(gradInput, [.. y.Zip(r, (a, b) => a > 0 ? b / (1 - rate) : 0)], rate == 0 ? Tolerance.Exact : Tolerance.Few, n);
    });

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public static void Refuses_a_rate_outside_of_0_to_1(double rate) => Assert.Throws<ArgumentOutOfRangeException>(() => new DroppedReluFunction(rate));
}

/// <summary>Gradient of ReLU followed by dropout.</summary>
public abstract class DroppedReluGradientTests<TDevice> : OpTests<TDevice, DroppedReluGradientCases> where TDevice : ITestDevice
{
    [DeviceFact]
    public void NaN_gradients_pass_where_the_output_is_open_and_both_gradients_may_be_the_same_memory()
    {
        foreach (int before in Trial.Places)
        {
            using var t = new Trial(Device, new OpCase("special", _ => { }), before: before);
            Operand<float> gradient = t.InOut("gradient", [.. Enumerable.Range(0, 43).Select(i => i % 4 < 2 ? float.NaN : 3f)]);
            ArrayView<float> output = t.Input([.. Enumerable.Range(0, 43).Select(i => i % 2 == 0 ? 1f : 0f)]);
            Activation.RunGradient(Device, new DroppedReluFunction(0.25), output, gradient, gradient, 43);
            t.Expect(gradient, [.. Enumerable.Range(0, 43).Select(i => (i % 4) switch { 0 => double.NaN, 2 => 4, _ => 0 })], Tolerance.Few, 43);
            t.CheckMemory();
        }
    }
}

public sealed class DroppedReluGradientOnCpu : DroppedReluGradientTests<Cpu>;

public sealed class DroppedReluGradientOnOpenCL : DroppedReluGradientTests<OpenCL>;

public sealed class DroppedReluGradientOnCuda : DroppedReluGradientTests<Cuda>;
