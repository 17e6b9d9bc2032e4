using GpuCnn.Kernels;

namespace GpuCnn;

/// <summary>A ReLU of its own, in place: no node's backward pass needs what it gave before its ReLU.</summary>
internal sealed class ReluNode : Node
{
    private readonly int count;

    public ReluNode(NodeContext context) : base(context)
    {
        count = context.InputShape.Count;
        Share(context.Before);
    }

    public override bool IsOutputFree => false;

    public override void Forward(in Pass pass) => Activation.Run(Device, new ReluFunction(), Input, Output, pass.Batch * count);

    public override void Backward(in Pass pass)
    {
        if (GradOutput.Length > 0)
        {
            Activation.RunGradient(Device, new ReluFunction(), Output, GradOutput, GradInput, pass.Batch * count);
        }
    }
}
