using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>All parameters of a network in one piece of device memory, with their gradients and the optimizer's moments in three more, so that an optimizer
/// step is one launch.</summary>
internal sealed class ParameterArena : IDisposable
{
    private readonly DeviceBuffer<float> values;
    private readonly DeviceBuffer<float>? gradients, firstMoments, secondMoments;

    /// <param name="device">The device.</param>
    /// <param name="blocks">Every layer's block.</param>
    /// <param name="training">Whether gradients and moments are needed.</param>
    public ParameterArena(Device device, IReadOnlyList<ParameterBlock> blocks, bool training)
    {
        Blocks = blocks;
        Trained = blocks.Count == 0 ? 0 : Align(blocks[^1].Offset + blocks[^1].Count);
        Count = Math.Max(Trained, blocks.Select(block => Align(block.RunningOffset + block.RunningCount)).DefaultIfEmpty(0).Max());
        values = device.Allocate<float>(Math.Max(1, Count));
        if (training)
        {
            gradients = device.Allocate<float>(Math.Max(1, Count));
            firstMoments = device.Allocate<float>(Math.Max(1, Count));
            secondMoments = device.Allocate<float>(Math.Max(1, Count));
        }
    }

    public IReadOnlyList<ParameterBlock> Blocks { get; }

    /// <summary>Elements, with the gaps between blocks, which stay zero.</summary>
    public int Count { get; }

    /// <summary>Those of them, the first ones, that an optimizer changes; running moments lie behind.</summary>
    public int Trained { get; }

    public DeviceBuffer<float> Values => values;

    public DeviceBuffer<float> Gradients => Required(gradients);

    public DeviceBuffer<float> FirstMoments => Required(firstMoments);

    public DeviceBuffer<float> SecondMoments => Required(secondMoments);

    /// <summary>A layer's weight and bias.</summary>
    public ArrayView<float> ValuesOf(ParameterBlock block) => values.View.SubView(block.Offset, block.Count);

    /// <summary>The gradients of a layer's weight and bias.</summary>
    public ArrayView<float> GradientsOf(ParameterBlock block) => Gradients.View.SubView(block.Offset, block.Count);

    /// <summary>A layer's running mean and variance.</summary>
    public ArrayView<float> RunningOf(ParameterBlock block) => values.View.SubView(block.RunningOffset, block.RunningCount);

    /// <summary>One step of Adam over everything that is trained.</summary>
    public void AdamStep(Device device, long step, double learningRate) =>
        Adam.Run(device, values.View, Gradients.View, FirstMoments.View, SecondMoments.View, Trained, step, learningRate);

    public void Dispose()
    {
        values.Dispose();
        gradients?.Dispose();
        firstMoments?.Dispose();
        secondMoments?.Dispose();
    }

    private static DeviceBuffer<float> Required(DeviceBuffer<float>? buffer) => buffer ?? throw new InvalidOperationException("this network was made without training");

    /// <summary>Each block starts at a cache line.</summary>
    public static int Align(int offset) => (offset + 15) / 16 * 16;
}
