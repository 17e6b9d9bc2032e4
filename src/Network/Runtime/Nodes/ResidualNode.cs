using GpuCnn.Kernels;
using ILGPU;

namespace GpuCnn;

/// <summary>A residual block: a chain of nodes, perhaps one beside it, and the sum of what they give; where ReLU follows, in one with the sum.</summary>
/// <remarks>The sum is added in place to what the body's last node gave, and the body and the sum share their gradient; a copy goes between where that node still needs the one
/// or changes the other. Both chains and the sum read the same input, so a node that would change it gets a copy too. The gradients of the two ways are added in their order.</remarks>
internal sealed class ResidualNode : Node
{
    private readonly Node[] body, shortcut;
    private readonly DeviceBuffer<float>? gradShortcut;
    private readonly int inputs, outputs;
    private readonly bool relu;

    public ResidualNode(NodeContext context, bool relu) : base(context)
    {
        this.relu = relu;
        LayerNode layer = context.Layer;
        (inputs, outputs) = (layer.Input.Count, layer.Output.Count);
        bool hasShortcut = layer.Shortcut.Count > 0, wantsGradient = context.Before.HasGradient;
        gradShortcut = hasShortcut && wantsGradient ? context.Memory.Allocate<float>(layer, (long)context.MaxBatch * inputs) : null;
        body = Chain(layer.Body, context);
        shortcut = hasShortcut ? Chain(layer.Shortcut, context with { Before = context.Before with { Gradient = NodeMemory.ViewOf(gradShortcut) } }) : [];
        if (!body[^1].IsOutputFree)
        {
            body = [.. body, new CopyNode(context with { InputShape = layer.Output, Before = body[^1].Result })];
        }
        Share(body[^1].Result with { Use = relu ? OutputUse.Sign : OutputUse.None });
    }

    public override bool IsOutputFree => !relu;

    public override void Forward(in Pass pass)
    {
        foreach (Node node in body)
        {
            node.Forward(pass);
        }
        foreach (Node node in shortcut)
        {
            node.Forward(pass);
        }
        AddUp(pass);
    }

    public override void Forward(in Pass pass, Action<int, ArrayView<float>> visit)
    {
        foreach (Node node in body.Concat(shortcut))
        {
            if (node is CopyNode)
            {
                node.Forward(pass);
            }
            else
            {
                node.Forward(pass, visit);
            }
        }
        AddUp(pass);
        visit(Layer, Output);
    }

    public override void Backward(in Pass pass)
    {
        if (relu)
        {
            Activation.RunGradient(Device, new ReluFunction(), Output, GradOutput, GradOutput, pass.Batch * outputs);
        }
        for (int i = body.Length - 1; i >= 0; i--)
        {
            body[i].Backward(pass);
        }
        if (shortcut.Length > 0)
        {
            Copy.Run(Device, GradOutput, shortcut[^1].GradOutput, pass.Batch * outputs);
            for (int i = shortcut.Length - 1; i >= 0; i--)
            {
                shortcut[i].Backward(pass);
            }
        }
        if (GradInput.Length > 0)
        {
            Add.Run(Device, GradInput, gradShortcut?.View ?? GradOutput, GradInput, pass.Batch * inputs);
        }
    }

    public override void Dispose()
    {
        foreach (Node node in body.Concat(shortcut))
        {
            node.Dispose();
        }
        gradShortcut?.Dispose();
        base.Dispose();
    }

    /// <summary>A chain that begins with a node which would change its input gets a copy of it.</summary>
    private static Node[] Chain(IReadOnlyList<LayerNode> layers, NodeContext context)
    {
        if (!layers[0].Layer.WorksInPlace)
        {
            return [.. context.Chain(layers, context.Before)];
        }
        var copy = new CopyNode(context);
        return [copy, .. context.Chain(layers, copy.Result)];
    }

    private void AddUp(in Pass pass) => Add.Run(Device, Output, shortcut.Length > 0 ? shortcut[^1].Output : Input, Output, pass.Batch * outputs, relu);
}
