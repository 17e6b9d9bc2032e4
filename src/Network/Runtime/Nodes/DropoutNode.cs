using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>Dropout, while training only; in place, unless the node before needs the values that it gave.</summary>
/// <remarks>A ReLU before it still tells open units by their outputs: those it set to zero get no gradient either way.</remarks>
internal sealed class DropoutNode : Node
{
    private readonly double rate;
    private readonly int count;
    private readonly uint layerIndex;
    private readonly bool copies;

    public DropoutNode(Dropout layer, NodeContext context) : base(context)
    {
        rate = layer.Rate;
        count = context.InputShape.Count;
        layerIndex = (uint)context.Layer.Index;
        copies = context.Before.Use == OutputUse.Values;
        if (copies)
        {
            AllocateOutput(context, count);
        }
        else
        {
            Share(context.Before);
        }
    }

    public override bool IsOutputFree => false;

    public override void Forward(in Pass pass)
    {
        if (copies)
        {
            Copy.Run(Device, Input, Output, pass.Batch * count);
        }
        if (pass.DropoutSeed is { } seed)
        {
            Kernels.Dropout.Run(Device, Output, pass.Batch * count, rate, seed, pass.Step, layerIndex);
        }
    }

    public override void Backward(in Pass pass)
    {
        if (pass.DropoutSeed is { } seed && GradOutput.Length > 0)
        {
            Kernels.Dropout.Run(Device, GradOutput, pass.Batch * count, rate, seed, pass.Step, layerIndex);
        }
        if (copies && GradInput.Length > 0)
        {
            Copy.Run(Device, GradOutput, GradInput, pass.Batch * count);
        }
    }
}
