namespace GpuCnn;

/// <summary>A model whose layers can be watched one by one, for people who want to see what a network does.</summary>
/// <remarks>A <see cref="Network"/> does neighbouring layers in one operation and never stores what lies between them; here every layer runs by itself, with the
/// same weights through the operations of single layers, so that the results are the same up to rounding.</remarks>
internal sealed class Inspector : IDisposable
{
    private readonly Network network;

    /// <summary>Puts a model with weights on a device.</summary>
    /// <param name="model">The model.</param>
    /// <param name="weights">Its weights; none for a model without parameters.</param>
    /// <param name="device">Where it runs; it must live longer than the inspector, and nothing else may use it at the same time.</param>
    /// <exception cref="ModelMismatchException">The weights are another model's.</exception>
    /// <exception cref="DeviceException">The device has not the memory.</exception>
    public Inspector(ModelDefinition model, IReadOnlyList<WeightTensor> weights, Device device)
    {
        network = new Network(model, device, maxBatch: 1, training: false, fuse: false);
        try
        {
            network.ImportWeights(weights);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The model.</summary>
    public ModelDefinition Model => network.Model;

    /// <summary>Runs one image forward and keeps what every layer made of it.</summary>
    /// <param name="image">[channels, height, width], as the first layer is to see it: pixels of a data set divided by 255.</param>
    /// <returns>One output a layer, in order; the last is the logits.</returns>
    /// <exception cref="ArgumentException">The image has not the model's number of values.</exception>
    public IReadOnlyList<LayerOutput> Trace(ReadOnlySpan<float> image)
    {
        if (image.Length != Model.Input.Count)
        {
            throw new ArgumentException($"{image.Length} values are no image of {Model.Input}", nameof(image));
        }
        var read = new Dictionary<int, float[]>();
        network.Forward(Reorder(image, Model.Input, toMemory: true), 1, (layer, view) =>
        {
            var values = new float[Model.Nodes[layer].Output.Count];
            network.Device.Read<float>(view, values);
            read.Add(layer, values);
        });
        var outputs = new List<LayerOutput>();
        float[] last = [];
        for (int i = 0; i < Model.Nodes.Count; i++)
        {
            LayerNode layer = Model.Nodes[i];
            // A layer without a node, which is flatten, only sees the same memory with another shape.
            last = read.TryGetValue(i, out float[]? own) ? own : i > 0 ? last : Reorder(image, layer.OutputMemory, toMemory: true);
            outputs.Add(new LayerOutput(layer.Name, layer.Layer.Description, layer.Output, Reorder(last, layer.OutputMemory, toMemory: false)));
        }
        return outputs;
    }

    /// <inheritdoc/>
    public void Dispose() => network.Dispose();

    /// <summary>Between [channels, height, width], as files and people have it, and [height, width, channels], as it lies in memory.</summary>
    private static float[] Reorder(ReadOnlySpan<float> values, TensorShape shape, bool toMemory)
    {
        var reordered = new float[values.Length];
        int pixels = shape.Height * shape.Width;
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i / pixels, pixel = i % pixels, place = (pixel * shape.Channels) + channel;
            (int from, int to) = toMemory ? (i, place) : (place, i);
            reordered[to] = values[from];
        }
        return reordered;
    }
}
