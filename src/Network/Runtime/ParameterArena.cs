using ILGPU;

namespace GpuCnn;

/// <summary>All parameters of a network in one piece of device memory, with their gradients in another, so that an optimizer's step is one launch.</summary>
internal sealed class ParameterArena : IDisposable
{
    private readonly DeviceBuffer<float> values;
    private readonly DeviceBuffer<float>? gradients;

    /// <param name="device">The device.</param>
    /// <param name="blocks">Every layer's block.</param>
    /// <param name="training">Whether gradients are needed.</param>
    public ParameterArena(Device device, IReadOnlyList<ParameterBlock> blocks, bool training)
    {
        Blocks = blocks;
        Trained = blocks.Count == 0 ? 0 : Align(blocks[^1].Offset + blocks[^1].Count);
        Count = Math.Max(Trained, blocks.Select(block => Align(block.RunningOffset + block.RunningCount)).DefaultIfEmpty(0).Max());
        values = device.Allocate<float>(Math.Max(1, Count));
        gradients = training ? device.Allocate<float>(Math.Max(1, Count)) : null;
    }

    public IReadOnlyList<ParameterBlock> Blocks { get; }

    /// <summary>Elements, with the gaps between blocks, which stay zero.</summary>
    public int Count { get; }

    /// <summary>Those of them, the first ones, that an optimizer changes; running moments lie behind.</summary>
    public int Trained { get; }

    public DeviceBuffer<float> Values => values;

    public DeviceBuffer<float> Gradients => gradients ?? throw new InvalidOperationException("this network was made without training");

    /// <summary>Where weight decay begins and ends, in turn: it takes weights, not biases, and nothing of a normalization.</summary>
    public IEnumerable<int> DecayBounds => Blocks.Where(block => block.RunningCount == 0).SelectMany(block => (int[])[block.Offset, block.Offset + block.WeightCount]);

    /// <summary>A layer's weight and bias.</summary>
    public ArrayView<float> ValuesOf(ParameterBlock block) => values.View.SubView(block.Offset, block.Count);

    /// <summary>The gradients of a layer's weight and bias.</summary>
    public ArrayView<float> GradientsOf(ParameterBlock block) => Gradients.View.SubView(block.Offset, block.Count);

    /// <summary>A layer's running mean and variance.</summary>
    public ArrayView<float> RunningOf(ParameterBlock block) => values.View.SubView(block.RunningOffset, block.RunningCount);

    public void Dispose()
    {
        values.Dispose();
        gradients?.Dispose();
    }

    /// <summary>Each block starts at a cache line.</summary>
    public static int Align(int offset) => (offset + 15) / 16 * 16;
}
