using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>A piece of a network that runs: one layer, or several that are fused into fewer operations.</summary>
/// <remarks>Nodes are chained: a node reads the output of the one before and writes that one's output gradient. Nodes that work in place share both with the one before.</remarks>
internal abstract class Node : IDisposable
{
    private readonly NodeMemory memory;
    private DeviceBuffer<float>? output, gradOutput;

    protected Node(NodeContext context)
    {
        memory = context.Memory;
        Layer = context.Layer.Index;
        (Input, GradInput) = (context.Before.Values, context.Before.Gradient);
    }

    protected Device Device => memory.Device!;

    /// <summary>The number of the layer that the node runs, or of the first that are fused in it, counted from 0 through the model.</summary>
    public int Layer { get; }

    /// <summary>The output of the node before.</summary>
    protected ArrayView<float> Input { get; }

    /// <summary>Where the gradient of the input goes; empty in front of the first node, and where nothing is trained.</summary>
    public ArrayView<float> GradInput { get; }

    /// <summary>What it gives, as the next node gets it.</summary>
    public NodeOutput Result { get; private set; }

    /// <summary>[batch, ...], NHWC.</summary>
    public ArrayView<float> Output => Result.Values;

    /// <summary>The gradient of the output; empty where nothing is trained.</summary>
    public ArrayView<float> GradOutput => Result.Gradient;

    /// <summary>Whether later nodes may overwrite this output in place.</summary>
    public virtual bool IsOutputFree => true;

    public abstract void Forward(in Pass pass);

    /// <summary>Runs forward and tells where the output lies, which the next node may overwrite; of nodes within this one, each by itself.</summary>
    public virtual void Forward(in Pass pass, Action<int, ArrayView<float>> visit)
    {
        Forward(pass);
        visit(Layer, Output);
    }

    public abstract void Backward(in Pass pass);

    public virtual void Dispose()
    {
        output?.Dispose();
        gradOutput?.Dispose();
    }

    /// <summary>Gives the node its own output.</summary>
    /// <param name="context">What the node is built from.</param>
    /// <param name="count">Elements for one image.</param>
    /// <param name="use">What its backward pass needs of the output.</param>
    protected void AllocateOutput(NodeContext context, int count, OutputUse use = OutputUse.None)
    {
        output = memory.Allocate<float>(context.OutputOwner, (long)context.MaxBatch * count);
        gradOutput = context.Training ? memory.Allocate<float>(context.OutputOwner, (long)context.MaxBatch * count) : null;
        Result = new NodeOutput(NodeMemory.ViewOf(output), NodeMemory.ViewOf(gradOutput), context.Training, use);
    }

    /// <summary>Lets the node give this: its input where it works in place, or what a node within it gives.</summary>
    protected void Share(NodeOutput shared) => Result = shared;
}

/// <summary>What a node gives and the next gets.</summary>
/// <param name="Values">[batch, ...], NHWC; empty where memory is only counted.</param>
/// <param name="Gradient">The gradient of the values; empty where there is none.</param>
/// <param name="HasGradient">Whether somebody wants the gradient: nobody does that of the images.</param>
/// <param name="Use">What of the values a backward pass still needs, so that later nodes may not overwrite it.</param>
internal readonly record struct NodeOutput(ArrayView<float> Values, ArrayView<float> Gradient, bool HasGradient, OutputUse Use = OutputUse.None);

/// <summary>What a node is built from.</summary>
/// <param name="Layer">The layer, the first of those that are fused.</param>
/// <param name="Before">What the node before gives.</param>
/// <param name="Chain">Builds the nodes of layers within this one.</param>
internal sealed record NodeContext(NodeMemory Memory, ParameterArena Arena, int MaxBatch, bool Training, LayerNode Layer, NodeOutput Before,
    Func<IReadOnlyList<LayerNode>, NodeOutput, IReadOnlyList<Node>> Chain)
{
    /// <summary>The shape of what the node gets.</summary>
    public TensorShape InputShape { get; init; } = Layer.Input;

    /// <summary>The layer that the output's memory is counted for.</summary>
    public LayerNode OutputOwner { get; init; } = Layer;
}
