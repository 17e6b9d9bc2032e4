using ILGPU;
using Xunit;

namespace GpuCnn.Kernels.Tests;

/// <summary>Something else that a device does between two runs of an operation: a product cut into slices of its depth, whose partial sums take the memory that all such products
/// share, which is then filled with NaN.</summary>
public static class OtherWork
{
    private const int Rows = 65, Columns = 33, Depth = 777, ScratchLength = 1 << 18;

    private static readonly float[] NaNs = [.. Enumerable.Repeat(float.NaN, ScratchLength)];

    private static readonly float[] Inputs = Values.Floats(Values.Vector(new Random(5), Rows * Depth)), Parameters = Values.Floats(Values.Vector(new Random(6), (Depth + 1) * Columns));

    /// <summary>Does it.</summary>
    public static void Run(Device device)
    {
        using DeviceBuffer<float> input = device.Allocate<float>(Inputs.Length), parameters = device.Allocate<float>(Parameters.Length), output = device.Allocate<float>(Rows * Columns);
        input.CopyFrom(Inputs);
        parameters.CopyFrom(Parameters);
        output.CopyFrom(NaNs.AsSpan(0, (int)output.Length));
        DenseForward.Run(device, input.View, parameters.View, output.View, Rows, Depth, Columns, relu: true);
        var values = new float[output.Length];
        output.CopyTo(values);
        Assert.True(Array.TrueForAll(values, value => value >= 0));
        ArrayView<float> scratch = device.Scratch(ScratchLength);
        device.Write<float>(NaNs, scratch);
    }
}
