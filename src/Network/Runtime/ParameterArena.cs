using ILGPU;

namespace GpuCnn;

/// <summary>All parameters of a network in one piece of device memory, with their gradients in another, so that an optimizer's step is one launch.</summary>
internal sealed class ParameterArena : IDisposable
{
    private readonly Dictionary<LayerNode, ParameterBlock> byLayer;
    private readonly DeviceBuffer<float>? values, gradients;

    /// <param name="model">The model.</param>
    /// <param name="device">The device; null where only the places are wanted.</param>
    /// <param name="training">Whether gradients are needed.</param>
    public ParameterArena(ModelDefinition model, Device? device, bool training)
    {
        byLayer = Place(model);
        Blocks = [.. byLayer.Values];
        Trained = Blocks.Count == 0 ? 0 : Align(Blocks[^1].Offset + Blocks[^1].Count);
        Count = Math.Max(Trained, Blocks.Select(block => Align(block.RunningOffset + block.RunningCount)).DefaultIfEmpty(0).Max());
        values = device?.Allocate<float>(Math.Max(1, Count));
        gradients = training ? device?.Allocate<float>(Math.Max(1, Count)) : null;
    }

    /// <summary>Where each layer's parameters lie, in the order of the layers.</summary>
    public IReadOnlyList<ParameterBlock> Blocks { get; }

    /// <summary>Elements, with the gaps between blocks, which stay zero.</summary>
    public int Count { get; }

    /// <summary>Those of them, the first ones, that an optimizer changes; running moments lie behind.</summary>
    public int Trained { get; }

    public DeviceBuffer<float> Values => values!;

    public DeviceBuffer<float> Gradients => gradients ?? throw new InvalidOperationException("this network was made without training");

    /// <summary>Where weight decay begins and ends, in turn: it takes weights, not biases, and nothing of a normalization.</summary>
    public IEnumerable<int> DecayBounds => Blocks.Where(block => block.RunningCount == 0).SelectMany(block => (int[])[block.Offset, block.Offset + block.WeightCount]);

    /// <summary>Where a layer's parameters lie; null for a layer without any.</summary>
    public ParameterBlock? BlockOf(LayerNode layer) => byLayer.GetValueOrDefault(layer);

    /// <summary>A layer's weight and bias.</summary>
    public ArrayView<float> ValuesOf(LayerNode layer) => Part(values, byLayer[layer].Offset, byLayer[layer].Count);

    /// <summary>The gradients of a layer's weight and bias.</summary>
    public ArrayView<float> GradientsOf(LayerNode layer) => Part(gradients, byLayer[layer].Offset, byLayer[layer].Count);

    /// <summary>A layer's running mean and variance.</summary>
    public ArrayView<float> RunningOf(LayerNode layer) => Part(values, byLayer[layer].RunningOffset, byLayer[layer].RunningCount);

    public void Dispose()
    {
        values?.Dispose();
        gradients?.Dispose();
    }

    /// <summary>Each block starts at a cache line.</summary>
    public static int Align(int offset) => (offset + 15) / 16 * 16;

    private static ArrayView<float> Part(DeviceBuffer<float>? buffer, int offset, int count) => buffer is null ? ArrayView<float>.Empty : buffer.View.SubView(offset, count);

    /// <summary>Places every layer's parameters, one after another; behind all of them the running moments, which no optimizer touches.</summary>
    private static Dictionary<LayerNode, ParameterBlock> Place(ModelDefinition model)
    {
        var blocks = new Dictionary<LayerNode, ParameterBlock>();
        LayerNode[] layers = [.. model.Nodes.Where(layer => layer.Parameters.Count > 0)];
        int offset = 0;
        foreach (LayerNode layer in layers)
        {
            blocks[layer] = ParameterBlock.Of(layer, offset);
            offset = Align(offset + blocks[layer].Count);
        }
        foreach (LayerNode layer in layers.Where(layer => layer.Parameters.Any(each => ParameterNames.IsRunning(each.Name))))
        {
            blocks[layer] = blocks[layer] with { RunningOffset = offset };
            offset = Align(offset + blocks[layer].RunningCount);
        }
        return blocks;
    }
}
