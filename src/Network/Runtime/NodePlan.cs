using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>Turns a model's layers into nodes, fusing neighbours that one operation can do.</summary>
internal sealed class NodePlan
{
    private readonly NodeMemory memory;
    private readonly ParameterArena arena;
    private readonly int maxBatch;
    private readonly bool training, fuse;

    private NodePlan(NodeMemory memory, ParameterArena arena, int maxBatch, bool training, bool fuse) =>
        (this.memory, this.arena, this.maxBatch, this.training, this.fuse) = (memory, arena, maxBatch, training, fuse);

    /// <summary>Builds the nodes; the caller disposes them.</summary>
    /// <param name="input">Where the images lie, [maxBatch, height, width, channels].</param>
    public static Node[] Build(ModelDefinition model, NodeMemory memory, ParameterArena arena, int maxBatch, bool training, bool fuse, ArrayView<float> input) =>
        [.. new NodePlan(memory, arena, maxBatch, training, fuse).Chain(model.Chain, new NodeOutput(input, ArrayView<float>.Empty, HasGradient: false))];

    private List<Node> Chain(IReadOnlyList<LayerNode> layers, NodeOutput before)
    {
        var nodes = new List<Node>();
        try
        {
            for (int i = 0; i < layers.Count; i++)
            {
                int fused = fuse ? FusedAfter(layers, i) : 0;
                if (Create(layers, i, fused, before) is { } node)
                {
                    nodes.Add(node);
                    before = node.Result;
                }
                i += fused;
            }
        }
        catch
        {
            nodes.ForEach(node => node.Dispose());
            throw;
        }
        return nodes;
    }

    /// <summary>The node of a layer; null where there is nothing to do.</summary>
    private Node? Create(IReadOnlyList<LayerNode> layers, int index, int fused, NodeOutput before)
    {
        var context = new NodeContext(memory, arena, maxBatch, training, layers[index], before, Chain);
        bool relu = fused > 0;
        return layers[index].Layer switch
        {
            Conv2d conv => new Conv2dNode(conv, context with { OutputOwner = layers[index + fused] }, pooled: fused > 0, normalized: Next(layers, index, 1) is BatchNorm),
            Dense dense => new DenseNode(dense, context, relu, relu ? Next(layers, index, 2) as Dropout : null),
            BatchNorm norm => new BatchNormNode(norm, context, relu),
            Residual => new ResidualNode(context, relu),
            MaxPool2d pool => new MaxPool2dNode(pool, context),
            AveragePool2d pool => new AveragePool2dNode(pool.Shape(context.InputShape), context),
            GlobalAveragePool => new AveragePool2dNode(GlobalAveragePool.Shape(context.InputShape), context),
            Dropout dropout => new DropoutNode(dropout, context),
            ActivationLayer activation => activation.Accept(new ActivationNodes(context)),
            // The memory is a vector already, and the first dense layer's parameters are kept in the order of that memory.
            Flatten => null,
            var other => throw new ModelException($"{other.Kind}: no node runs this layer"),
        };
    }

    /// <summary>How many layers behind one are done in the same operation.</summary>
    private static int FusedAfter(IReadOnlyList<LayerNode> layers, int index) => (layers[index].Layer, Next(layers, index, 1), Next(layers, index, 2)) switch
    {
        (Conv2d, Relu, MaxPool2d pool) when CanFuse(layers[index].Output, pool) => 2,
        (Dense, Relu, Dropout) => 2,
        (Dense or BatchNorm or Residual, Relu, _) => 1,
        _ => 0,
    };

    /// <summary>The fused operation pools 2 x 2 side by side and drops an odd last row or column.</summary>
    private static bool CanFuse(TensorShape convolved, MaxPool2d pool)
    {
        bool even = convolved.Height % 2 == 0 && convolved.Width % 2 == 0;
        return pool is { Window: 2, Stride: 2, Padding: 0 } && (!pool.CeilMode || even) && convolved.Height >= 2 && convolved.Width >= 2;
    }

    private readonly struct ActivationNodes(NodeContext context) : IActivationVisitor<Node>
    {
        public Node Visit<TFunction>(TFunction function) where TFunction : unmanaged, IActivation => new ActivationNode<TFunction>(function, context);
    }

    private static Layer? Next(IReadOnlyList<LayerNode> layers, int index, int steps) => index + steps < layers.Count ? layers[index + steps].Layer : null;
}
