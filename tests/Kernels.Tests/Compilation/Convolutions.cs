namespace GpuCnn.Kernels.Tests;

/// <summary>A convolution of a model, with ReLU and pooling where they follow.</summary>
/// <param name="Name">The model and the layer.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="HasInputGradient">Whether a layer in front of it learns.</param>
internal sealed record Convolution(string Name, Conv2dShape Shape, bool HasInputGradient);

/// <summary>The convolutions of the three models.</summary>
internal static class Convolutions
{
    /// <summary>All with different sizes.</summary>
    public static IReadOnlyList<Convolution> All { get; } = [.. ModelZoo.All.SelectMany(Of).DistinctBy(layer => layer.Shape)];

    /// <summary>Those of a model.</summary>
    public static IEnumerable<Convolution> Of(ModelDefinition model)
    {
        TensorShape shape = model.Input;
        for (int i = 0; i < model.Layers.Count; i++)
        {
            if (model.Layers[i] is GpuCnn.Conv2d conv)
            {
                bool pooled = model.Layers[i + 1] is GpuCnn.Relu && model.Layers[i + 2] is GpuCnn.MaxPool2d { Window: 2, Stride: 2, CeilMode: false };
                yield return new($"{model.Name} {model.Nodes[i].Name}", new(shape.Channels, shape.Height, shape.Width, conv.Filters, conv.KernelHeight, conv.KernelWidth, conv.Stride, conv.Padding, pooled, conv.Bias), i > 0);
            }
            shape = model.Nodes[i].Output;
        }
    }
}
