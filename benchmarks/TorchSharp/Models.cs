using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GpuCnn.Benchmarks.TorchSharp;

/// <summary>The three models in TorchSharp, built from the same descriptions as ours.</summary>
internal static class Models
{
    /// <summary>A network with torch's initial weights.</summary>
    /// <param name="name">cnn1, cnn2 or cnn3.</param>
    /// <param name="channelsLast">Whether convolution weights lie in the layout that oneDNN is faster with.</param>
    /// <returns>The network.</returns>
    public static Sequential Build(string name, bool channelsLast)
    {
        ModelDefinition model = ModelZoo.Find(name);
        var modules = new List<Module<Tensor, Tensor>>();
        TensorShape shape = model.Input;
        foreach (Layer layer in model.Layers)
        {
            modules.Add(layer switch
            {
                GpuCnn.Conv2d conv => nn.Conv2d(shape.Channels, conv.Filters, conv.KernelHeight, stride: conv.Stride, padding: conv.Padding),
                GpuCnn.Relu => nn.ReLU(inplace: true),
                GpuCnn.MaxPool2d pool => nn.MaxPool2d(pool.Window, pool.Stride),
                GpuCnn.Flatten => nn.Flatten(),
                GpuCnn.Dense dense => nn.Linear(shape.Count, dense.Units),
                GpuCnn.Dropout dropout => nn.Dropout(dropout.Rate),
                _ => throw new ArgumentException($"TorchSharp has no {layer.Kind} here"),
            });
            shape = layer.OutputShape(shape);
        }
        foreach (var conv in modules.OfType<global::TorchSharp.Modules.Conv2d>().Where(_ => channelsLast))
        {
            Tensor weight = conv.weight!.detach();
            long c = weight.shape[1], h = weight.shape[2], w = weight.shape[3];
            // TorchSharp has no contiguous(memory_format).
            conv.weight = new Parameter(empty_strided(weight.shape, [c * h * w, 1, w * c, c]).copy_(weight));
        }
        Sequential network = nn.Sequential(modules);
        long parameters = network.parameters().Sum(p => p.numel());
        return parameters == model.ParameterCount ? network : throw new InvalidOperationException($"{parameters} parameters, {model.ParameterCount} expected");
    }

    /// <summary>A batch of one channel under channels_last strides: the same bytes, no copy.</summary>
    public static Tensor AsInput(Tensor batch, bool channelsLast) => channelsLast
        ? batch.as_strided(batch.shape, [batch.shape[2] * batch.shape[3], 1, batch.shape[3], 1], batch.storage_offset())
        : batch;
}
