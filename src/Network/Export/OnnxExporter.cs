using GpuCnn.Onnx;

namespace GpuCnn;

/// <summary>Walks a model's layers and says which nodes of an ONNX graph each is made of.</summary>
internal static class OnnxExporter
{
    /// <summary>The graph of a model: pixels and their scaling, the layers, logits and probabilities.</summary>
    public static GraphProto Export(ModelDefinition model, IReadOnlyList<WeightTensor> weights)
    {
        var graph = new OnnxGraph(model, weights);
        Append(graph, model.Chain);
        graph.Flatten();
        graph.Output(OnnxGraph.Logits, model.Classes);
        graph.Layer = OnnxGraph.Probabilities;
        graph.Node("Softmax", [], OnnxGraph.Attribute("axis", 1));
        graph.Output(OnnxGraph.Probabilities, model.Classes);
        return graph.Graph;
    }

    private static void Append(OnnxGraph graph, IReadOnlyList<LayerNode> chain)
    {
        foreach (LayerNode layer in chain)
        {
            string before = graph.Current.Name;
            graph.Layer = layer.Name;
            Append(graph, layer);
            if (graph.Current.Name != before)
            {
                graph.Rename(layer.Name);
            }
        }
    }

    private static void Append(OnnxGraph graph, LayerNode node)
    {
        if (node.Layer.NeedsChannelsLast && node.Layer is not (BatchNorm or Residual))
        {
            graph.Unflatten();
        }
        switch (node.Layer)
        {
            case Conv2d conv:
                graph.Node("Conv", Parameters(graph, node), OnnxGraph.Attribute("kernel_shape", [conv.KernelHeight, conv.KernelWidth]),
                    OnnxGraph.Attribute("strides", [conv.Stride, conv.Stride]), OnnxGraph.Attribute("pads", [conv.Padding, conv.Padding, conv.Padding, conv.Padding]));
                break;
            case Dense:
                graph.Flatten();
                graph.Node("Gemm", Parameters(graph, node), OnnxGraph.Attribute("transB", 1));
                break;
            case BatchNorm norm:
                graph.Node("BatchNormalization", Parameters(graph, node), OnnxGraph.Attribute("epsilon", (float)norm.Epsilon));
                break;
            case MaxPool2d pool:
                // Windows that hang over become padding, which never wins: runtimes disagree about the number of windows in ceil mode.
                int Over(int input, int output) => Math.Max(0, ((output - 1) * pool.Stride) + pool.Window - pool.Padding - input);
                graph.Node("MaxPool", [], OnnxGraph.Attribute("kernel_shape", [pool.Window, pool.Window]), OnnxGraph.Attribute("strides", [pool.Stride, pool.Stride]),
                    OnnxGraph.Attribute("pads", [pool.Padding, pool.Padding, Over(node.Input.Height, node.Output.Height), Over(node.Input.Width, node.Output.Width)]));
                break;
            case AveragePool2d pool:
                graph.Node("AveragePool", [], OnnxGraph.Attribute("kernel_shape", [pool.Window, pool.Window]), OnnxGraph.Attribute("strides", [pool.Stride, pool.Stride]),
                    OnnxGraph.Attribute("pads", [pool.Padding, pool.Padding, pool.Padding, pool.Padding]), OnnxGraph.Attribute("count_include_pad", 1));
                break;
            case GlobalAveragePool:
                graph.Node("GlobalAveragePool", []);
                break;
            case Flatten:
                graph.Flatten();
                break;
            case ActivationLayer activation:
                Append(graph, activation);
                break;
            case Residual:
                AppendSum(graph, node);
                break;
            case Dropout:
                // A trained model drops nothing.
                break;
            default:
                throw new ModelException($"{node.Layer.Kind}: this layer has no form in ONNX");
        }
    }

    private static void Append(OnnxGraph graph, ActivationLayer activation)
    {
        string input = graph.Current.Name;
        foreach (OperatorStep step in activation.Operators)
        {
            graph.Node(step.Operator,
                [.. step.ReadsInput ? [input] : (string[])[], .. step.Constants.Select(constant => graph.Constant(constant.Name, constant.Value))],
                step.Attribute is var (setting, number) ? [OnnxGraph.Attribute(setting, number)] : []);
        }
    }

    /// <summary>Body and shortcut, and their sum. Where one of the two is a vector and the other an image of one pixel, which have the same elements, both become vectors: ONNX would
    /// repeat each along the other.</summary>
    private static void AppendSum(OnnxGraph graph, LayerNode node)
    {
        (string Name, bool IsFlat) before = graph.Current;
        Append(graph, node.Shortcut);
        (string Name, bool IsFlat) shortcut = graph.Current;
        graph.Current = before;
        Append(graph, node.Body);
        graph.Layer = node.Name;
        if (shortcut.IsFlat && !graph.Current.IsFlat)
        {
            graph.Flatten();
        }
        else if (graph.Current.IsFlat && !shortcut.IsFlat)
        {
            (graph.Current, shortcut) = (shortcut, graph.Current);
            graph.Flatten();
        }
        graph.Node("Add", [shortcut.Name]);
    }

    private static string[] Parameters(OnnxGraph graph, LayerNode node) => [.. node.Parameters.Select(each => graph.Parameter(each.Name))];
}
